"""Rule 36: while the database cannot be written, access still ends on time, and the record of it is not lost."""

import contextlib
import json
import resource
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.config import Settings
from app.db import Database
from app.domain.states import GrantState
from app.files.locked import held
from app.files.spill import SIZE, SLOT, Spill, Taken
from app.main import make_database
from app.models import Grant
from app.services import audit
from app.services.without_database import EndsWithoutDatabase
from tests.conftest import BOTH, Databases
from tests.support.fake_iam import ACCOUNT, Account, FakeIam, Fault
from tests.support.site import Server, Site, moto_process, new_site, until

pytestmark = pytest.mark.crash

KEY = bytes(range(32))
NOW = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
LONGEST = {"grant_id": "0" * 36, "account": "a" * 64, "user": "u" * 64, "group": "g" * 128}


def taken(number: int, **more: Any) -> Taken:
    known = {"grant_id": f"grant-{number}", "account": "default", "user": "bob", "group": "LabGuest", **more}
    return Taken(**known, due_at=NOW, taken_at=NOW + timedelta(seconds=number, microseconds=1), was_there=True)


@pytest.fixture
def spill(tmp_path: Path) -> Spill:
    made = Spill(tmp_path / "a.spill", KEY)
    assert made.prepare()
    return made


# The file.


def test_rule_36_the_spill_file_takes_its_room_beforehand_and_keeps_its_size(spill: Spill) -> None:
    status = spill.path.stat()
    assert (status.st_size, status.st_blocks * 512 >= SIZE, status.st_mode & 0o777) == (SIZE, True, 0o600)
    for number in range(3):
        assert spill.add(taken(number))
    assert spill.path.stat().st_size == SIZE
    assert Spill(spill.path, KEY).waiting() == {n: taken(n) for n in range(3)}


def test_rule_36_the_longest_names_fit_into_a_slot(spill: Spill) -> None:
    assert spill.add(taken(1, **LONGEST))
    assert spill.waiting() == {0: taken(1, **LONGEST)}


def test_rule_36_what_is_written_back_makes_room_and_nothing_else_does(spill: Spill) -> None:
    for number in range(SIZE // SLOT):
        assert spill.add(taken(number))
    assert not spill.add(taken(5000))
    records = spill.waiting()
    spill.done({7: records[7]})
    assert spill.add(taken(5000))
    spill.done({7: records[7], 8: records[8]})  # 7 holds another record by now
    left = spill.waiting()
    assert (left[7], 8 in left, len(left)) == (taken(5000), False, SIZE // SLOT - 1)


def test_rule_36_a_line_that_is_torn_or_not_ours_is_left_out_and_its_room_used_again(spill: Spill) -> None:
    for number in range(3):
        spill.add(taken(number))
    whole = bytearray(spill.path.read_bytes())
    whole[SLOT + 40 : SLOT + 60] = bytes(20)
    spill.path.write_bytes(whole)
    assert spill.waiting() == {0: taken(0), 2: taken(2)}
    assert spill.add(taken(9))
    assert spill.waiting()[1] == taken(9)
    assert Spill(spill.path, bytes(reversed(KEY))).waiting() == {}


def test_rule_36_a_file_that_cannot_be_had_is_said_and_stops_nothing(spill: Spill, tmp_path: Path) -> None:
    missing = Spill(tmp_path / "nowhere" / "a.spill", KEY)
    assert (missing.prepare(), missing.add(taken(1)), missing.count()) == (False, False, 0)
    with pytest.MonkeyPatch.context() as patch, held(spill.path):
        patch.setattr("app.files.locked.LOCK_WAIT", 0.05)
        assert not spill.add(taken(1))


# The list in memory, against a database that cannot be written.


class Outage:
    """Takes a database away and gives it back: SQLite's can then be read and not written, PostgreSQL's neither."""

    def __init__(self, database: Database, admin: Callable[[str], None]) -> None:
        self._database, self._admin = database, admin
        self._name = make_url(database.url).database
        sa.event.listen(database.engine, "checkout", self._on_checkout)
        self._on = False

    def begin(self) -> None:
        self._on = True
        if not self._database.is_sqlite:
            self._admin(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
            self._database.engine.dispose()

    def end(self) -> None:
        self._on = False
        if not self._database.is_sqlite:
            self._admin(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")

    def _on_checkout(self, connection: Any, _record: object, _proxy: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute(f"PRAGMA query_only={'ON' if self._on else 'OFF'}")


class Bench:
    """A database with grants that are active, an IAM in memory, and what takes away without the one from the other."""

    def __init__(self, settings: Settings, tmp_path: Path, admin: Callable[[str], None]) -> None:
        self.database = make_database(settings)
        if self.database.is_sqlite:
            self.database.clock = lambda: datetime.now(UTC) + self.ahead
        self.ahead = timedelta(0)
        self.seconds = 0.0
        self.iam = FakeIam()
        self.iam.groups = {"LabGuest": {}, "LabUser": {}}
        self.iam.users = {name: Account() for name in ("alice", "bob")}
        with self.database.engine.begin() as connection:
            connection.execute(sa.text("UPDATE account SET aws_account_id = :id"), {"id": ACCOUNT})
            self._request = connection.execute(sa.text("SELECT min(id) FROM access_request")).scalar_one()
        self.spill = Spill(tmp_path / "b.spill", KEY)
        self.outage = Outage(self.database, admin)
        self.ends = self.another()

    def another(self) -> EndsWithoutDatabase:
        """What a process that has just been started would have."""
        return EndsWithoutDatabase(self.database, lambda _account: self.iam, self.spill, clock=lambda: self.seconds)

    def grant(
        self, user: str, group: str, seconds: float, state: GrantState = GrantState.ACTIVE, *, since: float = 3600
    ) -> str:
        """A grant that began so many seconds ago and is due in so many; IAM has the membership."""
        self.iam.users[user].groups.add(group)
        with self.database.write() as tx:
            due_at = tx.now + timedelta(seconds=seconds)
            row = Grant(
                access_request_id=self._request,
                account="default",
                user=user,
                group=group,
                state=state,
                duration_seconds=60,
                starts_at=None if state == GrantState.APPLYING else tx.now - timedelta(seconds=since),
                ends_at=due_at,
                due_at=due_at,
                created_at=tx.now,
            )
            tx.session.add(row)
        return row.id

    def later(self, seconds: float) -> None:
        """Time goes by."""
        self.seconds += seconds
        self.ahead += timedelta(seconds=seconds)

    def row(self, grant_id: str) -> Grant:
        with self.database.read() as tx:
            found = tx.session.get_one(Grant, grant_id)
            tx.session.expunge(found)
            return found

    def audited(self, grant_id: str) -> list[tuple[str, dict[str, Any]]]:
        """What the audit says of a grant."""
        with self.database.read() as tx:
            rows = tx.session.execute(sa.text("SELECT body FROM audit_event ORDER BY seq")).scalars()
            bodies = [json.loads(body) for body in rows]
        return [(b["event"], b["data"]) for b in bodies if b["data"].get("grant_id") == grant_id]


@pytest.fixture
def bench(databases: Databases, kind: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(databases.prepared(kind)[0], tmp_path, databases._admin)
    yield made
    made.outage.end()
    made.database.close()


@BOTH
def test_rule_36_an_end_that_falls_due_meanwhile_is_made_recorded_and_written_later(bench: Bench, kind: str) -> None:
    due, not_yet = bench.grant("bob", "LabGuest", 100), bench.grant("alice", "LabGuest", 5000)
    bench.ends.remember()
    bench.outage.begin()
    with pytest.raises(sa.exc.DBAPIError), bench.database.write() as tx:
        tx.session.execute(sa.text("UPDATE audit_head SET seq = seq"))
    bench.ends.without_database()
    assert bench.iam.memberships() == {("bob", "LabGuest"), ("alice", "LabGuest")}

    bench.later(200)
    bench.ends.without_database()
    assert bench.iam.memberships() == {("alice", "LabGuest")}
    assert [t.grant_id for t in bench.spill.waiting().values()] == [due]
    bench.ends.without_database()
    assert (bench.iam.calls, bench.spill.count(), kind) == (["RemoveUserFromGroup"], 1, kind)
    with pytest.raises(sa.exc.SQLAlchemyError):
        bench.ends.remember()

    bench.outage.end()
    [record] = bench.spill.waiting().values()
    bench.ends.remember()
    row = bench.row(due)
    assert (row.state, row.end_reason, row.ended_at, row.due_at) == ("revoked", "expired", record.taken_at, None)
    [(event, data)] = bench.audited(due)
    assert (event, data["reason"], data["spilled_at"]) == ("grant.ended", "expired", record.taken_at.isoformat())
    assert bench.spill.count() == 0
    assert bench.row(not_yet).state == "active"
    assert audit.verify(bench.database).valid is True


@BOTH
def test_rule_36_access_that_another_grant_gives_longer_stays(bench: Bench, kind: str) -> None:
    short, long = bench.grant("bob", "LabGuest", 50), bench.grant("bob", "LabGuest", 7200)
    both = [bench.grant("alice", "LabUser", seconds) for seconds in (50, 150)]
    bench.ends.remember()
    bench.outage.begin()
    bench.later(100)
    bench.ends.without_database()
    assert bench.iam.memberships() == {("bob", "LabGuest"), ("alice", "LabUser")}
    bench.later(100)
    bench.ends.without_database()
    assert bench.iam.memberships() == {("bob", "LabGuest")}
    assert {t.grant_id for t in bench.spill.waiting().values()} == set(both)
    bench.outage.end()
    bench.ends.remember()
    states = [bench.row(grant_id).state for grant_id in (short, long, *both)]
    assert (states, kind) == (["active", "active", "revoked", "revoked"], kind)


@BOTH
@pytest.mark.parametrize("state", [GrantState.REVOKING, GrantState.REVOKE_FAILED, GrantState.APPLYING])
def test_rule_36_what_was_ending_already_ends_as_well(bench: Bench, state: GrantState, kind: str) -> None:
    due = bench.grant("bob", "LabGuest", 5, state)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.ends.without_database()
    assert bench.iam.memberships() == set()
    bench.outage.end()
    bench.ends.remember()
    # What was being given is left to its request, which has more to undo than the membership.
    left = state == GrantState.APPLYING
    assert (bench.row(due).state, kind) == (state if left else "revoked", kind)
    assert [event for event, _ in bench.audited(due)] == ["grant.end_spilled" if left else "grant.ended"]
    assert bench.spill.count() == 0


@BOTH
def test_rule_36_a_process_that_starts_anew_writes_back_what_the_one_before_it_left(bench: Bench, kind: str) -> None:
    due = bench.grant("bob", "LabGuest", 5)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.ends.without_database()
    second = bench.another()
    second.without_database()
    assert (bench.spill.count(), bench.iam.calls) == (1, ["RemoveUserFromGroup"])
    bench.outage.end()
    second.remember()
    assert (bench.row(due).state, bench.spill.count(), kind) == ("revoked", 0, kind)


@BOTH
def test_rule_36_a_crash_between_row_and_file_writes_nothing_twice(bench: Bench, kind: str) -> None:
    due = bench.grant("bob", "LabGuest", 5)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.ends.without_database()
    bench.outage.end()
    before = bench.spill.path.read_bytes()
    bench.ends.remember()
    bench.spill.path.write_bytes(before)  # as if the process had died before the slot was emptied
    bench.another().remember()
    assert ([event for event, _ in bench.audited(due)], bench.spill.count(), kind) == (["grant.ended"], 0, kind)


SQLITE = pytest.mark.parametrize("kind", ["sqlite"])


@SQLITE
def test_rule_36_a_record_of_a_grant_that_the_database_does_not_know_is_in_the_audit(bench: Bench) -> None:
    bench.spill.prepare()
    bench.spill.add(taken(1))
    bench.another().remember()
    [(event, data)] = bench.audited("grant-1")
    assert (event, data["group"], bench.spill.count()) == ("grant.end_spilled", "LabGuest", 0)


@SQLITE
@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.REFUSED, Fault.LOST, Fault.DROPPED])
def test_rule_36_what_iam_does_not_do_is_tried_again_and_nothing_is_recorded_before_it_shows(
    bench: Bench, fault: Fault
) -> None:
    bench.grant("alice", "LabGuest", 5)
    bench.grant("bob", "LabGuest", 5)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.iam.faults.append(fault)  # for the first call, which is alice's
    bench.ends.without_database()
    done = {t.user for t in bench.spill.waiting().values()}
    assert {user for user, _ in bench.iam.memberships()} == {"alice", "bob"} - done
    assert done == ({"alice", "bob"} if fault is Fault.DROPPED else {"bob"})
    bench.later(60)
    bench.ends.without_database()
    assert (bench.iam.memberships(), bench.spill.count()) == (set(), 2)


@SQLITE
def test_rule_36_what_iam_does_not_show_yet_is_taken_away_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.grant("bob", "LabGuest", 5, since=1)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    monkeypatch.setattr(bench.iam, "members", lambda _group: frozenset())  # as it was before bob came in
    bench.ends.without_database()
    assert (bench.iam.memberships(), bench.spill.count()) == (set(), 1)


@SQLITE
def test_rule_36_an_iam_that_cannot_be_read_or_is_another_accounts_gets_no_call(bench: Bench) -> None:
    bench.grant("bob", "LabGuest", 5)
    with bench.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE account SET aws_account_id = '999999999999'"))
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.ends.without_database()
    assert (bench.iam.calls, bench.spill.count(), bench.iam.memberships()) == ([], 0, {("bob", "LabGuest")})


@SQLITE
def test_rule_36_without_room_for_the_record_access_ends_all_the_same(bench: Bench) -> None:
    due = bench.grant("bob", "LabGuest", 5)
    bench.ends.remember()
    for number in range(SIZE // SLOT):
        bench.spill.add(taken(number))
    bench.outage.begin()
    bench.later(10)
    bench.ends.without_database()
    assert bench.iam.memberships() == set()
    assert due not in {t.grant_id for t in bench.spill.waiting().values()}
    assert bench.row(due).state == "active"  # its end is still due: the worker finds it gone, and says so


@SQLITE
def test_rule_36_an_extension_that_nobody_could_remember_is_said_loudly(bench: Bench) -> None:
    due = bench.grant("bob", "LabGuest", 5)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.ends.without_database()
    bench.outage.end()
    other = bench.grant("bob", "LabGuest", 7200)
    bench.ends.remember()
    [(event, data)] = bench.audited(due)
    assert (event, data["also_given_by"]) == ("grant.ended", other)


@SQLITE
def test_rule_36_the_list_is_read_again_when_something_changed_and_now_and_then(bench: Bench) -> None:
    reads = []
    sa.event.listen(
        bench.database.engine,
        "after_cursor_execute",
        lambda _c, _cursor, statement, *_: reads.append(statement) if "due_at <=" in statement else None,
    )
    bench.ends.remember()
    first = len(reads)
    bench.ends.remember()
    assert len(reads) == first
    bench.later(1.1)
    bench.ends.remember()
    assert len(reads) == 2 * first
    assert first > 0


@SQLITE
def test_rule_36_whoever_takes_away_without_the_database_never_raises(bench: Bench) -> None:
    bench.grant("bob", "LabGuest", 5)
    bench.ends.remember()
    bench.outage.begin()
    bench.later(10)
    bench.iam.during = lambda: 1 / 0  # type: ignore[assignment] # a bug of ours
    bench.ends.without_database()
    bench.later(60)
    bench.ends.without_database()
    assert bench.iam.memberships() == set()


# A real process whose files cannot grow any more.


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_process() as url:
        yield url


@pytest.fixture
def site(moto: str, tmp_path: Path) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    made = new_site(folder, moto)
    made.enrol()
    return made


@pytest.fixture
def iam(moto: str) -> Any:
    client = boto3.client("iam", endpoint_url=moto, region_name="us-east-1")
    with contextlib.suppress(client.exceptions.EntityAlreadyExistsException):
        client.create_user(UserName="bob", Path="/lab/")
    return client


def groups_of_bob(iam: Any) -> list[str]:
    return [g["GroupName"] for g in iam.list_groups_for_user(UserName="bob")["Groups"]]


def fill_disk(server: Server) -> None:
    """No file of the process may grow from here on: what would be a full disk, without being root."""
    size = (server.site.folder / "gatehouse.db-wal").stat().st_size
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def free_disk(server: Server) -> None:
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def fall_due(server: Server, request_id: str) -> None:
    """Let the grant's time be over now. This process may write: a short grant might end before the disk is full."""
    grant_id = server.grant_of(request_id)["id"]
    past = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with contextlib.closing(sqlite3.connect(server.site.folder / "gatehouse.db")) as connection, connection:
        over = "UPDATE access_grant SET ends_at = :past, due_at = :past WHERE id = :id"
        connection.execute(over, {"past": past, "id": grant_id})


def ready(server: Server) -> tuple[int, dict[str, str]]:
    answer = server.client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_rule_36_with_a_full_disk_access_ends_writes_are_503_and_all_is_well_once_there_is_room(
    site: Site, iam: Any
) -> None:
    with site.serving() as server:
        asked = server.asked_and_approved("PT1H")
        server.applied(asked)
        assert groups_of_bob(iam) == ["LabGuest"]
        fill_disk(server)
        body = {"kind": "group.join", "change": {"group": "LabUser"}, "reason": "a test"}
        for _ in range(3):
            said = server.call("bob", "POST", "/v1/access-requests", body, expect=503)
            assert said["code"] in {"database_away", "audit_unavailable"}
        assert server.grant_of(asked)["state"] == "active"
        fall_due(server, asked)
        until(lambda: groups_of_bob(iam) == [], said=site.said)
        until(lambda: ready(server)[1]["ends_spilled"] == "1 wait to be written", said=site.said)
        assert ready(server)[0] == 503
        assert ready(server)[1]["database"] == "cannot be written"
        assert server.grant_of(asked)["state"] == "active"  # reading goes on, and says what is written

        free_disk(server)
        grant = server.grant_until(asked, "revoked")
        assert grant["end_reason"] == "expired"
        [ended] = server.call("pi", "GET", "/v1/audit-events?event=grant.ended")["items"]
        assert datetime.fromisoformat(ended["data"]["spilled_at"]) == datetime.fromisoformat(grant["ended_at"])
        server.call("bob", "POST", "/v1/access-requests", body, expect=201)
        until(lambda: ready(server)[0] == 200, said=site.said)
        server.audit_holds()
        code, said = server.terminate()
        assert (code, "Traceback" in said) == (0, False)


def test_rule_36_what_was_ended_with_a_full_disk_is_written_by_the_next_process(site: Site, iam: Any) -> None:
    with site.serving() as server:
        asked = server.asked_and_approved("PT1H")
        server.applied(asked)
        fill_disk(server)
        fall_due(server, asked)
        until(lambda: groups_of_bob(iam) == [], said=site.said)
        until(lambda: ready(server)[1]["ends_spilled"] == "1 wait to be written", said=site.said)
        server.kill()
    with site.serving() as server:
        grant = server.grant_until(asked, "revoked")
        [ended] = server.call("pi", "GET", "/v1/audit-events?event=grant.ended")["items"]
        assert datetime.fromisoformat(ended["data"]["spilled_at"]) == datetime.fromisoformat(grant["ended_at"])
        assert ready(server) == (200, ready(server)[1])
        server.audit_holds()
