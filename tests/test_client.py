"""The Python client against a running Gatehouse, also over a line that loses things."""

import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import gatehouse_client as gh
import pytest
from gatehouse_client import durations
from gatehouse_client.generated.api.audit import list_audit_events
from gatehouse_client.generated.api.tokens import create_token, delete_token, list_tokens
from gatehouse_client.secrets import Seed

from tests.conftest import Databases
from tests.support.between import HANG_UP, LOSE, Between, Say, between
from tests.support.lab import Lab
from tests.support.odd_server import DRIPPING, odd_server


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite") as lab:
        yield lab


class Pauses:
    """A sleep that takes no time, and is remembered."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def patience(self, tries: int = 5) -> gh.Patience:
        return gh.Patience(tries=tries, sleep=self.seconds.append, chance=lambda: 1.0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def line(shared: Lab) -> Iterator[Between]:
    with between(shared.url) as found:
        yield found


def person(lab: Lab, name: str) -> gh.Gatehouse:
    return gh.Gatehouse(lab.url, lab.tokens[name])


def test_asking_waiting_and_giving_back(shared: Lab) -> None:
    with person(shared, "bob") as bob, person(shared, "alice") as alice:
        assert bob.who_am_i().name == "bob"
        asked = bob.join("LabGuest", reason="S3 for a day", duration=timedelta(days=1))
        assert (asked.decision, asked.duration) == ("pending", "P1D")
        assert asked.id in [waiting.id for waiting in alice.requests(to_approve=True)]
        later = threading.Timer(0.2, alice.approve, args=(asked.id,), kwargs={"comment": "fine"})
        later.start()
        assert bob.wait_until_decided(asked, timeout=60).decision == "approved"
        applied = bob.wait_until_applied(asked.id, timeout=timedelta(seconds=60))
        later.join()
        assert shared.groups_in_iam("bob") == ["LabGuest"]
        grant = bob.grant(applied.grant_id or "")
        assert [held.id for held in bob.grants(state="active")] == [grant.id]
        with pytest.raises(gh.AlreadyHasAccess):
            bob.join("LabGuest", reason="again", duration="P1D")
        bob.revoke(grant.id, reason="done")
        shared.grant_until(grant.id, "revoked")
    assert shared.groups_in_iam("bob") == []


def test_what_will_not_come_true_is_told_apart(shared: Lab) -> None:
    with person(shared, "bob") as bob, person(shared, "alice") as alice:
        asked = bob.join("LabUser", reason="EC2", duration="PT1H")
        with pytest.raises(gh.StillWaiting, match="pending") as waited:
            bob.wait_until_applied(asked, timeout=0.1)
        assert waited.value.request.id == asked.id
        with pytest.raises(gh.NotAllowed) as own:
            bob.approve(asked.id)
        assert (own.value.status, own.value.code) == (403, "own_request")
        assert own.value.request_id
        with pytest.raises(gh.AlreadyPending) as twice:
            bob.join("LabUser", reason="EC2", duration="PT1H")
        assert twice.value.other == asked.id
        alice.deny(asked.id, comment="ask for a notebook instead")
        assert bob.wait_until_decided(asked, timeout=60).decision == "denied"
        with pytest.raises(gh.Refused, match="ask for a notebook instead"):
            bob.wait_until_applied(asked, timeout=60)
        with pytest.raises(gh.NotFound):
            bob.request("0199-none")
        with pytest.raises(gh.Invalid) as wrong:
            bob.join("LabUser", reason=" ", duration="P1Y")
        assert {tuple(error["loc"])[-1] for error in wrong.value.errors} == {"reason", "duration"}


def test_pages_are_followed(shared: Lab) -> None:
    with person(shared, "pi") as pi:
        events = [event.id for event in pi.every(list_audit_events.sync_detailed, limit=7)]
        assert len(events) > 20
        assert len(set(events)) == len(events)


def test_a_lost_answer_is_given_again_and_nothing_is_done_twice(shared: Lab, line: Between, pauses: Pauses) -> None:
    line.script = [Say(503, {"Retry-After": "3"}), LOSE, HANG_UP]
    with gh.Gatehouse(line.url, shared.tokens["bob"], patience=pauses.patience()) as bob:
        asked = bob.join("LabUser", reason="over a bad line", duration="PT2H")
        assert len(line.keys()) == 4
        assert len(set(line.keys())) == 1
        assert [request.id for request in bob.requests(mine=True, decision="pending")] == [asked.id]
        bob.cancel(asked.id)
    assert pauses.seconds == [3.25, 1.0, 2.0]
    assert line.keys()[-1] not in {None, line.keys()[0]}


def test_one_key_of_ones_own_keeps_from_asking_twice(shared: Lab) -> None:
    with person(shared, "bob") as bob:
        first = bob.join("LabUser", reason="nightly", duration="PT2H", key="night-1")
        assert bob.join("LabUser", reason="nightly", duration="PT2H", key="night-1").id == first.id
        bob.cancel(first.id)


def test_trying_again_ends(shared: Lab, line: Between, pauses: Pauses) -> None:
    with gh.Gatehouse(line.url, shared.tokens["bob"], patience=pauses.patience(3)) as bob:
        line.script = [Say(502, body=b"<html>")] * 3
        with pytest.raises(gh.Unavailable, match="502"):
            bob.who_am_i()
        line.script = [Say(429, {"Retry-After": "3600"}, b'{"code": "too_many", "detail": "slowly"}')]
        with pytest.raises(gh.TooMany, match="slowly"):
            bob.who_am_i()
        later = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
        line.script = [Say(503, {"Retry-After": later})]
        with pytest.raises(gh.Unavailable):
            bob.who_am_i()
        line.script = [HANG_UP] * 3
        with pytest.raises(gh.Unreachable, match="tried 3 times"):
            bob.who_am_i()
    assert len(line.seen) == 8


def test_a_call_without_a_key_that_may_have_been_taken_is_not_repeated(
    shared: Lab, line: Between, pauses: Pauses
) -> None:
    with gh.Gatehouse(line.url, shared.tokens["bob"], patience=pauses.patience()) as bob:
        body = gh.models.TokenBody(name="spare", scopes=[gh.models.Scope.REQUESTSREAD], expires_in="P1D")
        made = bob.call(create_token.sync_detailed, body=body)
        line.script = [LOSE]
        with pytest.raises(gh.Unreachable):
            bob.call(delete_token.sync_detailed, made.id)
        assert [call[0] for call in line.seen] == ["POST", "DELETE"]
        line.script = [Say(429)]
        with pytest.raises(gh.NotFound):
            bob.call(delete_token.sync_detailed, made.id)
        assert "spare" not in [token.name for token in bob.every(list_tokens.sync_detailed)]


def test_an_answer_with_a_secret_that_was_lost_is_not_given_again(shared: Lab, line: Between, pauses: Pauses) -> None:
    line.script = [LOSE]
    with gh.Gatehouse(line.url, shared.tokens["bob"], patience=pauses.patience()) as bob:
        body = gh.models.TokenBody(name="lost", scopes=[gh.models.Scope.REQUESTSREAD], expires_in="P1D")
        with pytest.raises(gh.AlreadyDelivered):
            bob.call(create_token.sync_detailed, body=body)


def test_what_is_not_gatehouse_is_said(shared: Lab, line: Between, pauses: Pauses) -> None:
    with gh.Gatehouse(line.url, shared.tokens["bob"], patience=pauses.patience()) as bob:
        for answer in (
            Say(200, {"Content-Type": "text/html"}, b"<h1>Sign in to the Wi-Fi</h1>"),
            Say(200, {"Content-Type": "application/json"}, b'{"name": "bob"}'),
            Say(200, {"Content-Type": "application/json"}, b"{"),
            Say(200, {"Content-Type": "application/json"}, b"null"),
            Say(200, {"Content-Type": "application/json"}, b"[" * 100_000),
            Say(204, body=b""),
            Say(200, {"Content-Type": "application/json"}, b" " * (33 << 20)),
        ):
            line.script = [answer]
            with pytest.raises(gh.Unreachable):
                bob.who_am_i()
        line.script = [Say(200, {"Content-Type": "application/json"}, b'{"items": null, "next_cursor": null}')]
        with pytest.raises(gh.Unreachable, match="as this client knows"):
            list(bob.secrets())
        line.script = [Say(403, body=b"[" * 100_000)]
        with pytest.raises(gh.NotAllowed, match="403"):
            bob.who_am_i()
        with pytest.raises(TypeError, match="nonsense"):  # how it was called is not Gatehouse's answer
            bob.call(list_tokens.sync_detailed, nonsense=1)
        line.script = [Say(302, {"Location": shared.url})]
        with pytest.raises(gh.Problem, match="302"):
            bob.who_am_i()


def test_an_answer_whose_end_does_not_come_is_not_waited_for() -> None:
    with odd_server() as odd:
        odd.answers = [(200, DRIPPING)]
        slow = gh.Gatehouse(odd.url, "gh_pat_x", timeout=0.4, patience=gh.Patience(tries=1))
        with slow, pytest.raises(gh.Unreachable, match="ReadTimeout"):
            list(slow.secrets())
        with gh.Gatehouse(odd.url, "gh_pat_x", timeout=60) as patient:
            assert list(patient.secrets()) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://gatehouse.lab.example",
        "http://127.0.0.1.lab.example",
        "ftp://127.0.0.1",
        "",
        "https://",
        "https://a:b@c",
        "https://a:99999999",
        "https://[",
        "http://127.0.0.1:8000\r",
        "https://lab.example/?x=1",
    ],
)
def test_the_token_never_goes_over_an_open_line(url: str) -> None:
    with pytest.raises(gh.SettingsError):
        gh.Gatehouse(url, "gh_pat_x")


def test_address_and_token_come_from_the_environment(shared: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(gh.SettingsError):
        gh.Gatehouse()
    monkeypatch.setenv("GATEHOUSE_URL", shared.url + "/")
    with pytest.raises(gh.SettingsError, match="token"):
        gh.Gatehouse()
    monkeypatch.setenv("GATEHOUSE_TOKEN", shared.tokens["bob"])
    with gh.Gatehouse() as bob:
        assert bob.who_am_i().name == "bob"


def test_the_token_is_in_no_repr_and_no_exception(shared: Lab, line: Between, pauses: Pauses) -> None:
    token = shared.tokens["bob"]
    with gh.Gatehouse(line.url, token, patience=pauses.patience()) as bob:
        assert repr(bob) == f"Gatehouse('{line.url}')"
        shown = [repr(value) for value in vars(bob).values()]
        line.script = [HANG_UP] * 5
        for what in (bob.who_am_i, lambda: bob.approve("none"), lambda: bob.request("none")):
            with pytest.raises(gh.GatehouseError) as found:
                what()
            assert found.value.__context__ is None
            shown.append("".join(traceback.format_exception(found.value)))
    with pytest.raises(gh.NotAuthenticated) as refused, gh.Gatehouse(line.url, token[:-1]) as nobody:
        nobody.who_am_i()
    shown.append(repr(refused.value))
    assert token[:-1] not in "".join(shown)
    assert "seed" not in repr(Seed("arn:mfa", "seed", "seed"))


def test_it_stands_alone() -> None:
    """It is installed where Gatehouse is not."""
    found = "import sys, gatehouse_client; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, timeout=120, check=True)
    assert {"attrs", "httpx"} <= set(ran.stdout.split())
    assert {"app", "boto3", "fastapi", "pydantic", "structlog"} & set(ran.stdout.split()) == set()


def test_durations() -> None:
    assert durations.iso(timedelta(days=1, hours=2, seconds=3)) == "P1DT2H3S"
    assert durations.iso(timedelta(minutes=90)) == "PT1H30M"
    assert durations.iso("P7D") == "P7D"
    for wrong in (timedelta(0), timedelta(seconds=1.5), timedelta(days=-1)):
        with pytest.raises(ValueError, match="whole number"):
            durations.iso(wrong)
