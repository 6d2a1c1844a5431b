"""One whole life against the second emulator, which keeps permissions boundaries and moto does not."""

from collections.abc import Iterator

import pytest

from app import migrate
from app.clients.iam import BotoIam
from app.domain.actors import SYSTEM_ACTOR
from app.main import make_database
from app.services import catalogue, owner, setup
from tests.conftest import Databases
from tests.support.lab import Lab, serving

ACCOUNT = "000000000000"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/governance/LabBoundary"


@pytest.fixture
def lab(ministack_url: str, databases: Databases) -> Iterator[Lab]:
    """A lab whose AWS is ministack, just after init and setup."""
    settings, _ = databases.prepared("sqlite")
    settings = settings.model_copy(update={"database_url": databases.empty("sqlite")})
    database = make_database(settings)
    migrate.upgrade(database.engine)
    with database.write() as tx:
        tokens = {"pi": owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")}
    outcome = setup.run(database, BotoIam(endpoint_url=ministack_url), SYSTEM_ACTOR, "default")
    assert (outcome.aws_account_id, outcome.differences) == (ACCOUNT, ())
    assert "make the policy LabBoundary" in outcome.done
    again = setup.run(database, BotoIam(endpoint_url=ministack_url), SYSTEM_ACTOR, "default")
    assert (again.done, again.differences) == ((), ())
    database.close()
    with serving(settings, tokens, ministack_url) as found:
        yield found


def test_a_whole_life_with_the_boundary_really_kept(lab: Lab) -> None:
    lab.register("alice", ("admin",))
    body = {"name": "bob", "email": "bob@lab.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    lab.applied(create["id"])
    user = lab.iam.get_user(UserName="bob")["User"]
    assert user["Path"] == "/lab/"
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY

    code = lab.post("pi", "/v1/users/bob/enrolment", expect=201)["code"]
    lab.tokens["bob"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    grant = lab.join("bob", "LabUser", duration="PT2S")
    assert lab.groups_in_iam("bob") == ["LabUser"]
    for request_id in (create["id"], grant["access_request_id"]):
        query = f"event=access_request.applied&access_request_id={request_id}"
        [applied] = lab.get("pi", f"/v1/audit-events?{query}")["items"]
        assert applied["data"]["findings"] == []

    assert lab.grant_until(grant["id"], "revoked")["end_reason"] == "expired"
    assert lab.groups_in_iam("bob") == []
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True
