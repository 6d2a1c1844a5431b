"""Sixteen at once, on both databases: one outcome, and never a 5xx."""

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_lifecycle import new_group, newcomer, until, wish

MANY = 16
ASK = "/v1/access-requests"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database."""
    with databases.lab(request.param) as found:
        yield found


@pytest.fixture(scope="module")
def approvers(lab: Lab) -> list[str]:
    """Sixteen people who can approve in groups that name them."""
    return [newcomer(lab, "apr", iam=False) for _ in range(MANY)]


@pytest.fixture(scope="module")
def group(lab: Lab, approvers: list[str]) -> str:
    """A group that one of sixteen can approve."""
    return new_group(lab, approvers=approvers)


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """Make the calls at the same moment; none of them may be a 5xx."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], httpx.Response]) -> httpx.Response:
        gate.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(one, calls))
    assert [a.text for a in answers if a.status_code >= 500] == []
    return answers


def caller(lab: Lab, who: str | None, path: str, body: Any = None) -> Callable[[], httpx.Response]:
    return lambda: lab.call(who, "POST", path, body)


def codes(answers: Sequence[httpx.Response]) -> Counter[tuple[int, str | None]]:
    """How often each status came, with its code where it is a refusal."""
    return Counter((a.status_code, a.json().get("code") if a.status_code >= 400 else None) for a in answers)


def consistent(lab: Lab, request_id: str, name: str, group: str) -> Any:
    """Wait until a request has come to rest; what it, its grants and IAM say must be one story."""
    deadline = time.monotonic() + 60
    while True:
        row = lab.get("pi", f"{ASK}/{request_id}?wait=5&until=applied")
        grants = lab.get("pi", f"/v1/grants?user={name}&group={group}")["items"]
        if row["provisioning"] in {"none", "applied", "failed"} and row["decision"] != "pending":
            break
        assert time.monotonic() < deadline, row
    states = [g["state"] for g in grants if g["id"] in row["grant_ids"]]
    if row["provisioning"] == "applied":
        assert (row["decision"], states) == ("approved", ["active"])
        assert lab.groups_in_iam(name) == [group]
    else:
        assert set(states) <= {"revoked"}
        assert lab.groups_in_iam(name) == []
    return row


def test_sixteen_approvals_of_one_person_are_one_decision(lab: Lab, group: str, approvers: list[str]) -> None:
    name = newcomer(lab)
    asked = lab.ask(name, group)
    answers = at_once([caller(lab, approvers[0], f"{ASK}/{asked['id']}/approve")] * MANY)
    assert codes(answers) == {(200, None): MANY}
    row = consistent(lab, asked["id"], name, group)
    assert (row["provisioning"], len(row["decisions"]), len(row["grant_ids"])) == ("applied", 1, 1)
    assert len(lab.get("pi", f"/v1/grants?user={name}")["items"]) == 1


def test_of_sixteen_approvers_one_is_enough_and_the_others_are_told(lab: Lab, group: str, approvers: list[str]) -> None:
    name = newcomer(lab)
    asked = lab.ask(name, group)
    answers = at_once([caller(lab, who, f"{ASK}/{asked['id']}/approve") for who in approvers])
    assert codes(answers) == {(200, None): 1, (409, "not_pending"): MANY - 1}
    row = consistent(lab, asked["id"], name, group)
    assert (row["provisioning"], len(row["decisions"])) == ("applied", 1)


def test_of_sixteen_approvers_exactly_as_many_count_as_the_rule_asks_for(lab: Lab, approvers: list[str]) -> None:
    name = newcomer(lab)
    group = new_group(lab, approvers=approvers, required_approvals=10)
    asked = lab.ask(name, group)
    answers = at_once([caller(lab, who, f"{ASK}/{asked['id']}/approve") for who in approvers])
    assert codes(answers) == {(200, None): 10, (409, "not_pending"): MANY - 10}
    row = consistent(lab, asked["id"], name, group)
    assert (row["provisioning"], len({d["approver"] for d in row["decisions"]})) == ("applied", 10)


def test_approvals_against_denials_have_one_outcome(lab: Lab, group: str, approvers: list[str]) -> None:
    name = newcomer(lab)
    asked = lab.ask(name, group)
    path = f"{ASK}/{asked['id']}"
    yes = [caller(lab, who, f"{path}/approve") for who in approvers[::2]]
    no = [caller(lab, who, f"{path}/deny", {"comment": "no"}) for who in approvers[1::2]]
    answers = at_once([call for pair in zip(yes, no, strict=True) for call in pair])
    assert codes(answers) == {(200, None): 1, (409, "not_pending"): MANY - 1}
    row = consistent(lab, asked["id"], name, group)
    [decision] = row["decisions"]
    assert (row["decision"], row["provisioning"]) == {
        "approve": ("approved", "applied"),
        "deny": ("denied", "none"),
    }[decision["verdict"]]


def test_approvals_against_cancels_have_one_outcome(lab: Lab, group: str, approvers: list[str]) -> None:
    name = newcomer(lab)
    asked = lab.ask(name, group)
    path = f"{ASK}/{asked['id']}"
    yes = [caller(lab, who, f"{path}/approve") for who in approvers[::2]]
    away = [caller(lab, name, f"{path}/cancel")] * (MANY // 2)
    answers = at_once([call for pair in zip(yes, away, strict=True) for call in pair])
    approved = [a for a in answers[::2] if a.status_code == 200]
    cancelled = [a for a in answers[1::2] if a.status_code == 200]
    assert len(approved) <= 1
    assert len(cancelled) <= 1
    assert set(codes(answers)) <= {(200, None), (409, "not_pending"), (409, "already_begun"), (409, "not_possible_now")}
    row = consistent(lab, asked["id"], name, group)
    assert row["decision"] == ("cancelled" if cancelled else "approved")


def test_sixteen_identical_asks_are_one_request(lab: Lab) -> None:
    name = newcomer(lab)
    body = wish("group.join", {"group": "LabGuest"})
    answers = at_once([caller(lab, name, ASK, body)] * MANY)
    assert Counter(a.status_code for a in answers) == {201: 1, 409: MANY - 1}
    [first] = [a.json()["id"] for a in answers if a.status_code == 201]
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"already_pending", "changed_meanwhile"}
    assert {a.json()["access_request_id"] for a in answers if a.json().get("code") == "already_pending"} <= {first}
    assert [r["id"] for r in lab.get(name, f"{ASK}?mine=true")["items"]] == [first]


def test_sixteen_asks_with_one_idempotency_key_have_one_answer(lab: Lab) -> None:
    name = newcomer(lab)
    body = wish("group.join", {"group": "LabGuest"})
    headers = {"Idempotency-Key": f"race-{name}"}
    answers = at_once([lambda: lab.call(name, "POST", ASK, body, headers=headers)] * MANY)
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1


def sleep_until(moment: str, before: float) -> None:
    left = dt.datetime.fromisoformat(moment) - dt.datetime.now(dt.UTC)
    time.sleep(max(0.0, left.total_seconds() - before))


@pytest.mark.parametrize("before", [0.03, 0.0])
def test_revokes_against_the_end_take_it_away_once(lab: Lab, before: float) -> None:
    name = newcomer(lab)
    grant = lab.join(name, duration="PT1H")
    path = f"/v1/grants/{grant['id']}/revoke"
    sleep_until(lab.fall_due(grant["id"], after=1)["ends_at"], before)
    answers = at_once([caller(lab, who, path, {"reason": "now"}) for who in ("pi", "alice", name, "pi")] * 4)
    assert set(codes(answers)) <= {(202, None), (409, "grant_ended")}
    ended = lab.grant_until(grant["id"], "revoked")
    assert ended["end_reason"] in {"revoked", "expired"}
    assert lab.groups_in_iam(name) == []
    events = lab.get("pi", f"/v1/audit-events?event=grant.ended&subject={name}")["items"]
    assert len(events) == 1


@pytest.mark.parametrize("before", [0.05, 0.0])
def test_an_extension_against_the_end_either_holds_or_fails_and_iam_agrees(lab: Lab, before: float) -> None:
    name = newcomer(lab)
    grant = lab.join(name, duration="PT1H")
    body = {"duration": "PT2H", "reason": "more"}
    asked = lab.post(name, f"/v1/grants/{grant['id']}/extend", body, expect=201)
    sleep_until(lab.fall_due(grant["id"], after=1)["ends_at"], before)
    at_once([caller(lab, who, f"{ASK}/{asked['id']}/approve") for who in ("pi", "alice")])
    ended = lab.grant_until(grant["id"], "revoked")
    row = consistent(lab, asked["id"], name, "LabGuest")
    if row["provisioning"] == "applied":
        assert (ended["end_reason"], ended["continued_by"]) == ("expired", row["grant_id"])
    else:
        assert row["failure"]["code"] == "grant_ended"


def test_a_code_redeemed_twice_at_once_is_one_token(lab: Lab) -> None:
    name = newcomer(lab, "red", iam=False, token=False)
    code = lab.post("pi", f"/v1/users/{name}/enrolment", expect=201)["code"]
    answers = at_once([caller(lab, None, "/v1/enrolments/redeem", {"code": code})] * MANY)
    assert codes(answers) == {(200, None): 1, (400, "invalid_code"): MANY - 1}
    [lab.tokens[name]] = [a.json()["token"] for a in answers if a.status_code == 200]
    assert len(lab.get(name, "/v1/tokens")["items"]) == 1


def test_the_audit_holds_after_all_that(lab: Lab) -> None:
    name = newcomer(lab)
    asks = [caller(lab, name, ASK, wish("group.join", {"group": g})) for g in ("LabGuest", "LabUser", "LabAdmin")]
    at_once(asks)
    waiting = [r["id"] for r in lab.get(name, f"{ASK}?mine=true")["items"]]
    assert len(waiting) == 3
    at_once([caller(lab, who, f"{ASK}/{i}/deny", {"comment": "no"}) for i in waiting for who in ("pi", "alice")])
    for request_id in waiting:
        until(lab, request_id, "decision", "denied")
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True
