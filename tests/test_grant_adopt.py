"""`grant.adopt` over HTTP on both databases: access that nobody asked for gets a request, approvers and an end."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.actors import SYSTEM_ACTOR
from app.domain.found import FoundUser
from app.models import Grant
from app.services import imported
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam, new_group, newcomer

ASK = "/v1/access-requests"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database. Each test works with people of its own."""
    with databases.lab(request.param) as found:
        yield found


def standing(lab: Lab, user: str, group: str, *, for_long: bool = True) -> str:
    """A membership that was imported, by default longer ago than IAM takes to settle; its grant's id."""
    lab.iam.add_user_to_group(UserName=user, GroupName=group)
    seen = boto_iam(lab).user(user)
    assert seen is not None
    with lab.running.database.write() as tx:
        source = imported.Source("default", tx.now - dt.timedelta(minutes=2))
        imported.users(tx, SYSTEM_ACTOR, source, [FoundUser(seen)], {group})
    [grant] = lab.get("pi", f"/v1/grants?user={user}&group={group}&state=active")["items"]
    if for_long:
        with lab.running.database.write() as tx:
            row = tx.session.get_one(Grant, grant["id"])
            row.starts_at = tx.now - dt.timedelta(hours=1)
    return str(grant["id"])


def adopt(
    lab: Lab, who: str, *, expect: int = 201, duration: str | None = None, user: str | None = None, **of: Any
) -> Any:
    more = {"duration": duration} if duration else {}
    wish = {"kind": "grant.adopt", "user": user, "change": of, "reason": "still needed", **more}
    return lab.post(who, ASK, wish, expect=expect)


def grant(lab: Lab, grant_id: str) -> Any:
    return lab.get("pi", f"/v1/grants/{grant_id}")


def decided(lab: Lab, request: Any, provisioning: str) -> Any:
    row = lab.get("pi", f"{ASK}/{request['id']}?wait=60&until=applied")
    assert row["provisioning"] == provisioning, row
    return row


def test_rule_29_what_was_imported_is_adopted_under_the_groups_own_rule_with_an_end(lab: Lab) -> None:
    bob, group = newcomer(lab), new_group(lab, approvers=["alice"], max_duration="P9D")
    old = standing(lab, bob, group)
    asked = adopt(lab, bob, grant_id=old)
    assert (asked["change"], asked["user"]) == ({"grant_id": old, "group": group}, bob)
    assert (asked["duration"], asked["ruling"]["eligible_approvers"]) == ("P9D", ["alice"])
    assert (asked["plan"]["operations"], asked["extends"]) == ([], old)
    assert lab.approve(bob, asked["id"], expect=403)["code"] == "own_request"
    assert lab.approve("pi", asked["id"], expect=403)["code"] == "not_eligible"
    assert grant(lab, old)["state"] == "active", "nothing changes before it is approved"
    lab.approve("alice", asked["id"])
    new = grant(lab, lab.applied(asked["id"])["grant_id"])
    assert (new["state"], new["origin"], new["access_request_id"]) == ("active", "request", asked["id"])
    ends = dt.datetime.fromisoformat(new["ends_at"]) - dt.datetime.fromisoformat(new["starts_at"])
    assert ends == dt.timedelta(days=9)
    was = grant(lab, old)
    assert (was["state"], was["end_reason"], was["continued_by"]) == ("revoked", "adopted", new["id"])
    assert lab.groups_in_iam(bob) == [group]
    events = lab.get("pi", f"{ASK}/{asked['id']}/events")["items"]
    [begun] = [e for e in events if e["event"] == "access_request.applying"]
    assert begun["data"]["operations"] == [], "no call to IAM"
    [held] = [h for h in lab.get(bob, f"/v1/users/{bob}/access")["groups"] if h["group"] == group]
    assert [(g["grant_id"], g["note"]) for g in held["grants"]] == [(new["id"], None)]


def test_rule_1_only_who_may_ask_for_joining_may_adopt(lab: Lab) -> None:
    bob, eve, group = newcomer(lab), newcomer(lab), new_group(lab)
    old = standing(lab, bob, group)
    assert adopt(lab, eve, grant_id=old, expect=404)["code"] == "grant_not_found"
    assert adopt(lab, eve, user=bob, group=group, expect=403)["code"] == "not_for_others"
    assert adopt(lab, bob, user=eve, grant_id=old, expect=422)["code"] == "not_that_grant"
    assert adopt(lab, bob, grant_id=old, duration="P31D", expect=422)["code"] == "duration_too_long"
    assert adopt(lab, bob, expect=422)["code"] == "invalid"
    asked = adopt(lab, "pi", grant_id=old)
    assert (asked["user"], asked["ruling"]["eligible_approvers"]) == (bob, ["alice"])
    assert adopt(lab, bob, group=group, expect=409)["code"] == "already_pending"
    lab.post(bob, f"/v1/grants/{old}/revoke", {"reason": "not needed after all"}, expect=202)
    assert lab.get("pi", f"{ASK}/{asked['id']}")["decision"] == "cancelled"
    lab.grant_until(old, "revoked")
    assert adopt(lab, bob, grant_id=old, expect=409)["code"] == "grant_ended"


def test_rule_22_what_was_removed_outside_is_not_adopted_and_its_grant_is_over(lab: Lab) -> None:
    bob, group = newcomer(lab), new_group(lab)
    old = standing(lab, bob, group)
    asked = adopt(lab, bob, grant_id=old)
    lab.iam.remove_user_from_group(UserName=bob, GroupName=group)
    lab.approve("alice", asked["id"])
    row = lab.get("pi", f"{ASK}/{asked['id']}?wait=60&until=applied")
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "removed_outside")
    was = grant(lab, old)
    assert (was["state"], was["end_reason"]) == ("revoked", "removed_outside")
    assert lab.groups_in_iam(bob) == []


def test_what_iam_may_only_not_show_yet_can_be_adopted_once_it_does(lab: Lab) -> None:
    bob, group = newcomer(lab), new_group(lab)
    old = standing(lab, bob, group, for_long=False)
    asked = adopt(lab, bob, grant_id=old)
    lab.iam.remove_user_from_group(UserName=bob, GroupName=group)
    lab.approve("alice", asked["id"])
    decided(lab, asked, "failed")
    assert grant(lab, old)["state"] == "active"
    lab.iam.add_user_to_group(UserName=bob, GroupName=group)
    lab.post("pi", f"{ASK}/{asked['id']}/retry")
    decided(lab, asked, "applied")
    assert grant(lab, old)["end_reason"] == "adopted"


def test_rule_29_what_was_found_later_is_adopted_by_its_group(lab: Lab) -> None:
    bob, group = newcomer(lab), new_group(lab)
    lab.iam.add_user_to_group(UserName=bob, GroupName=group)
    asked = adopt(lab, bob, group=group, duration="P2D")
    assert (asked["change"], asked["extends"]) == ({"grant_id": None, "group": group}, None)
    lab.approve("alice", asked["id"])
    new = grant(lab, lab.applied(asked["id"])["grant_id"])
    assert (new["state"], new["duration"]) == ("active", "P2D")
    assert adopt(lab, bob, group=group, expect=409)["grant_id"] == new["id"]
    assert adopt(lab, bob, grant_id=new["id"], expect=409)["code"] == "not_imported"
    lab.post("alice", f"/v1/grants/{new['id']}/revoke", {"reason": "over"}, expect=202)
    lab.grant_until(new["id"], "revoked")
    assert lab.groups_in_iam(bob) == []
    assert adopt(lab, bob, group=group, expect=409)["code"] == "not_a_member"
