"""Lists are written another way than single answers, because they are long: both must say the same."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from app.api import written
from app.api.schemas import AccessRequestView, AuditEventView
from app.domain import canonical
from app.models import AccessRequest, columns
from tests.conftest import BOTH
from tests.support.lab import Lab

ASK = "/v1/access-requests"


def everything(lab: Lab, path: str) -> list[Any]:
    """A list, page by page."""
    found, cursor = [], ""
    while True:
        page = lab.get("pi", f"{path}?limit=2{cursor and f'&cursor={cursor}'}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = page["next_cursor"]


@BOTH
def test_an_item_of_a_list_says_what_the_request_itself_says(lab_on: Lab) -> None:
    lab_on.join("bob", reason='"quoted", \\, {"a": 1}, é, \U0001f511 and a\nline', duration="PT1H30M")
    withdrawn = lab_on.ask("bob", "LabUser")
    lab_on.register("carol", ("admin",))
    # Two decisions on one request, of which one is void, and one request without any.
    for who in ("pi", "carol"):
        lab_on.call(who, "POST", f"{ASK}/{withdrawn['id']}/deny", {"comment": "not now"})
    two = lab_on.ask("bob", "LabAdmin")
    lab_on.approve("alice", two["id"])
    lab_on.post("alice", f"{ASK}/{two['id']}/withdraw")
    lab_on.approve("pi", two["id"])
    lab_on.call("bob", "POST", ASK, {"kind": "user.roles", "change": {"roles": ["auditor"]}, "reason": "a test"})

    items = everything(lab_on, ASK)
    assert items == [lab_on.get("pi", f"{ASK}/{item['id']}") for item in items]
    assert [item["id"] for item in items] == sorted((item["id"] for item in items), reverse=True)
    assert {len(item["decisions"]) for item in items} >= {0, 1, 2}
    for item in items:
        assert set(item) == set(AccessRequestView.model_fields)


@BOTH
def test_an_audit_event_is_what_the_chain_covers_with_its_time_as_everywhere(lab_on: Lab) -> None:
    refused = lab_on.ask("bob", "LabGuest")
    lab_on.call("bob", "POST", f"{ASK}/{refused['id']}/approve", {})
    for event in everything(lab_on, "/v1/audit-events"):
        assert set(event) == set(AuditEventView.model_fields)
        assert event == AuditEventView.model_validate(event).model_dump(mode="json")
        assert datetime.fromisoformat(event["at"]).utcoffset() is not None
        assert event["at"].endswith("Z")


def test_only_the_time_of_an_event_is_written_anew() -> None:
    sly = '","at":"1999-01-01T00:00:00+00:00"'
    at = "2026-11-23T10:00:00.000001+00:00"
    event = {"access_request_id": sly, "actor": sly, "at": at, "data": {"at": at}, "event": sly}
    assert json.loads(written.audit_event(canonical.dumps(event))) == {**event, "at": at.replace("+00:00", "Z")}


@BOTH
@pytest.mark.parametrize("fraction", [0, 1, 10, 120_000, 123_000, 123_450, 999_999])
def test_a_time_is_written_as_elsewhere_whatever_its_fraction(lab_on: Lab, fraction: int) -> None:
    asked = lab_on.ask("bob")
    at = datetime(2026, 11, 23, 10, 0, 0, fraction, tzinfo=UTC)
    with lab_on.running.database.write() as tx:
        table = columns(AccessRequest)
        tx.session.execute(sa.update(table).where(table.c.id == asked["id"]).values(created_at=at, applied_at=at))
    item = lab_on.get("pi", f"{ASK}?limit=1")["items"][0]
    assert item == lab_on.get("pi", f"{ASK}/{asked['id']}")
    assert datetime.fromisoformat(item["created_at"]) == at
