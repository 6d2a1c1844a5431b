"""Clocks that jump: nothing is lost, nothing ends twice, and on PostgreSQL only the server's time counts."""

from datetime import timedelta

import pytest

from app.db import utcnow
from tests.conftest import Databases

pytestmark = pytest.mark.crash


def test_a_jump_ahead_on_sqlite_ends_what_is_over_then_and_once(databases: Databases) -> None:
    with databases.lab("sqlite") as lab:
        grant = lab.join(duration="PT1H")
        lab.running.database.clock = lambda: utcnow() + timedelta(hours=2)
        ended = lab.grant_until(grant["id"], "revoked")
        assert ended["end_reason"] == "expired"
        assert lab.groups_in_iam("bob") == []

        lab.running.database.clock = utcnow  # and back again: what ended stays ended
        events = lab.get("pi", f"/v1/access-requests/{grant['access_request_id']}/events")["items"]
        assert [e["event"] for e in events].count("grant.ended") == 1
        assert lab.get("pi", f"/v1/grants/{grant['id']}")["state"] == "revoked"
        assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


def test_a_jump_back_on_sqlite_loses_no_end(databases: Databases) -> None:
    with databases.lab("sqlite") as lab:
        grant = lab.join(duration="PT1S")
        lab.running.database.clock = lambda: utcnow() - timedelta(minutes=10)
        again = lab.join("bob", "LabUser", duration="PT1H")  # asking and approving go on meanwhile
        assert lab.get("pi", f"/v1/grants/{again['id']}")["state"] == "active"

        lab.running.database.clock = utcnow
        lab.grant_until(grant["id"], "revoked")
        assert lab.groups_in_iam("bob") == ["LabUser"]


def test_the_hosts_clock_means_nothing_on_postgresql(databases: Databases) -> None:
    with databases.lab("postgresql") as lab:
        grant = lab.join(duration="PT1H")
        lab.running.database.clock = lambda: utcnow() + timedelta(days=400)
        short = lab.join("bob", "LabUser", duration="PT1S")  # the tokens are still good, too
        lab.grant_until(short["id"], "revoked")
        assert lab.get("pi", f"/v1/grants/{grant['id']}")["state"] == "active"
        assert lab.groups_in_iam("bob") == ["LabGuest"]
