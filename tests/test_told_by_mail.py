"""Being told by mail: over HTTP and a real mail server, with no Slack."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.models import Notice, columns
from app.services import notices
from tests.conftest import Databases
from tests.support.lab import Lab, serving
from tests.support.post_office import PostOffice, post_office
from tests.support.site import until


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with post_office() as found:
        yield found


@pytest.fixture(scope="module")
def lab(databases: Databases, office: PostOffice, aws: str) -> Iterator[Lab]:
    settings, tokens = databases.prepared("sqlite")
    with serving(settings.model_copy(update=office.settings()), tokens, aws) as found:
        yield found


def for_bob(lab: Lab) -> list[Notice]:
    with lab.running.database.read() as tx:
        return list(tx.session.scalars(select(Notice).where(col(Notice.whom) == "bob")))


def test_approvers_hear_of_a_request_and_the_asker_of_what_came_of_it(
    lab: Lab, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = lab.ask("bob", duration="P1D")
    for approver in ("pi", "alice"):
        mail = office.wait(approver, request["id"])
        assert "bob asks to join LabGuest for 1 day" in mail.text
        assert "> a test" in mail.text
    assert office.of("bob") == []  # the actor is not told of what they did themselves
    monkeypatch.setattr(notices, "SOON", timedelta(hours=1))  # it may take more than three seconds to be applied
    lab.approve("alice", request["id"])
    lab.applied(request["id"])
    until(lambda: len(for_bob(lab)) == 2)
    with lab.running.database.write() as tx:
        tx.session.execute(sa.update(columns(Notice)).where(col(Notice.whom) == "bob").values(due_at=tx.now))
    mail = office.wait("bob", "bob has LabGuest now, until ")
    assert "was approved" in mail.text  # both in one mail
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert len(office.of("bob")) == 1


def test_rule_08_a_code_is_mailed_and_not_answered(lab: Lab, office: PostOffice) -> None:
    lab.post("pi", "/v1/users", {"name": "dora", "email": "dora@lab.example"}, expect=201)
    answer = lab.post("pi", "/v1/users/dora/enrolment", expect=201)
    assert answer["mailed"] is True
    assert set(answer) == {"mailed", "expires_at"}
    mail = office.wait("dora", "Your code")
    code = next(line.strip() for line in mail.text.splitlines() if line.startswith("    "))
    lab.tokens["dora"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    assert "vouch" in office.wait("alice", "dora has signed in").text
    assert not any("dora has signed in" in mail.text for mail in office.of("dora"))


def test_what_somebody_does_not_want_to_hear_they_are_not_told(lab: Lab, office: PostOffice) -> None:
    shown = lab.get("alice", "/v1/me/notices")
    assert shown["to_decide"] == "slack"
    chosen = lab.call("alice", "PUT", "/v1/me/notices", {"to_decide": "off"}).json()
    assert chosen == shown | {"to_decide": "off"}
    request = lab.ask("bob", "LabUser")
    office.wait("pi", request["id"])
    assert not any(request["id"] in mail.text for mail in office.of("alice"))
    assert lab.call("alice", "PUT", "/v1/me/notices", {"secret": "off"}).status_code == 422
    assert lab.call("alice", "PUT", "/v1/me/notices", {"linked": "mail"}).status_code == 422
    lab.call("alice", "PUT", "/v1/me/notices", {})
    assert lab.get("alice", "/v1/me/notices") == shown
