"""Passwords and keys while calls go wrong at each step, over the strict fake: what is collected is what IAM has."""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from app.delivery.due import due
from app.domain.belongings import AccessKey, Belongings
from app.domain.credentials import Handed, SecretKind, SeenCredentials
from app.domain.password_policy import PasswordPolicy
from app.models import Secret, columns
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support.fake_iam import BOUNDARY_ARN, Account, Died, FakeIam, Fault
from tests.support.fake_users import Key, Login
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam
from tests.test_secrets import ASK, SECRETS, collect, waiting, wish

ENABLE, RESET, DISABLE = "console.enable", "console.reset", "console.disable"
CREATE, DELETE = "access_key.create", "access_key.delete"
OLD = "AKIAOLDOLDOLDOLDOLD1"
READS = {ENABLE: 6, RESET: 6, CREATE: 5}
"""The readings of one try: user, boundary, belongings, the policy for passwords; then user and belongings again."""


@dataclass
class Place:
    """A lab whose work is done here, on the fake."""

    lab: Lab
    iam: FakeIam

    @property
    def bob(self) -> Account:
        return self.iam.users["bob"]

    def ask(self, kind: str, **change: str) -> str:
        asked = self.lab.post("bob", ASK, wish(kind, change), expect=201)
        if asked["decision"] == "pending":
            self.lab.approve("alice", asked["id"])
        return str(asked["id"])

    def row(self, request_id: str) -> Any:
        return self.lab.get("pi", f"{ASK}/{request_id}")

    def work(self, request_id: str, until: str = "applied") -> Any:
        """Work, dying and starting again, until the request is where it should be."""
        deadline = time.monotonic() + 60
        while (row := self.row(request_id))["provisioning"] != until:
            assert time.monotonic() < deadline, row
            self.once()
        return row

    def once(self) -> None:
        """A process that does what is due, until it dies of it."""
        database = self.lab.running.database
        reconcile = Reconciler(database, lambda _account: self.iam, Backoff(first=0.001, longest=0.001))
        with database.read() as tx:
            batch = due(tx)
        for one in batch:
            try:
                reconcile(one)
            except Died:
                return

    def done(self, kind: str, **change: str) -> Any:
        return self.work(self.ask(kind, **change))


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture
def place(lab: Lab) -> Iterator[Place]:
    iam = FakeIam()
    boundary = boto_iam(lab).policy(BOUNDARY_ARN)
    assert boundary is not None
    iam.policies[BOUNDARY_ARN] = boundary  # as it was when the lab was set up
    iam.users["bob"] = Account()
    yield Place(lab, iam)
    secret = columns(Secret)
    with lab.running.database.write() as tx:  # the next test finds nothing waiting and nothing made lately
        tx.session.execute(sa.delete(secret))


def prepared(place: Place, kind: str) -> dict[str, str]:
    """What has to be there for this kind, past Gatehouse; the kind's change."""
    if kind in {RESET, DISABLE}:
        place.bob.login = Login("somebody-Else-s-1")
    if kind in {CREATE, DELETE}:
        place.bob.keys[OLD] = Key("somebody else's", created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return {"key_id": OLD} if kind == DELETE else {}


def holds(place: Place, kind: str) -> None:
    """IAM is as it was asked for, and what is collected opens it."""
    if kind in {ENABLE, RESET}:
        assert len(waiting(place.lab)) == 1
        assert place.bob.login == Login(collect(place.lab)["password"], must_change=True)
    elif kind == CREATE:
        assert len(waiting(place.lab)) == 1
        key = collect(place.lab)
        assert sorted(place.bob.keys) == sorted([OLD, key["access_key_id"]]), "nobody's key is left, and none lost"
        assert place.bob.keys[key["access_key_id"]].secret == key["secret_access_key"]
    else:
        assert waiting(place.lab) == []
        assert place.bob.login is None
        assert place.bob.keys == {}


@pytest.mark.parametrize("kind", [ENABLE, RESET, DISABLE, CREATE, DELETE])
@pytest.mark.parametrize(
    "faults",
    [
        [Fault.BUSY],
        [Fault.DROPPED],
        [Fault.CRASH],
        [Fault.CRASH_AFTER],
        [Fault.CRASH_AFTER, Fault.CRASH_AFTER],
        [Fault.DROPPED, Fault.BUSY, Fault.CRASH_AFTER],
    ],
    ids=lambda faults: "-".join(fault.value for fault in faults),
)
def test_a_call_goes_wrong(place: Place, kind: str, faults: list[Fault]) -> None:
    request_id = place.ask(kind, **prepared(place, kind))
    place.iam.faults.extend(faults)
    place.work(request_id)
    if kind in {ENABLE, RESET, CREATE}:  # taking away is done with the first call that arrives
        assert not place.iam.faults, "each was met"
    holds(place, kind)


@pytest.mark.parametrize("kind", [ENABLE, CREATE, DISABLE, DELETE])
def test_a_call_that_was_only_said_to_be_done_is_made_again(place: Place, kind: str) -> None:
    """Not a reset: no reading shows which password there is."""
    request_id = place.ask(kind, **prepared(place, kind))
    place.iam.faults.append(Fault.LOST)
    place.work(request_id)
    holds(place, kind)


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.CRASH, Fault.DROPPED])
@pytest.mark.parametrize(("kind", "position"), [(kind, n) for kind, reads in READS.items() for n in range(reads)])
def test_a_reading_goes_wrong(place: Place, kind: str, fault: Fault, position: int) -> None:
    request_id = place.ask(kind, **prepared(place, kind))
    place.iam.read_faults.extend([Fault.NONE] * position + [fault])
    place.work(request_id)
    assert not place.iam.read_faults, "it was met"
    holds(place, kind)


@pytest.mark.parametrize("kind", [ENABLE, RESET, CREATE])
def test_rule_19_what_is_refused_leaves_nothing_behind(place: Place, kind: str) -> None:
    before = prepared(place, kind), place.bob.belongings()
    request_id = place.ask(kind)
    place.iam.faults.append(Fault.REFUSED)
    row = place.work(request_id, "failed")
    assert row["failure"]["code"] == "access_denied"
    assert place.bob.belongings() == before[1]
    assert waiting(place.lab) == []


@pytest.mark.parametrize(("kind", "left"), [(ENABLE, 0), (CREATE, 1)])
def test_rule_19_what_was_begun_is_taken_back(place: Place, kind: str, left: int) -> None:
    prepared(place, kind)
    request_id = place.ask(kind)
    place.iam.faults.extend([Fault.CRASH_AFTER, Fault.REFUSED])
    place.work(request_id, "failed")
    assert place.bob.login is None
    assert len(place.bob.keys) == left
    assert waiting(place.lab) == []
    place.lab.post("pi", f"{ASK}/{request_id}/retry")
    place.work(request_id)
    holds(place, kind)


@pytest.mark.parametrize("kind", [ENABLE, RESET, CREATE])
def test_rule_28_on_aws_nobody_without_a_boundary_gets_a_login_or_a_key(place: Place, kind: str) -> None:
    prepared(place, kind)
    place.bob.boundary = None
    assert place.work(place.ask(kind), "failed")["failure"]["code"] == "guardrails_missing"
    assert place.iam.calls == []


def test_a_third_key_is_refused_before_any_call(place: Place) -> None:
    place.bob.keys |= {OLD: Key("one"), "AKIAOLDOLDOLDOLDOLD2": Key("two")}
    assert place.work(place.ask(CREATE), "failed")["failure"]["code"] == "limit_exceeded"
    assert place.iam.calls == []


@pytest.mark.parametrize(("asks_for", "length"), [(None, 20), (14, 20), (40, 40), (128, 128)])
def test_a_password_does_for_the_accounts_policy(place: Place, asks_for: int | None, length: int) -> None:
    place.iam.account_policy = None if asks_for is None else PasswordPolicy(minimum_length=asks_for)
    place.done(ENABLE)
    assert place.bob.login is not None
    password = place.bob.login.password
    assert len(password) == length
    for kind in (str.isupper, str.islower, str.isdigit, lambda c: not c.isalnum()):
        assert any(kind(c) for c in password)
    holds(place, ENABLE)


def test_nothing_can_be_collected_before_iam_shows_it(place: Place) -> None:
    request_id = place.ask(ENABLE)
    place.iam.read_faults.extend([*[Fault.NONE] * 4, Fault.CRASH])
    place.once()
    assert place.bob.login is not None
    assert waiting(place.lab) == []
    with place.lab.running.database.read() as tx:
        (secret_id,) = tx.session.execute(sa.select(columns(Secret).c.id)).scalars()
    assert place.lab.call("bob", "POST", f"{SECRETS}/{secret_id}/collect").status_code == 404
    place.work(request_id)
    holds(place, ENABLE)


def test_what_was_made_a_moment_ago_is_not_gone_because_it_is_not_shown(place: Place) -> None:
    place.done(ENABLE)
    kept, place.bob.login = place.bob.login, None  # as if one of IAM's copies were behind
    request_id = place.ask(DISABLE)
    for _ in range(3):
        place.once()
    assert place.row(request_id)["provisioning"] == "queued"
    place.bob.login = kept
    place.work(request_id)
    holds(place, DISABLE)


def test_only_a_key_of_this_request_is_taken_for_lost() -> None:
    began = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
    ages = {"BEFORE": began - dt.timedelta(days=1), "LISTED": began, "HELD": began, "LOST": began}
    has = Belongings(keys=tuple(AccessKey(key, active=True, created=created) for key, created in ages.items()))
    handed = {SecretKind.ACCESS_KEY: Handed(began, key_id="HELD", keys_before=frozenset({"LISTED"}))}
    assert [key.id for key in SeenCredentials(has=has, handed=handed).lost] == ["LOST"]
    assert SeenCredentials(has=has).lost == ()


def test_no_secret_that_was_ever_made_is_stored_in_clear(place: Place) -> None:
    prepared(place, CREATE)
    for kind in (ENABLE, CREATE):
        request_id = place.ask(kind)
        place.iam.faults.append(Fault.CRASH_AFTER)
        place.work(request_id)
    assert len(place.iam.secrets) == 4
    with place.lab.running.database.read() as tx:
        stored = repr(tx.session.execute(sa.select(columns(Secret))).all())
    events = place.lab.call("pi", "GET", "/v1/audit-events?limit=200").text
    requests = place.lab.call("pi", "GET", f"{ASK}?limit=200").text
    for secret in place.iam.secrets:
        for place_of_it in (stored, events, requests):
            assert secret not in place_of_it
