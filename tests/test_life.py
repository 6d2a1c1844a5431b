"""The main job, over HTTP, on both databases."""

from tests.conftest import BOTH
from tests.support.lab import Lab


@BOTH
def test_ask_approve_applied_ended(lab_on: Lab) -> None:
    assert lab_on.groups_in_iam("bob") == []
    request = lab_on.ask("bob", "LabUser", duration="PT1H")
    assert request["decision"] == "pending"
    assert request["ruling"]["required_approvals"] == 1
    assert request["ruling"]["eligible_approvers"] == ["alice", "pi"]
    assert [o["action"] for o in request["plan"]["operations"]] == ["AddUserToGroup"]

    approved = lab_on.approve("alice", request["id"], {"plan_digest": request["plan"]["digest"]})
    assert approved["decision"] == "approved"
    applied = lab_on.applied(request["id"])
    assert lab_on.groups_in_iam("bob") == ["LabUser"]

    lab_on.fall_due(applied["grant_id"])
    ended = lab_on.grant_until(applied["grant_id"], "revoked")
    assert ended["end_reason"] == "expired"
    assert lab_on.groups_in_iam("bob") == []
    assert lab_on.get("pi", "/v1/audit-events/verify")["valid"] is True
