"""Logs: every line of a running service is one JSON object, says what it is about, and holds no secret."""

import io
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app import log
from tests.support.site import Server, Site, until

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
WRONG = "gh_pat_" + "Q" * 49


def lines(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(line, dict) and {"event", "level", "timestamp"} <= set(line) for line in found)
    return found


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Server]]:
    """What a server wrote to stderr, whose callers did everything that could get a secret into a log."""
    folder = tmp_path_factory.mktemp("simulated")
    env = {"PATH": str(Path(sys.executable).parent), "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}
    site = Site(folder, env)
    with site.serving("--simulate") as server:
        request_id = server.asked_and_approved("PT2S")
        server.applied(request_id)
        server.grant_until(request_id, "revoked")
        code = server.call("alice", "POST", "/v1/users/pi/enrolment", expect=409)["code"]
        assert code == "recover_instead"
        server.call("pi", "POST", "/v1/users", {"name": "eve", "email": "eve@lab.example"}, expect=201)
        code = server.call("pi", "POST", "/v1/users/eve/enrolment", expect=201)["code"]
        server.call(None, "GET", f"/v1/enrolments/{code}", expect=401)
        server.tokens["eve"] = server.call(None, "POST", "/v1/enrolments/redeem", {"code": code})["token"]
        server.tokens["code"] = code
        for token in (server.tokens["bob"], WRONG):
            headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "asked-by-a-test"}
            for path in ("/v1/me", f"/v1/users/{token}", f"/v1/me?token={token}", f"/{token}"):
                server.client.get(path, headers=headers)
        not_http(server)
        until(lambda: "Invalid HTTP request" in site.said())
        assert server.terminate()[0] == 0
        yield site.said(), server


def not_http(server: Server) -> None:
    """What makes the web server itself complain."""
    address = urlsplit(server.said["url"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as sock:
        sock.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        sock.recv(1024)


def test_every_line_of_a_running_server_is_json(said: tuple[str, Server]) -> None:
    assert len(lines(said[0])) > 20


def test_no_token_and_no_code_is_ever_in_them(said: tuple[str, Server]) -> None:
    text, server = said
    assert len(server.tokens) == 5
    for secret in (*server.tokens.values(), WRONG):
        assert secret not in text
        assert secret[7:] not in text
    # They were there to be logged: it is their place in the address that was hidden.
    assert any(line.get("path") == "/v1/users/gh_pat_***" for line in lines(text))


def test_a_line_about_a_request_has_its_id(said: tuple[str, Server]) -> None:
    requests = [line for line in lines(said[0]) if line["event"] == "request"]
    mine = [line for line in requests if line["request_id"] == "asked-by-a-test"]
    assert [line["status"] for line in mine] == [200, 404, 422, 404, 401, 401, 401, 404]
    assert len({line["request_id"] for line in requests}) == len(requests) - len(mine) + 1
    assert all({"method", "path", "status", "ms", "part", "request_id"} <= set(line) for line in requests)


def test_a_line_about_work_says_which(said: tuple[str, Server]) -> None:
    worked = [line for line in lines(said[0]) if line["event"] == "worked" and line["work"] != "tidy"]
    assert {line["work"] for line in worked} >= {"request", "ends"}
    assert {line["account"] for line in worked} == {"default"}
    assert all(line["id"] for line in worked)
    assert len({line["work_id"] for line in worked}) == len(worked)


def test_what_the_web_server_says_is_a_line_like_any_other(said: tuple[str, Server]) -> None:
    [line] = [line for line in lines(said[0]) if line.get("logger") == "uvicorn.error"]
    assert (line["level"], line["event"]) == ("warning", "Invalid HTTP request received.")


_OTHERS = """
import logging, sys, threading, warnings
from app import log
log.configure(json_lines=True, level=sys.argv[1])
logging.getLogger("procrastinate.worker").error("Job wake[7](what='ends', id='LabGuest') failed\\nin two lines")
logging.getLogger("sqlalchemy.pool").warning("Connection %s is gone", "postgresql://me:hush@db/x")
logging.getLogger("sqlalchemy.pool").warning("too many %s %s", "arguments for that")
logging.getLogger("botocore.auth").debug("what it signs with")
logging.getLogger("botocore.auth").info("what it signs with")
try:
    raise ValueError("Bearer hush.hush.hush")
except ValueError:
    logging.getLogger("asyncio").exception("a task")
    log.get("test").exception("ours")
warnings.warn_explicit("deprecated\\nin two lines", UserWarning, "not a file.py", 15)
thread = threading.Thread(target=lambda: 1 / 0, name="a thread")
thread.start()
thread.join()
class Bad:
    def __del__(self):
        raise RuntimeError("too late")
Bad()
with log.working(work="ends", account="default", id="LabGuest"):
    logging.getLogger("urllib3").warning("retrying")
    log.get("test").debug("only when asked for")
raise LookupError("gh_svc_hushhushhush")
"""


def logged_by_others(level: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", _OTHERS, level], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "hush" not in done.stderr
    return lines(done.stderr)


def test_what_libraries_say_and_what_nobody_caught_are_lines_like_any_other() -> None:
    found = logged_by_others("INFO")
    assert [(line.get("logger") or line["part"], line["level"], line["event"]) for line in found] == [
        ("procrastinate.worker", "error", "Job wake[7](what='ends', id='LabGuest') failed\nin two lines"),
        ("sqlalchemy.pool", "warning", "Connection postgresql://me:***@db/x is gone"),
        ("sqlalchemy.pool", "error", "unwritable"),
        ("asyncio", "error", "a task"),
        ("test", "error", "ours"),
        ("py.warnings", "warning", "not a file.py:15: UserWarning: deprecated\nin two lines\n"),
        ("process", "critical", "uncaught"),
        ("process", "error", "unraisable"),
        ("urllib3", "warning", "retrying"),
        ("worker", "info", "worked"),
        ("process", "critical", "uncaught"),
    ]
    assert all("ValueError: Bearer ***" in line["exception"] for line in found[3:5])
    assert found[6]["thread"] == "a thread"
    about = {"work": "ends", "account": "default", "id": "LabGuest"}
    assert [{k: line.get(k) for k in about} for line in found[8:10]] == [about] * 2
    assert found[8]["work_id"] == found[9]["work_id"]
    assert "LookupError" in found[10]["exception"]


_NOBODY_READS = """
import logging, os, sys
from app import log, metrics
log.configure(json_lines=True)
read, write = os.pipe()
os.dup2(write, 2)
os.close(read)
os.close(write)
log.get("test").error("lost")
logging.getLogger("urllib3").warning("lost as well")
sys.stderr = None
log.get("test").error("no stderr at all")
print(metrics.LOG_LINES_LOST.collect()[0].samples[0].value, flush=True)
os._exit(0)
"""


def test_a_log_that_nobody_takes_stops_nothing_and_is_counted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NOBODY_READS], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "3.0\n", "")


def test_libraries_never_say_more_than_warnings() -> None:
    loud = logged_by_others("DEBUG")
    assert "only when asked for" in {line["event"] for line in loud}
    assert "what it signs with" not in {line["event"] for line in loud}
    quiet = logged_by_others("ERROR")
    assert {line["level"] for line in quiet} == {"error", "critical"}


def test_operations_explains_every_warning_and_nothing_that_is_never_written() -> None:
    table = re.findall(r"^\| (`[a-z_`, ]+) \| (?:info|warning|error|critical)", OPERATIONS, re.MULTILINE)
    explained = {event for cell in table for event in re.findall(r"`(\w+)`", cell)}
    source = "".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    warned = set(re.findall(r'(?:log|get\("\w+"\))\.(?:warning|error|critical|exception)\(\s*"(\w+)"', source))
    assert len(warned) > 20
    assert warned - explained == set()
    assert {event for event in explained if f'"{event}"' not in source} == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gh_pat_abc123 and gh_svc_X9", "gh_pat_*** and gh_svc_***"),
        ("one line\\ngh_pat_abc123", "one line\\ngh_pat_***"),
        ("code 23AB-CDEF-GHJK-MNPQ-RSTU.", "code ***."),
        ("Authorization: Bearer eyJ.a-b_c=", "Authorization: Bearer ***"),
        ("postgresql+psycopg://me:p%40ss@db/x", "postgresql+psycopg://me:***@db/x"),
        ("host=db password=hush user=me", "host=db password=*** user=me"),
        ("password='hush' secret=\\\"hush\\\"", "password='***' secret=\\\"***\\\""),
        ("http://127.0.0.1:8000/v1/me", "http://127.0.0.1:8000/v1/me"),
        ("019ab3c0-1111-7222-8333-444455556666", "019ab3c0-1111-7222-8333-444455556666"),
        ("arn:aws:iam::123456789012:user/lab/bob", "arn:aws:iam::123456789012:user/lab/bob"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_nothing_else_is(text: str, shown: str) -> None:
    assert log.masked(text) == shown


def test_masking_leaves_json_what_it_is() -> None:
    document = {
        "a": 'x password="hush" y',
        "b": "Bearer hush\\",
        "c": "://me:hush@x",
        "d": ["gh_pat_hush\n"],
        "e": "bearer ",
    }
    written = log.masked(json.dumps(document))
    assert "hush" not in written
    assert set(json.load(io.StringIO(written))) == set(document)
