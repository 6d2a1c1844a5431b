"""Rule 38: a restored backup is noticed by the anchors, and only removals run until two people have looked."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.config import Settings
from app.domain.actors import SYSTEM_ACTOR
from app.main import make_database
from app.services import audit
from tests.conftest import BOTH, Databases, _reset_users
from tests.support.lab import STEP, Lab, serving

pytestmark = pytest.mark.crash


class Backups:
    """Copies a database and puts the copy in its place again, while nobody uses it."""

    def __init__(self, databases: Databases, kind: str) -> None:
        self._databases, self._kind = databases, kind

    def take(self, settings: Settings) -> str:
        return self._databases._copy(self._kind, settings.database_url)

    def restore(self, settings: Settings, backup: str) -> None:
        here, there = make_url(settings.database_url).database, make_url(backup).database
        if self._kind == "sqlite":
            for ending in ("-wal", "-shm"):
                Path(f"{here}{ending}").unlink(missing_ok=True)
            shutil.copy(str(there), str(here))
        else:
            self._databases._admin(f"DROP DATABASE {here}")
            self._databases._admin(f"CREATE DATABASE {here} TEMPLATE {there}")


@pytest.fixture
def backups(databases: Databases, kind: str) -> Backups:
    return Backups(databases, kind)


@pytest.fixture
def place(databases: Databases, kind: str, aws: str) -> Iterator[Callable[[], Any]]:
    """Serves the same prepared database again and again; IAM has alice and bob, in no group at first."""
    settings, tokens = databases.prepared(kind)
    _reset_users(aws, ("alice", "bob"))

    def serve() -> Any:
        return serving(settings, tokens, aws)

    serve.settings = settings  # type: ignore[attr-defined] # for the tests
    yield serve
    _reset_users(aws, ("alice", "bob"))


def until(look: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Wait until it is true, and answer it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(STEP)
    return found


def reported(lab: Lab) -> Any:
    """The open restoration, once its report is made."""
    return until(lambda: (row := lab.get("pi", "/v1/restoration"))["report"] and row)


def confirm(lab: Lab, who: str, *, expect: int = 200) -> Any:
    return lab.post(who, "/v1/restoration/confirm", {"comment": "looked at the report"}, expect=expect)


def change(settings: Settings, *statements: str, **values: Any) -> None:
    """What somebody does to the database behind Gatehouse's back."""
    database = make_database(settings)
    with database.engine.begin() as connection:
        for statement in statements:
            found = sa.text(statement)
            connection.execute(found, {name: values[name] for name in found.compile().params})
    database.close()


def moment(kind: str, text: str) -> Any:
    """A time as the driver of that database takes it."""
    return datetime.fromisoformat(f"{text}+00:00") if kind == "postgresql" else f"{text}.000000"


def events(lab: Lab, event: str) -> list[Any]:
    items: list[Any] = lab.get("pi", f"/v1/audit-events?event={event}")["items"]
    return items


def lost_a_day(place: Any, backups: Backups, kind: str) -> tuple[Any, Any, Any]:
    """A backup is restored. Grants: one that ended after it was taken, one whose end is due, one that it has not."""
    with place() as lab:
        kept = lab.join("bob", "LabGuest", duration="P1D")
        due = lab.join("alice", "LabUser", by="pi", duration="PT1H")
        assert lab.call("pi", "GET", "/v1/restoration").json()["code"] == "no_restoration"
    backup = backups.take(place.settings)
    with place() as lab:
        lab.post("pi", f"/v1/grants/{kept['id']}/revoke", {"reason": "left the lab"}, expect=202)
        lab.grant_until(kept["id"], "revoked")
        later = lab.join("alice", "LabGuest", by="pi", duration="P1D")
    backups.restore(place.settings, backup)
    overdue = "UPDATE access_grant SET due_at = :past WHERE id = :id"
    change(place.settings, overdue, past=moment(kind, "2020-01-01 00:00:00"), id=due["id"])
    return kept, due, later


@BOTH
def test_rule_38_after_a_restored_backup_only_removals_run_until_two_admins_confirmed(
    place: Any, backups: Backups, kind: str
) -> None:
    kept, due, later = lost_a_day(place, backups, kind)
    with place() as lab:
        # It says so, and says what is different.
        ready = lab.call(None, "GET", "/readyz")
        assert (ready.status_code, ready.json()["checks"]["restored"]) == (
            503,
            "not confirmed: see GET /v1/restoration",
        )
        row = reported(lab)
        assert (row["state"], row["why"], row["confirmations"]) == ("open", "behind", [])
        assert row["anchor_seq"] > row["head_seq"]
        assert row["report"]["complete"] is True
        by_kind = {(f["kind"], f["account"], f["subject"]): f for f in row["report"]["findings"]}
        assert set(by_kind) == {
            ("membership_without_grant", "default", "alice"),
            ("grant_without_membership", "default", "bob"),
        }
        assert by_kind["grant_without_membership", "default", "bob"]["evidence"] == {
            "group": "LabGuest",
            "grant_id": kept["id"],
        }
        assert lab.call("pi", "GET", f"/v1/grants/{later['id']}").status_code == 404

        # An end goes on as ever.
        lab.grant_until(due["id"], "revoked")
        assert lab.groups_in_iam("alice") == ["LabGuest"]

        # What gives access can be asked for and approved, and waits.
        asked = lab.ask("bob", "LabUser", duration="PT1H")
        lab.approve("alice", asked["id"])

        # What takes away is carried out, with the remedy as it stands in the report.
        for finding in by_kind.values():
            remedy = finding["remedy"]
            lab.post("pi", remedy["path"], remedy["body"], expect=201 if "access-requests" in remedy["path"] else 202)
        until(lambda: lab.groups_in_iam("alice") == [])
        lab.grant_until(kept["id"], "revoked")
        waiting = lab.get("pi", f"/v1/access-requests/{asked['id']}")
        assert (waiting["decision"], waiting["provisioning"], waiting["failure"]) == ("approved", "queued", None)
        assert lab.groups_in_iam("bob") == []

        # The first confirmation is not enough, and neither is the same person twice.
        assert confirm(lab, "bob", expect=403)["code"] == "admin_only"
        assert confirm(lab, "pi")["state"] == "open"
        assert confirm(lab, "pi", expect=409)["code"] == "another_admin_needed"
        assert lab.get("pi", f"/v1/access-requests/{asked['id']}")["provisioning"] == "queued"
        done = confirm(lab, "alice")
        assert (done["state"], [c["by"] for c in done["confirmations"]]) == ("confirmed", ["pi", "alice"])
        assert confirm(lab, "alice", expect=409)["code"] == "nothing_to_confirm"

        # Everything goes on.
        lab.applied(asked["id"])
        assert lab.groups_in_iam("bob") == ["LabUser"]
        assert lab.call(None, "GET", "/readyz").status_code == 200
        assert [e["data"]["why"] for e in events(lab, "restoration.noticed")] == ["behind"]
        assert [e["actor"] for e in events(lab, "restoration.first_confirmed")] == ["pi"]
        assert [(e["actor"], e["data"]["only_admin"]) for e in events(lab, "restoration.confirmed")] == [
            ("alice", False)
        ]
        assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True

    with place() as lab:  # the anchors of before count no more
        assert lab.call(None, "GET", "/readyz").status_code == 200
        assert lab.get("pi", "/v1/restoration")["state"] == "confirmed"
        assert len(events(lab, "restoration.noticed")) == 1


CUT = (
    "DELETE FROM audit_event WHERE seq > 20",
    "UPDATE audit_head SET seq = 20, mac = (SELECT mac FROM audit_event WHERE seq = 20)",
)


@BOTH
def test_rule_38_an_end_that_was_cut_off_the_audit_is_noticed_although_the_chain_holds(place: Any, kind: str) -> None:
    with place():
        pass
    change(place.settings, *CUT)
    database = make_database(place.settings)
    assert audit.verify(database).valid is True
    database.close()
    with place() as lab:
        row = lab.get("pi", "/v1/restoration")
        assert (row["state"], row["why"], row["head_seq"], kind) == ("open", "behind", 20, kind)
        [noticed] = events(lab, "restoration.noticed")
        assert noticed["data"] == {k: row[k] for k in ("why", "head_seq", "anchor_seq")} | {
            "anchor_at": row["anchor_at"].replace("Z", "+00:00")
        }


@BOTH
def test_rule_38_an_old_database_that_grew_past_the_anchor_is_noticed_as_another_history(
    place: Any, backups: Backups, kind: str
) -> None:
    backup = backups.take(place.settings)
    with place() as lab:
        lab.ask("bob")
    backups.restore(place.settings, backup)
    database = make_database(place.settings)
    for _ in range(5):
        with database.write() as tx:
            audit.record(tx, "test.happened", by=SYSTEM_ACTOR)
    database.close()
    with place() as lab:
        row = lab.get("pi", "/v1/restoration")
        assert (row["why"], row["head_seq"] > row["anchor_seq"], kind) == ("other_history", True, kind)


@BOTH
def test_rule_38_a_confirmation_that_is_only_written_into_the_table_counts_for_nothing(place: Any, kind: str) -> None:
    with place():
        pass
    body = json.dumps({"event": "restoration.confirmed", "at": "2030-01-01T00:00:00+00:00", "seq": 21})
    change(
        place.settings,
        *CUT,
        "INSERT INTO restoration (id, why, noticed_at, head_seq, confirmed_by, confirmed_at)"
        " VALUES ('0', 'behind', :later, 20, 'pi', :later)",
        "INSERT INTO audit_event (seq, event, actor, at, body, mac)"
        " VALUES (21, 'restoration.confirmed', 'pi', :later, :body, :mac)",
        "UPDATE audit_head SET seq = 21, mac = :mac",
        later=moment(kind, "2030-01-01 00:00:00"),
        body=body,
        mac="0" * 64,
    )
    with place() as lab:
        row = lab.get("pi", "/v1/restoration")
        assert (row["state"], row["why"]) == ("open", "behind")


def anchors_of(place: Any) -> Path:
    found: Path = place.settings.anchors
    return found


@BOTH
def test_rule_38_changed_anchors_are_noticed_kept_and_noticed_once(place: Any, kind: str) -> None:
    with place():
        pass
    path = anchors_of(place)
    text = path.read_text()
    path.write_text(text.replace('"seq":', '"seq":1', 1))
    with place() as lab:
        assert (reported(lab)["why"], kind) == ("anchors_changed", kind)
        [aside] = path.parent.glob(f"{path.name}.aside-*")
        assert aside.read_text() == text.replace('"seq":', '"seq":1', 1)
        confirm(lab, "pi")
        assert confirm(lab, "alice")["state"] == "confirmed"
    with place() as lab:
        assert lab.get("pi", "/v1/restoration")["state"] == "confirmed"
        assert lab.call(None, "GET", "/readyz").status_code == 200


@BOTH
def test_rule_38_a_torn_last_anchor_is_no_reason_for_alarm(place: Any, kind: str) -> None:
    with place():
        pass
    path = anchors_of(place)
    path.write_bytes(path.read_bytes() + b'{"at":"2027-01-31T09:')
    with place() as lab:
        assert lab.call("pi", "GET", "/v1/restoration").status_code == 404
        lab.ask("bob")
    assert b'"at":"2027-01-31T09:{' not in path.read_bytes()
    with place() as lab:
        assert (lab.call("pi", "GET", "/v1/restoration").status_code, kind) == (404, kind)


@BOTH
def test_rule_38_a_database_that_is_replaced_under_a_running_process_is_noticed(place: Any, kind: str) -> None:
    with place() as lab:
        asked = lab.ask("bob")
        until(lambda: f'"seq":{newest_event(lab)}}}' in anchors_of(place).read_text())
        change(place.settings, *CUT)
        lab.approve("alice", asked["id"])  # something happens, so an anchor is due
        row = until(lambda: (said := lab.call("pi", "GET", "/v1/restoration")).status_code == 200 and said.json())
        assert (row["state"], row["why"], kind) == ("open", "behind", kind)


def newest_event(lab: Lab) -> int:
    found: int = lab.get("pi", "/v1/audit-events?limit=1")["items"][0]["seq"]
    return found


@pytest.fixture
def suspect(place: Any, kind: str) -> Iterator[Lab]:
    """A lab whose database was found to be older; its report is made."""
    assert kind == "sqlite"
    with place():
        pass
    change(place.settings, *CUT)
    with place() as lab:
        reported(lab)
        yield lab


SQLITE = pytest.mark.parametrize("kind", ["sqlite"])


@SQLITE
def test_rule_38_the_only_admin_confirms_alone(suspect: Lab) -> None:
    change(suspect.settings, """UPDATE lab_user SET roles = '["member"]' WHERE name = 'alice'""")
    done = confirm(suspect, "pi")
    assert (done["state"], [c["by"] for c in done["confirmations"]]) == ("confirmed", ["pi"])
    assert [e["data"]["only_admin"] for e in events(suspect, "restoration.confirmed")] == [True]


@SQLITE
def test_rules_38_and_6_suspending_the_other_admin_makes_nobody_the_only_one(suspect: Lab) -> None:
    change(suspect.settings, "UPDATE lab_user SET state = 'suspended' WHERE name = 'alice'")
    assert confirm(suspect, "pi")["state"] == "open"
    assert confirm(suspect, "pi", expect=409)["code"] == "another_admin_needed"


@SQLITE
def test_rules_38_and_8_one_hand_does_not_confirm_twice(suspect: Lab) -> None:
    suspect.register("carol")
    change(suspect.settings, """UPDATE lab_user SET roles = '["member", "admin"]' WHERE name = 'carol'""")
    confirm(suspect, "pi")
    assert confirm(suspect, "carol", expect=403)["code"] == "one_hand"
    suspect.post("alice", "/v1/users/carol/vouch")
    assert confirm(suspect, "carol")["state"] == "confirmed"


@SQLITE
def test_rule_38_who_may_see_and_confirm(suspect: Lab) -> None:
    assert suspect.call("bob", "GET", "/v1/restoration").json()["code"] == "auditors_only"
    assert suspect.call(None, "GET", "/v1/restoration").status_code == 401
    assert confirm(suspect, "bob", expect=403)["code"] == "admin_only"
    assert suspect.post("pi", "/v1/restoration/confirm", {}, expect=422)["code"] == "invalid"
    key = {"Idempotency-Key": "the-same"}
    body = {"comment": "looked at the report"}
    first = suspect.post("pi", "/v1/restoration/confirm", body, headers=key)
    assert suspect.post("pi", "/v1/restoration/confirm", body, headers=key) == first
    change(suspect.settings, """UPDATE lab_user SET roles = '["auditor"]' WHERE name = 'bob'""")
    assert suspect.get("bob", "/v1/restoration")["state"] == "open"


@SQLITE
def test_rule_38_there_is_nothing_to_confirm_before_the_report(place: Any, kind: str) -> None:
    assert kind == "sqlite"
    with place() as lab:
        assert confirm(lab, "pi", expect=409)["code"] == "nothing_to_confirm"
    change(place.settings, *CUT)
    settings, tokens = place.settings, lab.tokens
    with serving(settings, tokens, "http://127.0.0.1:1", with_worker=False) as without_worker:
        assert without_worker.get("pi", "/v1/restoration")["report"] is None
        assert confirm(without_worker, "pi", expect=409)["code"] == "no_report_yet"


@SQLITE
def test_rule_38_a_part_of_aws_that_cannot_be_read_is_a_finding_and_is_read_again(
    place: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kind == "sqlite"
    with place() as lab:
        pass
    change(place.settings, *CUT)
    with serving(place.settings, lab.tokens, "http://127.0.0.1:1") as dark:
        row = until(lambda: dark.get("pi", "/v1/restoration")["report"], seconds=180)
        assert row["complete"] is False
        assert {f["kind"] for f in row["findings"]} == {"not_read"}
        assert "LabGuest" in {f["subject"] for f in row["findings"]}
    monkeypatch.setattr("app.services.restored._AGAIN", timedelta(0))
    with place() as lab:
        until(lambda: lab.get("pi", "/v1/restoration")["report"]["complete"])
        assert lab.get("pi", "/v1/restoration")["report"]["findings"] == []


@SQLITE
def test_rule_38_what_rests_neither_fails_nor_lapses_by_it(suspect: Lab) -> None:
    asked = suspect.ask("bob", duration="PT1H")
    suspect.approve("alice", asked["id"])
    # As if it had waited for years by now, decided a day before the backup was noticed and due to lapse a day after.
    change(
        suspect.settings,
        "UPDATE restoration SET noticed_at = '2020-01-02 00:00:00.000000'",
        "UPDATE access_request SET decided_at = '2020-01-01 00:00:00.000000', lapses_at = '2020-01-03 00:00:00.000000',"
        " due_at = '2020-01-03 00:00:00.000000' WHERE id = :id",
        id=asked["id"],
    )
    suspect.ask("alice")  # wakes the worker
    until(lambda: rests(suspect, asked["id"]))
    row = suspect.get("pi", f"/v1/access-requests/{asked['id']}")
    assert (row["decision"], row["provisioning"], row["failure"]) == ("approved", "queued", None)
    confirm(suspect, "pi")
    confirm(suspect, "alice")
    assert suspect.applied(asked["id"])["decision"] == "approved"


def rests(lab: Lab, request_id: str) -> bool:
    with lab.running.database.engine.connect() as connection:
        query = sa.text("SELECT due_at > '2021-01-01' FROM access_request WHERE id = :id")
        return bool(connection.execute(query, {"id": request_id}).scalar_one())


@SQLITE
def test_rule_38_a_change_of_roles_is_refused_meanwhile(suspect: Lab) -> None:
    body = {"roles": ["admin"], "reason": "a test"}
    [asked] = suspect.call("pi", "PATCH", "/v1/users/bob", body).json()["access_requests"]
    said = suspect.approve("alice", asked["id"], expect=409)
    assert said["code"] == "restored"
    assert suspect.get("pi", "/v1/users/bob")["roles"] == ["member"]
    confirm(suspect, "pi")
    confirm(suspect, "alice")
    assert suspect.approve("alice", asked["id"])["provisioning"] == "applied"


@SQLITE
def test_rule_38_what_is_approved_in_the_backup_is_named_with_what_to_do_about_it(place: Any, kind: str) -> None:
    assert kind == "sqlite"
    with place() as lab:
        asked = lab.ask("bob", duration="PT1H", starts_at="2099-01-01T00:00:00Z", expect=422)
        assert asked["code"] == "starts_too_late"
        soon = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
        asked = lab.ask("bob", duration="PT1H", starts_at=soon)
        lab.approve("alice", asked["id"])
    change(place.settings, *CUT)
    with place() as lab:
        [finding] = reported(lab)["report"]["findings"]
        assert (finding["kind"], finding["subject"]) == ("approved_again", "bob")
        remedy = finding["remedy"]
        assert lab.post("bob", remedy["path"], remedy["body"])["decision"] == "cancelled"
