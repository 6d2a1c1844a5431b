"""One-off permissions over HTTP, on both databases and moto: asked, approved, given, ended, explained."""

import json
from typing import Any

from tests.conftest import BOTH
from tests.support.lab import Lab

ASK = "/v1/access-requests"
INSTANCE = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc1234def567890"
CONSOLE = "ec2-instance-connect:SendSerialConsoleSSHPublicKey"


def policy(effect: str = "Allow", action: Any = CONSOLE, resource: Any = INSTANCE, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def ask(
    lab: Lab, who: str = "bob", name: str = "console", document: Any = None, *, expect: int = 201, **wish: Any
) -> Any:
    change = {"name": name, "document": policy() if document is None else document}
    body = {"kind": "policy.inline", "change": change, "duration": "P1D", "reason": "a kernel that hangs", **wish}
    return lab.post(who, ASK, {k: v for k, v in body.items() if v is not None}, expect=expect)


def give(lab: Lab, who: str = "bob", *, by: str = "alice", **more: Any) -> Any:
    """A whole life up to the active grant; answers the grant."""
    asked = ask(lab, who, **more)
    lab.approve(by, asked["id"], {"plan_digest": asked["plan"]["digest"]})
    return lab.get(who, f"/v1/grants/{lab.applied(asked['id'])['grant_id']}")


def inline(lab: Lab, user: str = "bob") -> dict[str, Any]:
    """What IAM itself says."""
    names = lab.iam.list_user_policies(UserName=user)["PolicyNames"]
    return {n: lab.iam.get_user_policy(UserName=user, PolicyName=n)["PolicyDocument"] for n in names}


@BOTH
def test_a_one_off_permission_is_asked_for_approved_given_and_ends_by_itself(lab_on: Lab) -> None:
    lab = lab_on
    asked = ask(lab, duration="PT2S")
    assert (asked["decision"], asked["ruling"]["required_approvals"]) == ("pending", 1)
    assert asked["ruling"]["eligible_approvers"] == ["alice", "pi"]
    assert asked["ruling"]["max_duration"] == "P30D"
    [operation] = asked["plan"]["operations"]
    assert operation["action"] == "PutUserPolicy"
    assert json.loads(operation["parameters"]["PolicyDocument"]) == policy()
    assert lab.approve("bob", asked["id"], expect=403)["code"] == "own_request"
    lab.approve("alice", asked["id"], {"plan_digest": asked["plan"]["digest"]})
    grant = lab.get("bob", f"/v1/grants/{lab.applied(asked['id'])['grant_id']}")
    assert (grant["group"], grant["policy"]) == (None, "console")
    if grant["state"] == "active":
        assert inline(lab) == {"console": policy()}
    ended = lab.grant_until(grant["id"], "revoked")
    assert ended["end_reason"] == "expired"
    assert inline(lab) == {}
    events = [e["event"] for e in lab.get("bob", f"{ASK}/{asked['id']}/events")["items"]]
    assert events[-2:] == ["grant.end_started", "grant.ended"] or events[-1] == "grant.ended"
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True
