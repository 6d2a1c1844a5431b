"""One-off permissions and the second look after a takeover, on the strict fake: what came late does not stand."""

import datetime as dt
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.domain.plans import Operation
from app.domain.words import Kind, UserState
from app.models import AuditEvent, Grant, Lane, User, new_id
from app.services import people
from app.services.late_writes import LookAgain
from tests.support.fake_iam import Fault
from tests.support.one_off import policy
from tests.test_one_off_faults import OTHER, Holder, clock, database, place  # noqa: F401 - fixtures

_PUT_RIGHT = sa.select(col(AuditEvent.body)).where(col(AuditEvent.event) == "user.put_right")


def _parameters(place: Holder, document: Any) -> dict[str, str]:  # noqa: F811
    return {"UserName": place.name, "PolicyName": "console", "PolicyDocument": json.dumps(document)}


def _put_right(place: Holder) -> list[str]:  # noqa: F811
    """The calls that were said to put right what came late."""
    with place.database.read() as tx:
        bodies = [json.loads(body) for body in tx.session.scalars(_PUT_RIGHT)]
    return [o["action"] for b in bodies if b["subject"] == place.name for o in b["data"]["operations"]]


def _given_now(place: Holder) -> Grant:  # noqa: F811
    """The active grant of one that IAM cannot be believed about yet: `given` lets minutes pass."""
    grant = place.given()
    with place.database.write() as tx:
        tx.session.get_one(Grant, grant.id).starts_at = tx.now
    return grant


def _look(place: Holder) -> None:  # noqa: F811
    """The second look after a takeover."""
    with place.database.write() as tx:
        tx.session.merge(Lane(account="default", principal=place.name, fence=1, look_again_at=tx.now))
    LookAgain(place.database, place.iam)("default", place.name)


@contextmanager
def _suspended(place: Holder, name: str) -> Iterator[None]:  # noqa: F811
    """Somebody else is, for a while."""
    for state in (UserState.SUSPENDED, UserState.ACTIVE):
        with place.database.write() as tx:
            tx.session.scalars(select(User).where(col(User.name) == name)).one().state = state
        if state == UserState.SUSPENDED:
            yield


def test_rule_32_a_put_that_arrives_late_leaves_no_access(place: Holder) -> None:  # noqa: F811
    grant = place.given()
    put = Operation("iam", "PutUserPolicy", _parameters(place, policy()), "late")
    place.revoked(grant)
    assert place.own() == {}
    place.iam.call(put)
    _look(place)
    assert place.own() == {}
    with place.database.read() as tx:
        said = tx.session.scalars(sa.select(col(AuditEvent.body)).where(col(AuditEvent.event) == "access.taken_again"))
        bodies = [json.loads(body) for body in said]
    assert [b["data"]["policy"] for b in bodies if b["subject"] == place.name] == ["console"]


def test_rule_32_another_document_that_arrives_late_ends_the_grant(place: Holder) -> None:  # noqa: F811
    kept, grant = place.given(OTHER, "kept"), place.given()
    place.iam.call(Operation("iam", "PutUserPolicy", _parameters(place, OTHER), "late"))
    _look(place)
    place.work(1)
    with place.database.read() as tx:
        found = tx.session.get_one(Grant, grant.id)
        assert (found.state, found.end_reason) == ("revoked", "changed_outside")
        assert tx.session.get_one(Grant, kept.id).state == "active"
    assert place.own() == {"kept": OTHER}


def test_rule_32_another_document_over_what_was_given_a_moment_ago_is_written_over(place: Holder) -> None:  # noqa: F811
    """It may only be shown still; and if it came late, nobody approved it."""
    grant = _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    _look(place)
    assert place.own() == {"console": policy()}
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "active"
        assert tx.session.get_one(Lane, ("default", place.name)).look_again_at is None
    assert _put_right(place) == ["PutUserPolicy"]


def test_rule_32_what_iam_shows_late_is_written_over_each_time_and_audited_once(place: Holder) -> None:  # noqa: F811
    grant = _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    place.iam.faults = deque([Fault.LOST, Fault.LOST])
    for shown in (OTHER, OTHER, policy()):
        _look(place)
        assert place.own() == {"console": shown}
        place.clock.now += dt.timedelta(seconds=5)
    assert _put_right(place) == ["PutUserPolicy"]
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "active"


def test_rule_36_each_late_write_is_audited_and_so_is_the_same_one_later(place: Holder) -> None:  # noqa: F811
    grant = _given_now(place)
    third = policy(action="iam:CreateUser", resource="*")
    for late, pause in ((OTHER, 5), (third, 5), (third, 120), (third, 0)):
        place.bob.inline["console"] = json.dumps(late)
        _look(place)
        assert place.own() == {"console": policy()}
        place.clock.now += dt.timedelta(seconds=pause)
        with place.database.write() as tx:
            tx.session.get_one(Grant, grant.id).starts_at = tx.now
    assert _put_right(place) == ["PutUserPolicy"] * 3


def test_rule_36_what_is_extended_is_one_policy_and_written_over_once(place: Holder) -> None:  # noqa: F811
    grant = _given_now(place)
    with place.database.write() as tx:
        tx.session.add(Grant(**{**grant.model_dump(), "id": new_id(), "starts_at": tx.now}))
    place.bob.inline["console"] = json.dumps(OTHER)
    _look(place)
    assert _put_right(place) == ["PutUserPolicy"]
    assert place.iam.calls.count("PutUserPolicy") == 2


def test_rule_24_nothing_is_written_over_for_somebody_who_is_suspended(place: Holder) -> None:  # noqa: F811
    _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    place.ask(Kind.USER_SUSPEND)
    with place.database.read() as tx:
        assert people.get(tx, place.name).state == "suspended"
    _look(place)
    assert place.own() == {"console": OTHER}
    assert _put_right(place) == []
    place.work()
    assert "console" not in place.own()


def test_rule_24_it_is_written_over_though_whoever_asked_for_it_has_left(place: Holder) -> None:  # noqa: F811
    """What bob has runs on: a document that nobody approved must not stand in its place."""
    _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    with _suspended(place, "pi"):
        _look(place)
    assert place.own() == {"console": policy()}


def test_rule_32_a_user_who_is_not_shown_yet_is_looked_at_again(place: Holder) -> None:  # noqa: F811
    grant = _given_now(place)
    hidden = place.iam.users.pop(place.name)
    _look(place)
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "active"
        assert tx.session.get_one(Lane, ("default", place.name)).look_again_at is not None
    place.iam.users[place.name] = hidden


def test_rule_22_what_was_removed_outside_ends_and_is_not_given_again(place: Holder) -> None:  # noqa: F811
    grant = place.given()
    del place.bob.inline["console"]
    _look(place)
    place.work(1)
    with place.database.read() as tx:
        found = tx.session.get_one(Grant, grant.id)
        assert (found.state, found.end_reason) == ("revoked", "removed_outside")
    assert place.own() == {}
