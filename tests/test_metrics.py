"""/metrics and /readyz: who may read them, that the figures are true and cheap, and that both answer whatever fails."""

import asyncio
import datetime as dt
import platform
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml  # type: ignore[import-untyped] # comes with other tools; types-PyYAML would be one more package
from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from app.clients import aws
from app.clients.iam import BotoIam
from app.config import Settings
from app.db import Database, utcnow
from app.domain.plans import Operation
from app.domain.states import APPLYING, GrantState
from app.errors import StartError
from app.main import VERSION, create_app
from app.models import AccessRequest, Grant, columns
from app.patience import Patient
from app.services import figures, outcomes
from app.services.moves import move_grant, move_request
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab
from tests.support.ports import free_port
from tests.support.site import until

ROOT = Path(__file__).parents[1]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
HOUR = dt.timedelta(hours=1)
SQLITE, POSTGRESQL = (pytest.mark.parametrize("kind", [kind]) for kind in ("sqlite", "postgresql"))


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(lab: Lab) -> Samples:
    answer = lab.call(None, "GET", "/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"gatehouse_{name}", frozenset(labels.items())]


def read(lab: Lab) -> figures.Figures:
    """The figures of now; /metrics gives the same ones for a few seconds."""
    with lab.running.database.read() as tx:
        return figures.read(tx)


def called_from(app: Any, address: str | None, path: str = "/metrics", **headers: str) -> httpx.Response:
    """A call as the server hands it over when the peer has that address."""

    async def call() -> httpx.Response:
        async def app_with_peer(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "client": (address, 50000) if address else None}, receive, send)

        transport = httpx.ASGITransport(app_with_peer)
        async with httpx.AsyncClient(transport=transport, base_url="http://gatehouse") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(call())


def app_of(lab: Lab) -> Any:
    return lab.running.server.config.app


def token_with(lab: Lab, who: str, *scopes: str) -> str:
    body = {"name": "scraper", "scopes": list(scopes), "expires_in": "P1D"}
    return str(lab.post(who, "/v1/tokens", body, expect=201)["token"])


# Who may read them


def test_on_this_machine_metrics_are_open_and_prometheus_can_read_them(still: Lab) -> None:
    answer = still.call(None, "GET", "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert value(samples(answer.text), "build_info", version=VERSION, python=platform.python_version()) == 1
    assert value(samples(answer.text), "database_up") == 1
    assert ("process_open_fds", frozenset()) in samples(answer.text)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_every_address_of_loopback_is_this_machine(still: Lab, address: str) -> None:
    assert called_from(app_of(still), address).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::2", "::ffff:192.0.2.7", "localhost", None])
def test_from_elsewhere_metrics_need_a_token(still: Lab, address: str | None) -> None:
    answer = called_from(app_of(still), address)
    assert (answer.status_code, answer.json()["code"]) == (401, "no_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="gatehouse"'
    bad = called_from(app_of(still), address, Authorization="Bearer gh_pat_wrong")
    assert (bad.status_code, bad.json()["code"]) == (401, "bad_token")


@pytest.mark.parametrize("scope", ["reports:read", "admin"])
def test_a_token_that_may_read_reports_or_administer_may_read_metrics(still: Lab, scope: str) -> None:
    token = token_with(still, "pi", scope)
    assert called_from(app_of(still), "192.0.2.7", Authorization=f"Bearer {token}").status_code == 200


def test_any_other_scope_is_not_enough(still: Lab) -> None:
    token = token_with(still, "pi", "requests:read", "directory:read", "audit:read")
    answer = called_from(app_of(still), "192.0.2.7", Authorization=f"Bearer {token}")
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_a_proxy_on_this_machine_does_not_make_the_world_local(still: Lab, name: str) -> None:
    # X-Forwarded-For: 127.0.0.1 is what somebody far away would send through a proxy that hands it on.
    assert still.call(None, "GET", "/metrics", headers={name: "127.0.0.1"}).status_code == 401


def test_metrics_hold_no_name_of_a_person_and_no_id(lab: Lab) -> None:
    asked = lab.ask("bob")
    lab.get("bob", f"/v1/access-requests/{asked['id']}")
    lab.get("pi", "/v1/users/bob")
    text = lab.call(None, "GET", "/metrics").text
    assert asked["id"] not in text
    assert not re.search(r"\b(bob|alice|pi)\b", text)


# The figures


@BOTH
def test_open_requests_are_counted_by_both_axes_and_finished_ones_are_not(fresh_on: Lab) -> None:
    lab = fresh_on
    lab.ask("bob", "LabUser")
    lab.ask("alice", "LabUser")
    later = (utcnow() + HOUR).isoformat()
    waits = lab.ask("bob", starts_at=later)
    lab.approve("alice", waits["id"])
    lab.ask("alice", "LabAdmin")
    applying = lab.ask("alice")
    lab.approve("pi", applying["id"])
    names = ("ann", "ben", "cid", "dan")
    for name in names:
        lab.register(name, vouched_by="alice")
    queued, denied, cancelled, failed = (lab.ask(name) for name in names)
    lab.approve("alice", queued["id"])
    lab.post("alice", f"/v1/access-requests/{denied['id']}/deny", {"comment": "no"})
    lab.post("cid", f"/v1/access-requests/{cancelled['id']}/cancel")
    lab.approve("alice", failed["id"])
    with lab.running.database.write() as tx:
        move_request(tx, tx.session.get_one(AccessRequest, applying["id"]), APPLYING)
        outcomes.failed(tx, tx.session.get_one(AccessRequest, failed["id"]), "aws_refused", "a test")
    found = read(lab)
    # What the whole table says, which a scrape never asks.
    requests = columns(AccessRequest)
    axes = requests.c.decision, requests.c.provisioning
    with lab.running.database.read() as tx:
        every = {(d, p): n for d, p, n in tx.session.execute(sa.select(*axes, sa.func.count()).group_by(*axes))}
    open_ones = {axes: n for axes, n in every.items() if axes[0] == "pending" or axes == ("approved", "none")}
    open_ones |= {axes: n for axes, n in every.items() if axes[1] in {"queued", "applying"}}
    open_ones |= {("approved", "failed"): every["approved", "failed"]}
    assert len(every) > len(open_ones) == 5
    assert found.requests == open_ones
    assert found.requests["approved", "queued"] == found.due["request"] - 1  # the one that is applying is due as well
    assert found.lag["request"] > 0
    assert found.audit_seq is not None
    assert found.audit_age is not None


@BOTH
def test_an_end_that_is_late_shows_as_lag_and_as_access_that_outlives_its_end(fresh_on: Lab) -> None:
    lab = fresh_on
    grants = [grant_of(lab, who) for who in ("bob", "alice")]
    assert (read(lab).grants["active"], read(lab).due["end"], read(lab).overdue) == (2, 0, 0)
    with lab.running.database.write() as tx:
        ended = {"ends_at": tx.now - HOUR, "due_at": tx.now - HOUR}
        tx.session.connection().execute(sa.update(columns(Grant)).where(columns(Grant).c.id == grants[0]), ended)
    found = read(lab)
    assert (found.grants["active"], found.due["end"]) == (2, 1)
    assert 3600 <= found.lag["end"] < 4000
    assert 3600 <= found.overdue < 4000
    # Tried in vain: the next try is in the future, so nothing is late, and the access is there all the same.
    with lab.running.database.write() as tx:
        grant = tx.session.get_one(Grant, grants[0])
        move_grant(tx, grant, GrantState.REVOKING)
        move_grant(tx, grant, GrantState.REVOKE_FAILED, due_at=tx.now + HOUR)
    found = read(lab)
    assert (found.grants["active"], found.grants["revoke_failed"], found.due["end"]) == (1, 1, 0)
    assert found.lag["end"] == 0
    assert 3600 <= found.overdue < 4000
    shown = scrape(lab)
    assert value(shown, "grants", state="revoke_failed") == 1
    assert value(shown, "lag_seconds", what="end") == 0
    assert 3600 <= value(shown, "access_overdue_seconds") < 4000


def grant_of(lab: Lab, who: str) -> str:
    """An active grant in a lab whose worker is elsewhere."""
    asked = lab.ask(who)
    lab.approve("pi", asked["id"])
    with lab.running.database.write() as tx:
        row = tx.session.get_one(AccessRequest, asked["id"])
        move_request(tx, row, APPLYING)
        [grant_id] = row.grant_ids
        grant = tx.session.get_one(Grant, grant_id)
        move_grant(tx, grant, GrantState.APPLYING)
        outcomes.activate(tx, grant)
    return str(grant_id)


@SQLITE
def test_no_figure_reads_a_whole_table(fresh_on: Lab) -> None:
    """On SQLite, whose plans do not depend on how full a table is."""
    statements: list[tuple[str, Any]] = []
    engine = fresh_on.running.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _u, text, values, *_: statements.append((text, values)))
    read(fresh_on)
    queries = [(text, values) for text, values in statements if "FROM" in text]
    with engine.connect() as connection:
        plans = {
            text: [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
            for text, values in queries
        }
    assert len(plans) >= 6
    small = re.compile(r"SCAN (restoration|anon_\d+|CONSTANT ROW)")
    scans = [line for plan in plans.values() for line in plan if line.startswith("SCAN") and not small.match(line)]
    assert scans == []


@SQLITE
def test_counting_stops_where_a_figure_has_said_enough(fresh_on: Lab) -> None:
    model = grant_of(fresh_on, "bob")
    table = columns(Grant)
    with fresh_on.running.database.write() as tx:
        connection = tx.session.connection()
        row = dict(connection.execute(sa.select(table).where(table.c.id == model)).mappings().one())
        connection.execute(sa.insert(table), [{**row, "id": f"copy {n}"} for n in range(figures.COUNTED)])
    assert read(fresh_on).grants["active"] == figures.COUNTED


@SQLITE
def test_http_requests_are_counted_by_template_method_and_status(fresh_on: Lab) -> None:
    lab = fresh_on
    asked = lab.ask("bob")["id"]
    lab.get("bob", f"/v1/access-requests/{asked}")
    lab.call("bob", "GET", f"/v1/access-requests/{'0' * 36}")
    lab.call("bob", "PROPFIND", "/v1/groups")
    lab.call(None, "GET", "/v1/groups")
    lab.call("bob", "GET", "/v1/nothing/here")
    found = scrape(lab)
    one = "/v1/access-requests/{request_id}"
    assert value(found, "http_requests_total", method="GET", route=one, status="200") == 1
    assert value(found, "http_requests_total", method="GET", route=one, status="404") == 1
    assert value(found, "http_requests_total", method="POST", route="/v1/access-requests", status="201") == 1
    assert value(found, "http_requests_total", method="other", route="/v1/groups", status="405") == 1
    assert value(found, "http_requests_total", method="GET", route="none", status="401") == 1
    assert value(found, "http_requests_total", method="GET", route="none", status="404") == 1
    assert value(found, "http_request_seconds_count", method="GET", route=one) == 2


def test_long_polls_are_counted_while_they_wait(still: Lab) -> None:
    asked = still.ask("bob")["id"]
    waiting = threading.Thread(
        target=still.call, args=("bob", "GET", f"/v1/access-requests/{asked}?wait=60&until=decided")
    )
    waiting.start()
    until(lambda: value(scrape(still), "waiting_requests") == 1)
    still.post("bob", f"/v1/access-requests/{asked}/cancel")
    waiting.join()
    until(lambda: value(scrape(still), "waiting_requests") == 0)


# AWS


def counted(name: str, **labels: str) -> float:
    return metrics.of_process("test").get_sample_value(f"gatehouse_aws_{name}", labels) or 0


def test_calls_to_aws_are_counted_by_what_became_of_them(aws: str) -> None:
    iam = BotoIam(endpoint_url=aws)
    before = [counted("calls_total", action="GetUser", outcome=said) for said in ("ok", "gone")]
    seconds = counted("call_seconds_count", action="GetUser")
    errors = counted("errors_total", action="GetUser", code="NoSuchEntity")
    assert iam.user("nobody-of-that-name") is None
    assert [counted("calls_total", action="GetUser", outcome=said) for said in ("ok", "gone")] == [
        before[0],
        before[1] + 1,
    ]
    assert counted("errors_total", action="GetUser", code="NoSuchEntity") == errors + 1
    assert counted("call_seconds_count", action="GetUser") == seconds + 1
    signed = counted("calls_total", action="GetCallerIdentity", outcome="ok")
    iam.account()
    assert counted("calls_total", action="GetCallerIdentity", outcome="ok") == signed + 1


def test_a_call_that_reaches_nobody_is_counted_as_one_to_try_again() -> None:
    labels = {"action": "DeleteUser", "outcome": "retryable"}
    codes = {"action": "DeleteUser", "code": "EndpointConnectionError"}
    before = counted("calls_total", **labels), counted("errors_total", **codes)
    iam = BotoIam(endpoint_url="http://127.0.0.1:1", attempts=1)
    with pytest.raises(aws.Retryable):
        iam.call(Operation("iam", "DeleteUser", {"UserName": "nobody"}, "a test"))
    assert (counted("calls_total", **labels), counted("errors_total", **codes)) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("code", ["x" * 65, "", "no code", 'Bad"} 1\n', "Ünbekannt", "a-b"])
def test_what_is_not_formed_like_a_code_is_no_label(code: str) -> None:
    assert metrics.Words(10)(code) == "other"


def test_labels_from_outside_are_bounded() -> None:
    words = metrics.Words(10)
    made = [words(f"Code{n}") for n in range(100)]
    assert made == [f"Code{n}" for n in range(10)] + ["other"] * 90
    assert [words(f"Code{n}") for n in range(10)] == made[:10]


# Whatever fails, they answer


def answers_without_a_database(app: Any) -> None:
    answer = called_from(app, "127.0.0.1")
    assert answer.status_code == 200
    found = samples(answer.text)
    assert value(found, "database_up") == 0
    assert {"gatehouse_requests", "gatehouse_grants"}.isdisjoint({name for name, _ in found})
    assert "gatehouse_build_info" in {name for name, _ in found}
    ready = called_from(app, "127.0.0.1", "/readyz")
    assert ready.status_code == 503
    assert ready.json()["status"] == "not_ready"
    assert ready.json()["checks"]["database"] == "does not answer"
    assert called_from(app, "127.0.0.1", "/healthz").status_code == 200


def application(url: str) -> Iterator[Any]:
    settings = Settings.model_construct(secret_key=bytes(range(32)), audit_key=bytes(range(1, 33)), docs=False)
    database = Database(url, audit_key=b"")
    yield create_app(settings, database, None)
    database.close()


def test_they_answer_while_a_file_is_not_there(tmp_path: Path) -> None:
    for app in application(f"sqlite:///{tmp_path / 'no folder' / 'x.db'}"):
        answers_without_a_database(app)


def test_they_answer_while_no_server_listens() -> None:
    for app in application("postgresql+psycopg://me:hush@127.0.0.1:1/x"):
        answers_without_a_database(app)


def test_they_answer_while_a_server_listens_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://me:hush@127.0.0.1:{silent.getsockname()[1]}/x"
        for app in application(url):
            answers_without_a_database(app)


@POSTGRESQL
def test_they_answer_while_the_database_is_gone_and_say_when_it_is_back(databases: Databases, fresh_on: Lab) -> None:
    assert value(scrape(fresh_on), "database_up") == 1
    name = fresh_on.running.database.engine.url.database
    databases._admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    databases._admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608
    until(lambda: value(scrape(fresh_on), "database_up") == 0)
    answers_without_a_database(app_of(fresh_on))
    databases._admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    until(lambda: value(scrape(fresh_on), "database_up") == 1)
    assert fresh_on.get(None, "/readyz")["status"] == "ready"


def cannot_be_written(databases: Databases, lab: Lab, *, on: bool) -> None:
    """A full disk on SQLite; on PostgreSQL what a standby is that was not promoted. Or that no more."""
    engine = lab.running.database.engine
    if engine.dialect.name == "postgresql":
        word = "on" if on else "off"
        databases._admin(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = {word}")
    elif on:
        sa.event.listen(engine, "connect", _no_more_pages)
    else:
        sa.event.remove(engine, "connect", _no_more_pages)
    engine.dispose()


def _no_more_pages(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA max_page_count = 1")  # as many as there are, that is


def writes(lab: Lab) -> bool:
    made = lab.call("pi", "POST", "/v1/tokens", {"name": "a test", "scopes": ["requests:read"], "expires_in": "P1D"})
    if made.status_code != 201:
        assert made.status_code == 503, made.text
        return False
    return lab.call("pi", "DELETE", f"/v1/tokens/{made.json()['id']}").status_code == 204


@BOTH
def test_a_database_that_can_be_read_but_not_written_is_not_ready(databases: Databases, fresh_on: Lab) -> None:
    before = value(scrape(fresh_on), "database_write_errors_total")
    assert fresh_on.get(None, "/readyz")["checks"]["database"] == "ok"
    cannot_be_written(databases, fresh_on, on=True)
    until(lambda: not writes(fresh_on))
    ready = fresh_on.call(None, "GET", "/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "cannot be written")
    found = scrape(fresh_on)
    assert value(found, "database_up") == 1
    assert value(found, "database_writable") == 0
    assert value(found, "database_write_errors_total") > before
    cannot_be_written(databases, fresh_on, on=False)
    assert writes(fresh_on)
    assert fresh_on.get(None, "/readyz")["checks"]["database"] == "ok"
    assert value(scrape(fresh_on), "database_writable") == 1


@POSTGRESQL
def test_a_write_that_ran_out_of_time_says_nothing_about_the_database(fresh_on: Lab) -> None:
    with pytest.raises(sa.exc.OperationalError, match="statement timeout"):
        sleep_too_long(fresh_on.running.database)
    assert fresh_on.get(None, "/readyz")["checks"]["database"] == "ok"


def sleep_too_long(database: Database) -> None:
    with database.write() as tx:
        tx.session.execute(sa.text("SET LOCAL statement_timeout = 1"))
        tx.session.execute(sa.text("SELECT pg_sleep(10)"))


# Workers


@POSTGRESQL
def test_an_api_without_a_worker_is_ready_and_says_whether_one_is_alive(fresh_on: Lab) -> None:
    ready = fresh_on.get(None, "/readyz")
    assert (ready["status"], ready["checks"]["worker"]) == ("ready", "none alive")
    assert value(scrape(fresh_on), "workers") == 0
    beat = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now()), (now() - interval '1 hour')"
    with fresh_on.running.database.engine.begin() as connection:
        connection.execute(sa.text(beat))
    # One process has two queues; the third is one that died an hour ago.
    assert read(fresh_on).workers == 1
    assert fresh_on.get(None, "/readyz")["checks"]["worker"] == "none in this process"


@BOTH
def test_the_worker_inside_is_seen(lab_on: Lab, kind: str) -> None:
    lab_on.join()
    until(lambda: value(scrape(lab_on), "workers") == 1)
    found = scrape(lab_on)
    assert value(found, "worker_fresh") == 1
    assert value(found, "worker_round_age_seconds") < 120
    assert (("gatehouse_jobs", frozenset({("state", "todo")})) in found) is (kind == "postgresql")


# Patience


class Looks:
    """Counts how often it is asked, and answers the number."""

    def __init__(self) -> None:
        self.many = 0

    def __call__(self) -> int:
        self.many += 1
        return self.many


def test_one_answer_is_kept_for_all_who_ask_soon() -> None:
    patient = Patient(Looks(), wait=30, keep=3600)
    assert [patient() for _ in range(5)] == [1] * 5
    eager = Patient(Looks(), wait=30, keep=0)
    assert [eager() for _ in range(3)] == [1, 2, 3]


def test_a_failure_is_told_to_all_and_not_looked_at_again_at_once() -> None:
    looks = Looks()

    def fail() -> None:
        looks()
        raise ValueError("away")

    patient = Patient(fail, wait=30, keep=3600)
    for _ in range(3):
        with pytest.raises(ValueError, match="away"):
            patient()
    assert looks.many == 1


def test_a_look_that_hangs_costs_one_thread_however_many_ask() -> None:
    looks, goes_on = Looks(), threading.Event()

    def hang() -> str:
        looks()
        goes_on.wait(60)
        return "at last"

    patient = Patient(hang, wait=0.01, keep=3600)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            patient()
    assert looks.many == 1
    goes_on.set()
    until(lambda: answered(patient) == "at last")
    assert looks.many == 1


def answered(patient: Patient[str]) -> str | None:
    try:
        return patient()
    except TimeoutError:
        return None


# A process without a web server of ours


def test_a_worker_can_be_scraped_on_a_port_of_its_own() -> None:
    port = free_port()
    with metrics.serve(metrics.of_process("9.9"), port):
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60)
        assert "gatehouse_build_info{" in answer.text
        with (
            pytest.raises(StartError, match=f"Cannot serve metrics on 127.0.0.1 port {port}"),
            metrics.serve(metrics.of_process("9.9"), port),
        ):
            pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60)


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("GATEHOUSE_METRICS_PORT", port)
    with pytest.raises(ValueError, match="metrics_port"):
        Settings(_env_file=None)  # type: ignore[call-arg] # pydantic-settings takes it


# What docs/operations.md says of them

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def families(lab: Lab) -> dict[str, set[str]]:
    """Every name that can be asked for, with its labels."""
    found: dict[str, set[str]] = {}
    for name, labels in scrape(lab):
        found.setdefault(name, set()).update(key for key, _ in labels)
    return found


def test_the_alarms_are_rules_that_prometheus_can_load_and_ask_for_what_is_there(lab: Lab) -> None:
    [text] = re.findall(r"```yaml\n(groups:.*?)```", OPERATIONS, re.DOTALL)
    lab.join()
    known = families(lab)
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 10
    for rule in rules:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert re.fullmatch(r"\d+[smhd]", rule["for"])
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary"}
        asked = re.findall(r"\b(gatehouse_\w+)(?:\{(.*?)\})?", rule["expr"])
        assert asked or rule["expr"].startswith("up"), rule
        for name, labels in asked:
            assert name in known | {"gatehouse_jobs": {"state"}}, rule["alert"]
            assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", labels)) <= known.get(name, {"state"}) | {"job"}, rule
        # What to do about it stands under its name.
        assert f"### {rule['alert']}\n" in OPERATIONS
    assert set(re.findall(r"^### (Gatehouse\w+)$", OPERATIONS, re.MULTILINE)) == {rule["alert"] for rule in rules}


def test_every_metric_is_described_and_every_one_described_is_there(lab: Lab) -> None:
    lab.join()
    base = {re.sub(r"_(bucket|count|sum)$", "", name) for name in families(lab) if name.startswith("gatehouse_")}
    listed = set(re.findall(r"^\| `(gatehouse_\w+)", OPERATIONS, re.MULTILINE))
    assert listed == base | {"gatehouse_jobs"}
