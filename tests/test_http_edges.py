"""What the API does at its edges: problems, strict reading, cursors, idempotency, rates, long polls."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlmodel import select

from app.models import IdempotencyKey
from tests.conftest import BOTH, Databases
from tests.support.lab import STEP, Lab, serving

LIMIT = 256 * 1024
NOBODY = "019a0000-0000-7000-8000-000000000000"
JOIN = {"kind": "group.join", "change": {"group": "LabGuest"}, "reason": "a test"}
ASK, PREVIEW = "/v1/access-requests", "/v1/access-requests/preview"
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, after a look at everything that each of them has."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json()
    assert document.keys() >= MEMBERS
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == f"urn:gatehouse:problem:{code}"
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


def refused(answer: httpx.Response) -> dict[str, Any]:
    """The only error of a 422."""
    errors: list[dict[str, Any]] = problem(answer, 422, "invalid")["errors"]
    assert [error.keys() for error in errors] == [{"loc", "msg", "type"}]
    return errors[0]


def send(lab: Lab, who: str | None, method: str, path: str, content: Any, **headers: str) -> httpx.Response:
    """Bytes as they are, as JSON."""
    return lab.call(who, method, path, content=content, headers={"Content-Type": "application/json", **headers})


# Problems


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status", "code"),
    [
        ("pi", "GET", "/v1/users?cursor=x", None, 400, "bad_cursor"),
        (None, "GET", "/v1/me", None, 401, "no_token"),
        ("bob", "GET", "/v1/audit-events", None, 403, "auditors_only"),
        ("pi", "GET", f"/v1/grants/{NOBODY}", None, 404, "grant_not_found"),
        ("pi", "GET", "/v1/nothing-here", None, 404, "not_found"),
        (None, "GET", "/nothing-here", None, 404, "not_found"),
        ("pi", "PUT", "/v1/users/bob", None, 405, "method_not_allowed"),
        ("alice", "POST", "/v1/users/pi/enrolment", None, 409, "recover_instead"),
        ("pi", "POST", ASK, {**JOIN, "emergency": True, "user": "bob"}, 422, "emergency_not_available"),
        ("pi", "POST", ASK, {**JOIN, "user": "nobody"}, 404, "user_not_found"),
    ],
)
def test_every_refusal_is_a_problem_document(
    still: Lab, who: str | None, method: str, path: str, body: Any, status: int, code: str
) -> None:
    more = {"errors"} if status == 422 else set()
    assert problem(still.call(who, method, path, body), status, code).keys() == MEMBERS | more


@pytest.mark.parametrize(
    "body",
    [
        {**JOIN, "password": "hunter2"},
        {**JOIN, "duration": "hunter2"},
        {**JOIN, "kind": "hunter2"},
        {**JOIN, "change": {"group": "hunter2 "}},
        {**JOIN, "emergency": "hunter2"},
        {**JOIN, "starts_at": "hunter2"},
        ["hunter2"],
    ],
)
def test_a_422_says_where_and_why_and_never_what_was_sent(still: Lab, body: Any) -> None:
    answer = still.call("bob", "POST", ASK, body)
    refused(answer)
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/v1/nothing-here", b""),
        ("GET", "/v1", b""),
        ("GET", "/v1/grants/x%00y", b""),
        ("GET", "/v1/users?no_such=parameter", b""),
        ("GET", "/v1/users?limit=0", b""),
        ("DELETE", "/v1/users", b""),
        ("POST", ASK, b"{not json"),
        ("POST", ASK, b"\xff"),
        ("POST", ASK, b" " * (LIMIT + 1)),
        ("POST", f"{ASK}/{NOBODY}/approve", b"[[["),
        ("POST", "/v1/enrolments/redeem/more", b"{}"),
    ],
)
@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "no_token"),
        ("Bearer", "no_token"),
        ("Basic cGk6cGk=", "no_token"),
        ("Bearer gh_pat_nonsense", "bad_token"),
        (f"Bearer gh_pat_{'0' * 49}", "bad_token"),
    ],
)
def test_401_comes_before_everything(
    still: Lab, method: str, path: str, content: bytes, authorization: str, code: str
) -> None:
    answer = send(still, None, method, path, content, Authorization=authorization)
    problem(answer, 401, code)
    assert answer.headers["www-authenticate"] == 'Bearer realm="gatehouse"'


def test_open_addresses_need_no_token(still: Lab) -> None:
    opened = ("/healthz", "/readyz", "/openapi.json", "/docs")
    assert {path: still.call(None, "GET", path).status_code for path in opened} == dict.fromkeys(opened, 200)
    problem(still.call(None, "POST", "/v1/enrolments/redeem", {"code": "no such"}), 400, "invalid_code")


# Reading strictly

BODIES = {
    "nothing": b"",
    "not JSON": b"{not json",
    "more than JSON": b"{} {}",
    "a number": b"7",
    "null": b"null",
    "NaN": b'{"kind": NaN}',
    "Infinity": b'{"reason": Infinity}',
    "minus Infinity": b'{"reason": -Infinity}',
    "1e999": b'{"reason": 1e999}',
    "minus 1e999": b'{"change": [{"group": -1e999}]}',
    "huge integer": b'{"reason": ' + b"9" * 5000 + b"}",
    "large integer": b'{"emergency": ' + b"9" * 400 + b"}",
    "a name twice": b'{"kind": "group.join", "kind": "group.leave"}',
    "a name twice, deep": b'{"change": {"group": "A", "group": "B"}}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "deep but small": b"[" * 200 + b"]" * 200,
    "invalid UTF-8": b'{"reason": "\xff\xfe"}',
    "overlong UTF-8": b'{"reason": "\xc0\x80"}',
    "surrogate as UTF-8": b'{"reason": "\xed\xa0\x80"}',
    "UTF-16": '{"reason": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"reason": "x"}',
    "a lone surrogate": json.dumps({**JOIN, "reason": "x \ud800"}).encode(),
    "surrogates in the wrong order": json.dumps({**JOIN, "reason": "\udc00\ud800"}).encode(),
    "a lone surrogate in a name": json.dumps({**JOIN, "\udfff": 1}).encode(),
    "NUL": json.dumps({**JOIN, "reason": "x\x00y"}).encode(),
    "NUL in a name": json.dumps({**JOIN, "x\x00": 1}).encode(),
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("path", [ASK, PREVIEW, "/v1/users", "/v1/tokens"])
def test_what_is_no_good_json_is_422(still: Lab, path: str, content: bytes) -> None:
    problem(send(still, "pi", "POST", path, content), 422, "invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/x%00y",
        "/v1/users/%00",
        "/v1/grants/%ED%A0%80",
        "/v1/groups/%FF",
        f"{ASK}/%C0%80/events",
        "/v1/users?search=x%00",
        "/v1/users?%00=x",
        "/v1/users?search=%ED%A0%80",
        "/v1/audit-events?actor=%FF%FE",
        "/v1/users?cursor=%00",
    ],
)
def test_an_address_that_is_no_text_is_422(still: Lab, path: str) -> None:
    refused(still.call("pi", "GET", path))


@pytest.mark.parametrize(
    "query",
    ["limit=" + "9" * 5000, "limit=" + "9" * 30, "limit=NaN", "limit=1e999", "limit=", "limit=1.5", "limit=true"],
    ids=ascii,
)
def test_a_number_in_a_query_is_read_strictly(still: Lab, query: str) -> None:
    refused(still.call("pi", "GET", f"/v1/users?{query}"))


def test_characters_of_every_kind_are_kept(still: Lab) -> None:
    reason = "RNA-Seq für Zoë 🧬 \u202e ﷽ \U0010ffff 'quotes' \"double\" <b> % \\ "
    shown = still.post("bob", ASK, {**JOIN, "reason": reason}, expect=201)
    assert shown["reason"] == reason
    still.post("bob", f"{ASK}/{shown['id']}/cancel")


@pytest.mark.parametrize("value", [0, 1, "true", "yes", "off", 0.0, None, [], {}], ids=ascii)
def test_only_true_and_false_are_boolean(still: Lab, value: Any) -> None:
    assert refused(still.call("bob", "POST", ASK, {**JOIN, "emergency": value}))["loc"][-1] == "emergency"


@pytest.mark.parametrize(
    "value",
    [
        1700000000,
        0.5,
        "1700000000",
        "2027-01-31",
        "2027-01-31T09:30:00",
        "2027-01-31 09:30:00Z",
        "2027-02-30T09:30:00Z",
        "2027-01-31T09:30:00+25:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "now",
    ],
    ids=ascii,
)
def test_only_rfc_3339_with_its_zone_is_a_time(still: Lab, value: Any) -> None:
    assert refused(still.call("bob", "POST", PREVIEW, {**JOIN, "starts_at": value}))["loc"][-1] == "starts_at"
    answer = still.call("pi", "GET", "/v1/grants", params={"ends_before": value})
    assert refused(answer)["loc"] == ["query", "ends_before"]


@pytest.mark.parametrize(
    "value",
    [
        5,
        5.5,
        True,
        [],
        {},
        "",
        "P",
        "PT",
        "P1DT",
        "P1Y",
        "P1M",
        "P1W",
        "-P1D",
        "+P1D",
        "P-1D",
        "P1.5D",
        "PT1.5S",
        "PT0S",
        "P0D",
        "P0DT0H",
        "2 days",
        "1D",
        "P1H",
        "PT1D",
        "PT1H30",
        "PT1S1H",
        "p1d",
        " P1D",
        "P1D ",
        "P1D\n",
        "P\u0661D",
        "P36501D",
        "P99999D",
        "P" + "9" * 5000 + "D",
        "7",
        "inf",
    ],
    ids=ascii,
)
def test_what_is_no_duration_is_422(still: Lab, value: Any) -> None:
    assert refused(still.call("bob", "POST", ASK, {**JOIN, "duration": value}))["loc"][-1] == "duration"


@pytest.mark.parametrize(
    ("written", "answered"),
    [("P7D", "P7D"), ("PT24H", "P1D"), ("PT90M", "PT1H30M"), ("PT1S", "PT1S"), ("P1DT12H30M5S", "P1DT12H30M5S")],
)
def test_durations_are_answered_in_their_shortest_form(still: Lab, written: str, answered: str) -> None:
    assert still.post("bob", PREVIEW, {**JOIN, "duration": written})["duration"] == answered


@pytest.mark.parametrize("reason", ["", " ", "\t\n ", "\u00a0\u2003", "x" * 1001, 7, None], ids=ascii)
def test_a_reason_has_1_to_1000_characters_and_is_not_blank(still: Lab, reason: Any) -> None:
    assert refused(still.call("bob", "POST", ASK, {**JOIN, "reason": reason}))["loc"][-1] == "reason"
    assert still.call("bob", "POST", PREVIEW, {**JOIN, "reason": "ß" * 1000}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        ("POST", ASK, {**JOIN, "colour": 1}, "colour"),
        ("POST", ASK, {**JOIN, "change": {"group": "LabGuest", "colour": 1}}, "colour"),
        ("POST", PREVIEW, {**JOIN, "Kind": "group.join"}, "Kind"),
        ("POST", f"{ASK}/{NOBODY}/approve", {"plan_digests": []}, "plan_digests"),
        ("POST", f"{ASK}/{NOBODY}/deny", {"comment": "no", "by": "pi"}, "by"),
        ("POST", f"/v1/grants/{NOBODY}/revoke", {"reason": "x", "force": True}, "force"),
        ("POST", f"/v1/grants/{NOBODY}/extend", {"reason": "x", "duration": "P1D", "x": 1}, "x"),
        ("POST", "/v1/users", {"name": "eve", "email": "eve@lab.example", "verified": True}, "verified"),
        ("PATCH", "/v1/users/bob", {"roles": ["member"], "name": "eve"}, "name"),
        ("POST", "/v1/tokens", {"name": "x", "scopes": ["admin"], "expires_in": "P1D", "owner": "pi"}, "owner"),
        ("POST", "/v1/enrolments/redeem", {"code": "x", "user": "pi"}, "user"),
    ],
)
def test_unknown_fields_are_422(still: Lab, method: str, path: str, body: Any, name: str) -> None:
    error = refused(still.call("pi", method, path, body))
    assert (error["loc"][-1], error["type"]) == (name, "extra_forbidden")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"/v1/{name}") for name in ("access-requests", "grants", "users", "groups", "tokens", "me")),
        ("GET", "/v1/audit-events"),
        ("GET", "/v1/audit-events/verify"),
        ("GET", "/v1/users/bob"),
        ("GET", "/v1/groups/LabGuest/members"),
        ("POST", PREVIEW),
        ("POST", "/v1/enrolments/redeem"),
    ],
)
def test_unknown_query_parameters_are_422(still: Lab, method: str, path: str) -> None:
    error = refused(still.call("pi", method, f"{path}?colour=red", JOIN if method == "POST" else None))
    assert error == {"loc": ["query", "colour"], "msg": "There is no such parameter.", "type": "extra_forbidden"}


def _pieces(size: int) -> Iterator[bytes]:
    text = json.dumps(JOIN).encode()
    yield text
    yield from (b" " * min(1000, size - at) for at in range(len(text), size, 1000))


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "chunked"])
def test_a_body_of_256_kib_is_read_and_a_longer_one_is_413(still: Lab, chunked: bool) -> None:  # noqa: FBT001
    for size, status in ((LIMIT, 200), (LIMIT + 1, 413), (LIMIT * 4, 413)):
        content: Any = _pieces(size) if chunked else b"".join(_pieces(size))
        answer = send(still, "bob", "POST", PREVIEW, content)
        assert ("content-length" in answer.request.headers) is not chunked
        assert answer.status_code == status
        if status == 413:
            problem(answer, 413, "body_too_large")


def test_a_405_lists_every_method_of_the_address(still: Lab) -> None:
    paths = still.get(None, "/openapi.json")["paths"]
    declared = {path: ", ".join(sorted(method.upper() for method in item)) for path, item in paths.items()}
    answered = {}
    for path in paths:
        answer = still.call("pi", "OPTIONS", path.replace("{", "").replace("}", ""))
        problem(answer, 405, "method_not_allowed")
        answered[path] = answer.headers["allow"]
    assert answered == declared
    assert declared["/v1/users/{name}"] == "DELETE, GET, PATCH"
    assert declared["/v1/access-requests/preview"] == "POST"


# Headers

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_request_id_and_a_traceparent_are_kept(still: Lab) -> None:
    given = {"X-Request-Id": "lab-42/run:7", "traceparent": TRACE}
    for path in ("/healthz", "/v1/me", "/v1/grants/x"):
        answer = still.call("pi", "GET", path, headers=given)
        assert (answer.headers["x-request-id"], answer.headers["traceparent"]) == tuple(given.values())
    assert problem(still.call(None, "GET", "/v1/me", headers=given), 401, "no_token")["request_id"] == "lab-42/run:7"


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "ä".encode("latin-1"), '"', "<script>"], ids=ascii)
def test_a_bad_request_id_is_replaced(still: Lab, given: str | bytes) -> None:
    answers = [still.call("pi", "GET", "/v1/me", headers={"X-Request-Id": given}) for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert [len(i) for i in ids] == [36, 36]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    "given",
    ["", "nonsense", TRACE.upper(), "ff" + TRACE[2:], f"00-{'0' * 32}-00f067aa0ba902b7-01", TRACE + "-more"],
    ids=ascii,
)
def test_a_bad_traceparent_is_dropped(still: Lab, given: str) -> None:
    assert "traceparent" not in still.call("pi", "GET", "/v1/me", headers={"traceparent": given}).headers


def test_a_request_id_is_in_the_audit(still: Lab) -> None:
    row = still.post("bob", ASK, JOIN, expect=201, headers={"X-Request-Id": "audit-me"})
    still.post("bob", f"{ASK}/{row['id']}/cancel")
    events = still.get("bob", f"{ASK}/{row['id']}/events")["items"]
    assert [(e["event"], e["request_id"] == "audit-me") for e in events] == [
        ("access_request.asked", True),
        ("access_request.cancelled", False),
    ]


@BOTH
def test_if_match_guards_a_patch(fresh_on: Lab) -> None:
    lab = fresh_on
    etag = lab.call("pi", "GET", "/v1/users/bob").headers["etag"]
    assert etag == f'"{lab.get("pi", "/v1/users/bob")["version"]}"'
    wish = {"roles": ["member", "auditor"]}
    for stale in ('"0"', etag.strip('"'), f"W/{etag}", '"x", "y"', ""):
        answer = lab.call("pi", "PATCH", "/v1/users/bob", wish, headers={"If-Match": stale})
        problem(answer, 412, "precondition_failed")
    assert lab.get("pi", f"{ASK}?user=bob&kind=user.roles")["items"] == []

    answer = lab.call("pi", "PATCH", "/v1/users/bob", wish, headers={"If-Match": f'"0", {etag}'})
    assert answer.status_code == 202
    lab.approve("alice", answer.json()["access_requests"][0]["id"])
    user = lab.call("pi", "GET", "/v1/users/bob")
    assert user.json()["roles"] == ["auditor", "member"]
    assert user.headers["etag"] != etag
    back = {"roles": ["member"]}
    problem(lab.call("pi", "PATCH", "/v1/users/bob", back, headers={"If-Match": etag}), 412, "precondition_failed")
    assert lab.call("pi", "PATCH", "/v1/users/bob", back, headers={"If-Match": "*"}).status_code == 202


# Lists


def ask_and_cancel(lab: Lab) -> None:
    lab.post("bob", f"{ASK}/{lab.ask('bob')['id']}/cancel")


def register(lab: Lab) -> None:
    name = f"u{time.monotonic_ns()}"
    lab.post("pi", "/v1/users", {"name": name, "email": f"{name}@lab.example"}, expect=201)


def make_token(lab: Lab) -> None:
    lab.post("pi", "/v1/tokens", {"name": "t", "scopes": ["admin"], "expires_in": "P1D"}, expect=201)


GROWING = {
    "/v1/access-requests": (ask_and_cancel, "id"),
    "/v1/users": (register, "id"),
    "/v1/tokens": (make_token, "id"),
    "/v1/audit-events": (make_token, "seq"),
}


@BOTH
@pytest.mark.parametrize("path", GROWING)
def test_walking_a_list_while_rows_are_added_loses_and_repeats_nothing(
    databases: Databases, kind: str, path: str
) -> None:
    add, key = GROWING[path]
    with databases.lab(kind, with_worker=False) as lab:
        for _ in range(5):
            add(lab)
        there = [row[key] for row in lab.get("pi", f"{path}?limit=200")["items"]]
        assert there == sorted(there, reverse=True)
        assert len(there) >= 5
        walked, query = [], {"limit": 2}
        while True:
            page = lab.get("pi", path, params=query)
            assert len(page["items"]) <= 2
            walked += [row[key] for row in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
            add(lab)
        assert walked == there


def test_a_changed_cursor_is_400(still: Lab) -> None:
    cursor = still.get("pi", "/v1/users?limit=1")["next_cursor"]
    assert len(still.get("pi", f"/v1/users?limit=1&cursor={cursor}")["items"]) == 1
    changed = [cursor[:i] + ("A" if cursor[i] != "A" else "B") + cursor[i + 1 :] for i in range(len(cursor))]
    # Neighbours in the alphabet differ in the last bits, which base64 may ignore at the end.
    changed += [cursor[:-1] + chr(ord(cursor[-1]) + step) for step in (-1, 1)]
    changed += ["", "x", cursor[:-1], cursor + "A", cursor + "=", cursor * 2, cursor.upper(), "é", "." * 500]
    for text in changed:
        answer = still.call("pi", "GET", "/v1/users", params={"limit": 1, "cursor": text})
        problem(answer, 400, "bad_cursor")
    refused(still.call("pi", "GET", "/v1/users", params={"cursor": "x" * 501}))


def test_a_cursor_belongs_to_its_list_its_filters_and_its_caller(still: Lab) -> None:
    make_token(still)
    make_token(still)
    cursors = {
        "/v1/users?limit=1": "",
        "/v1/users?limit=1&search=lab": "",
        "/v1/groups?limit=1": "",
        "/v1/tokens?limit=1": "",
        "/v1/access-requests?limit=1": "",
        "/v1/audit-events?limit=1": "",
        "/v1/audit-events?limit=1&actor=pi": "",
    }
    for path in cursors:
        cursors[path] = quote(still.get("pi", path)["next_cursor"])
    for path in cursors:
        for home, cursor in cursors.items():
            answer = still.call("pi", "GET", f"{path}&cursor={cursor}")
            assert (path == home, answer.status_code) in {(True, 200), (False, 400)}, (path, home)
    answer = still.call("alice", "GET", f"/v1/users?limit=1&cursor={cursors['/v1/users?limit=1']}")
    problem(answer, 400, "bad_cursor")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/access-requests",
        "/v1/grants",
        "/v1/users",
        "/v1/groups",
        "/v1/groups/LabGuest/members",
        "/v1/tokens",
        "/v1/audit-events",
    ],
)
def test_a_limit_is_1_to_200(still: Lab, path: str) -> None:
    answers = {limit: still.call("pi", "GET", f"{path}?limit={limit}").status_code for limit in (-1, 0, 1, 200, 201)}
    assert answers == {-1: 422, 0: 422, 1: 200, 200: 200, 201: 422}
    assert still.get("pi", path).keys() == {"items", "next_cursor"}


# Idempotency


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


@BOTH
def test_the_same_key_and_body_give_the_first_answer_again(fresh_on: Lab) -> None:
    lab = fresh_on
    first = lab.call("bob", "POST", ASK, JOIN, headers=keyed("k1"))
    assert first.status_code == 201
    lab.post("bob", f"{ASK}/{first.json()['id']}/cancel", headers=keyed("k2"))
    again = lab.call("bob", "POST", ASK, JOIN, headers=keyed("k1"))
    kept = ("etag", "content-type", "cache-control")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.headers[name] for name in kept] == [first.headers[name] for name in kept]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert lab.post("bob", f"{ASK}/{first.json()['id']}/cancel", headers=keyed("k2"))["decision"] == "cancelled"
    assert len(lab.get("bob", f"{ASK}?kind=group.join")["items"]) == 1


def test_a_key_with_another_body_or_address_is_422(still: Lab) -> None:
    row = still.post("bob", ASK, JOIN, expect=201, headers=keyed("other"))
    cancel = f"{ASK}/{row['id']}/cancel"
    dave = {"name": "dave", "email": "dave@lab.example"}
    for path, body in ((ASK, {**JOIN, "reason": "another"}), ("/v1/users", dave), (cancel, None)):
        problem(still.call("bob", "POST", path, body, headers=keyed("other")), 422, "idempotency_key_reused")
    assert still.post("bob", cancel)["decision"] == "cancelled"


def test_keys_belong_to_the_caller(still: Lab) -> None:
    rows = [still.post(who, ASK, JOIN, expect=201, headers=keyed("shared")) for who in ("bob", "alice")]
    assert [row["user"] for row in rows] == ["bob", "alice"]
    for row in rows:
        still.post(row["user"], f"{ASK}/{row['id']}/cancel")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ä".encode("latin-1"), "a\tb"], ids=ascii)
def test_a_key_that_is_no_key_is_422(still: Lab, key: str | bytes) -> None:
    for path in (ASK, PREVIEW):
        answer = still.call("bob", "POST", path, JOIN, headers={"Idempotency-Key": key})
        problem(answer, 422, "idempotency_key_invalid")


def test_a_refused_attempt_leaves_the_key_free(still: Lab) -> None:
    wish = {"name": "later", "email": "later@lab.example", "roles": ["service"], "owner": "nobody-yet"}
    problem(still.call("pi", "POST", "/v1/users", wish, headers=keyed("free")), 404, "user_not_found")
    wish["owner"] = "bob"
    assert still.call("pi", "POST", "/v1/users", wish, headers=keyed("free")).status_code == 201


@BOTH
def test_sixteen_at_once_with_one_key_make_one_row(fresh_on: Lab) -> None:
    lab = fresh_on
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(lab.call, "bob", "POST", ASK, JOIN, headers=keyed("race")) for _ in range(16)]
        answers = [call.result() for call in calls]
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert [row["id"] for row in lab.get("pi", f"{ASK}?kind=group.join")["items"]] == [answers[0].json()["id"]]

    token = {"name": "race", "scopes": ["admin"], "expires_in": "P1D"}
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(lab.call, "pi", "POST", "/v1/tokens", token, headers=keyed("race")) for _ in range(16)]
        statuses = sorted(call.result().status_code for call in calls)
    assert statuses == [201, *[409] * 15]
    assert [row["name"] for row in lab.get("pi", "/v1/tokens")["items"]].count("race") == 1


@BOTH
def test_rule_17_answers_that_hold_a_secret_are_never_stored(fresh_on: Lab) -> None:
    lab = fresh_on
    lab.post("pi", "/v1/users", {"name": "carol", "email": "carol@lab.example"}, expect=201)
    secrets = []

    def twice(who: str | None, path: str, body: Any, status: int, member: str) -> str:
        first = lab.post(who, path, body, expect=status, headers=keyed("once"))
        problem(lab.call(who, "POST", path, body, headers=keyed("once")), 409, "already_delivered")
        secret = str(first[member])
        secrets.append(secret)
        return secret

    token = {"name": "t", "scopes": ["admin"], "expires_in": "P1D"}
    twice("alice", "/v1/tokens", token, 201, "token")
    code = twice("pi", "/v1/users/carol/enrolment", None, 201, "code")
    twice(None, "/v1/enrolments/redeem", {"code": code}, 200, "token")
    problem(lab.call(None, "POST", "/v1/enrolments/redeem", {"code": code}), 400, "invalid_code")
    with lab.running.database.read() as tx:
        rows = [row.model_dump() for row in tx.session.scalars(select(IdempotencyKey))]
    assert [(row["status"], row["body"]) for row in rows] == [(None, None)] * 3
    assert not [secret for secret in secrets if secret in repr(rows)]


# Rates and long polls


def test_the_rate_is_each_callers_own(databases: Databases, aws: str) -> None:
    settings, tokens = databases.prepared("sqlite")
    slow = settings.model_copy(update={"rate_limit": 0.001})
    with serving(slow, tokens, aws, with_worker=False) as lab:
        for who in ("bob", "alice"):
            assert lab.call(who, "GET", "/v1/me").status_code == 200
            answer = lab.call(who, "GET", "/v1/me")
            problem(answer, 429, "too_many_requests")
            assert int(answer.headers["retry-after"]) >= 1
        redeem = {"code": "no such"}
        assert lab.call(None, "POST", "/v1/enrolments/redeem", redeem).status_code == 400
        problem(lab.call(None, "POST", "/v1/enrolments/redeem", redeem), 429, "too_many_requests")
        problem(lab.call(None, "GET", "/v1/me"), 401, "no_token")
        assert lab.call(None, "GET", "/healthz").status_code == 200


@pytest.mark.parametrize("query", ["wait=61", "wait=-1", "wait=x", "wait=1.5", "until=never", "until=", "wait="])
def test_a_wait_is_0_to_60_for_decided_or_applied(still: Lab, query: str) -> None:
    refused(still.call("pi", "GET", f"{ASK}/{NOBODY}?{query}"))


def _waiting(lab: Lab, who: str, number: int) -> None:
    """Return when that many long polls of somebody are held."""
    bell = lab.running.server.config.app.state.house.bell  # type: ignore[union-attr] # it is our own application
    deadline = time.monotonic() + 50
    while bell._each.get(who, 0) != number:
        assert time.monotonic() < deadline
        time.sleep(STEP)


@BOTH
def test_rule_35_a_long_poll_answers_as_soon_as_it_holds(databases: Databases, kind: str) -> None:
    with databases.lab(kind) as lab, ThreadPoolExecutor(3) as pool:
        row = lab.ask("bob", duration="PT1H")
        show = f"{ASK}/{row['id']}?wait=60&until="
        decided = pool.submit(lab.get, "bob", show + "decided")
        applied = pool.submit(lab.get, "bob", show + "applied")
        _waiting(lab, "bob", 2)
        lab.approve("alice", row["id"])
        assert decided.result(60)["decision"] == "approved"
        assert applied.result(60)["provisioning"] == "applied"
        # What holds already, and what can no longer come true, is answered at once.
        assert lab.get("bob", show + "decided")["provisioning"] == "applied"
        lab.post("bob", f"/v1/grants/{applied.result()['grant_id']}/revoke", {"reason": "done"}, expect=202)
        denied = lab.ask("bob", "LabUser")
        never = pool.submit(lab.get, "bob", f"{ASK}/{denied['id']}?wait=60&until=applied")
        _waiting(lab, "bob", 1)
        lab.post("alice", f"{ASK}/{denied['id']}/deny", {"comment": "no"})
        assert never.result(60)["decision"] == "denied"


def test_rule_35_an_eleventh_long_poll_is_answered_at_once(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab, ThreadPoolExecutor(10) as pool:
        row = lab.ask("bob")
        show = f"{ASK}/{row['id']}?wait=60&until=decided"
        ten = [pool.submit(lab.get, "bob", show) for _ in range(10)]
        _waiting(lab, "bob", 10)
        assert lab.get("bob", show)["decision"] == "pending"
        assert [poll.done() for poll in ten] == [False] * 10
        assert lab.get("bob", "/v1/me")["name"] == "bob"
        lab.post("alice", f"{ASK}/{row['id']}/deny", {"comment": "no"})
        assert [poll.result(60)["decision"] for poll in ten] == ["denied"] * 10
        _waiting(lab, "bob", 0)


def test_a_long_poll_tells_what_is_true_when_the_wait_is_over(still: Lab) -> None:
    row = still.ask("bob")
    assert still.get("bob", f"{ASK}/{row['id']}?wait=1&until=decided")["decision"] == "pending"
    still.post("bob", f"{ASK}/{row['id']}/cancel")


def test_one_cannot_wait_for_what_one_may_not_see(still: Lab) -> None:
    row = still.ask("alice", "LabUser")
    show = f"{ASK}/{row['id']}?wait=60&until=decided"
    problem(still.call("bob", "GET", show), 404, "access_request_not_found")
    still.post("alice", f"{ASK}/{row['id']}/cancel")
