"""The contract of the IAM port, held together: every behaviour is tested, every deviation is declared and written."""

import importlib
from typing import Any

import pytest

from app.clients import aws
from app.clients.iam import WRITES, Iam
from app.clients.unusable import UnusableIam
from app.domain.plans import Operation
from tests.support import deviations
from tests.support.behaviours import BEHAVIOURS
from tests.support.iam_ports import BACKENDS

MODULES = (
    "account",
    "belongings",
    "credentials",
    "devices",
    "group_ends",
    "groups",
    "keys",
    "members",
    "monitoring",
    "policies",
    "trail",
    "users",
)
for module in MODULES:
    importlib.import_module(f"tests.test_iam_port_{module}")  # fills TESTED, whichever tests were chosen

NO_ARGUMENTS = ("account", "group_names", "password_policy", "spare_devices")
REFUSALS = {"NoSuchEntity", "EntityAlreadyExists", "ValidationError"}


def test_every_behaviour_has_one_test() -> None:
    assert sorted(BEHAVIOURS) == sorted(deviations.TESTED)


def test_every_verb_and_action_is_covered_happy_and_refused() -> None:
    verbs = {name for name in vars(Iam) if not name.startswith("_") and callable(getattr(Iam, name))} - {"call"}
    for of in WRITES | verbs:
        answers = {b.aws for b in BEHAVIOURS.values() if b.of == of}
        refused = {a for a in answers if a == "None" or a.partition(",")[0] in REFUSALS}
        assert answers - refused, f"{of} has no happy case"
        assert refused or of in {"account", "group_names", "spare_devices", "trail"}, f"{of} has no refused case"


def test_only_what_is_known_can_deviate_and_only_from_what_aws_documents() -> None:
    for (backend, name), instead in deviations.DEVIATIONS.items():
        assert backend in BACKENDS
        assert instead != BEHAVIOURS[name].aws


def test_our_fake_is_as_strict_as_the_documents() -> None:
    assert [name for backend, name in deviations.DEVIATIONS if backend == "fake"] == ["lists_in_pages"]


@pytest.mark.parametrize(
    ("backend", "name", "seen", "complaint"),
    [
        ("fake", "add_twice", "EntityAlreadyExists", "If that is fake's doing"),
        ("moto", "add_beyond_quota", "LimitExceeded, 10 groups", "moto now does what AWS documents"),
        ("moto", "add_beyond_quota", "LimitExceeded, 11 groups", "moto deviates in another way now"),
    ],
)
def test_whatever_is_not_in_the_table_fails_loudly(backend: str, name: str, seen: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint) as caught:
        deviations.check(backend, name, seen)
    assert f"tests/support/deviations.py has to say so: {backend}, {name}" in str(caught.value)


@pytest.mark.parametrize(("backend", "name"), [("fake", "add_twice"), ("moto", "add_beyond_quota")])
def test_what_is_documented_or_declared_passes(backend: str, name: str) -> None:
    deviations.check(backend, name, deviations.DEVIATIONS.get((backend, name), BEHAVIOURS[name].aws))


def test_the_page_for_people_has_the_same_table() -> None:
    page = deviations.PAGE.read_text()
    assert page == deviations.written(page), "run python -m tests.support.deviations and read what changed"


@pytest.mark.parametrize(
    "verb",
    [
        "account",
        "belongings",
        "call",
        "devices",
        "group",
        "group_names",
        "key_used",
        "members",
        "password_policy",
        "policy",
        "spare_devices",
        "user",
    ],
)
def test_an_unusable_iam_says_why_at_every_verb(verb: str) -> None:
    why = aws.NeedsPerson("connect to iam", "ProfileNotFound", "there is no such profile")
    iam: Iam = UnusableIam(why)
    operation = Operation("iam", "AddUserToGroup", {}, "a test")
    arguments: dict[str, tuple[Any, ...]] = dict.fromkeys(NO_ARGUMENTS, ())
    arguments["call"] = (operation,)
    with pytest.raises(aws.NeedsPerson) as caught:
        getattr(iam, verb)(*arguments.get(verb, ("name",)))
    assert caught.value is why
