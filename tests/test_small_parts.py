"""The small parts: durations, names, secrets, the chain, cursors, locks, the pace, documents, settings."""

import base64
import datetime as dt
import itertools
import json
import os
import string
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app import config
from app.api import pagination
from app.clients import aws
from app.db import make_engine
from app.domain import canonical, chain, documents, durations, guardrails, names, secrets
from app.errors import BadRequest, StartError, Unavailable
from app.fair_lock import FairLock
from app.services.backoff import Backoff

KEY = bytes(range(32))

# Durations.


@given(st.integers(1, int(durations.LONGEST.total_seconds())).map(lambda s: dt.timedelta(seconds=s)))
def test_a_duration_is_read_as_it_was_written(value: dt.timedelta) -> None:
    assert durations.parse(durations.to_text(value)) == value
    assert TypeAdapter(durations.Duration).validate_python(durations.to_text(value)) == value


@given(
    st.from_regex(durations.PATTERN, fullmatch=True, alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]))
)
def test_what_the_published_pattern_allows_is_read_or_is_out_of_bounds(text: str) -> None:
    try:
        value = durations.parse(text)
    except ValueError as problem:
        assert "the shortest" in str(problem) or "the longest" in str(problem)  # noqa: PT017 - either way is fine
    else:
        assert dt.timedelta(seconds=1) <= value <= durations.LONGEST
        assert durations.parse(durations.to_text(value)) == value


@pytest.mark.parametrize(
    ("text", "seconds", "shortest", "words"),
    [
        ("P7D", 604_800, "P7D", "7 days"),
        ("PT90M", 5_400, "PT1H30M", "1 hour 30 minutes"),
        ("PT24H", 86_400, "P1D", "1 day"),
        ("P1DT1S", 86_401, "P1DT1S", "1 day 1 second"),
        ("P36500D", 36_500 * 86_400, "P36500D", "36500 days"),
        ("P0DT5S", 5, "PT5S", "5 seconds"),
    ],
)
def test_durations_written_out(text: str, seconds: int, shortest: str, words: str) -> None:
    value = durations.parse(text)
    assert (value.total_seconds(), durations.to_text(value), durations.in_words(value)) == (seconds, shortest, words)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "7",
        "P1Y",
        "P1M",
        "P1W",
        "-P1D",
        "P-1D",
        "+P1D",
        "P1.5D",
        "PT0.5S",
        "P7D ",
        " P7D",
        "P7D\n",
        "p7d",
        "PT1S1M",
        "PT0S",
        "P0D",
        "2 days",
        "P36501D",
        "PT999999999999S",
        f"P{chr(0x667)}D",
        "P1D1D",
        "PT876001H",
    ],
)
def test_what_is_no_duration(bad: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        durations.parse(bad)
    with pytest.raises(ValidationError):
        TypeAdapter(durations.Duration).validate_python(bad)


@pytest.mark.parametrize("bad", [5, 5.0, True, None, ["P7D"]])
def test_a_duration_is_text(bad: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(durations.Duration).validate_python(bad)


# Names.

USER, GROUP, EMAIL = (TypeAdapter[str](t) for t in (names.UserName, names.GroupName, names.Email))


@given(st.text(string.ascii_letters + string.digits + "+=,.@_-", min_size=1, max_size=64))
def test_every_name_that_iam_takes_is_taken_except_ours(name: str) -> None:
    kept = name.lower() in {"system", "anonymous", "rule"} or set(name) == {"."}
    try:
        assert USER.validate_python(name) == name
    except ValidationError:
        assert kept
    else:
        assert not kept


@pytest.mark.parametrize(
    "bad",
    ["", "a b", "a/b", "a:b", "rule:x", "a\n", "\u00e9", "a*", "x" * 65, "System", "RULE", "anonymous", ".", ".."],
)
def test_no_user_name(bad: str) -> None:
    with pytest.raises(ValidationError):
        USER.validate_python(bad)


@pytest.mark.parametrize("bad", ["", "a b", "a/b", "x" * 129, "a\n"])
def test_no_group_name(bad: str) -> None:
    with pytest.raises(ValidationError):
        GROUP.validate_python(bad)


@pytest.mark.parametrize("bad", ["", "a", "@b", "a@", "a@@b", "a b@c", "a@b\n", "a@b\x00", "x" * 250 + "@b.cc"])
def test_no_email(bad: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(bad)


def test_rule_2_names_and_emails_are_one_whatever_the_case() -> None:
    assert names.key("Bob") == names.key("bOB")
    assert names.key("STRASSE@x.org") == names.key("stra\u00dfe@X.org")
    assert names.key("bob") != names.key("bobo")


# Secrets.


@pytest.mark.parametrize(("service", "prefix"), [(False, "gh_pat_"), (True, "gh_svc_")])
def test_a_token_has_its_prefix_and_a_checksum(service: bool, prefix: str) -> None:  # noqa: FBT001 - a case
    token = secrets.new_token(service=service)
    assert token.startswith(prefix)
    assert secrets.looks_like_token(token)
    assert len({secrets.new_token(service=service) for _ in range(50)}) == 50
    for n, letter in enumerate(token):
        other = "a" if letter != "a" else "b"
        assert not secrets.looks_like_token(token[:n] + other + token[n + 1 :]), n
    for bad in (token[:-1], token + "0", token.upper(), " " + token[1:], "", "gh_xyz_" + token[7:], "\u00e9" * 56):
        assert not secrets.looks_like_token(bad)


def test_a_code_is_the_same_however_it_is_typed() -> None:
    code = secrets.new_code()
    assert [len(part) for part in code.split("-")] == [4] * 5
    assert not set(code) & set("01IOL")
    assert len({secrets.new_code() for _ in range(50)}) == 50
    for typed in (code.lower(), code.replace("-", ""), f" {code} ", code.replace("-", " ")):
        assert secrets.code_fingerprint(typed) == secrets.code_fingerprint(code)
    assert secrets.code_fingerprint(code[:-1]) != secrets.code_fingerprint(code)
    assert code not in secrets.code_fingerprint(code)


# Canonical JSON.

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_canonical_json_is_json_and_plain(value: Any) -> None:
    text = canonical.dumps(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert canonical.dumps(json.loads(text)) == text


@given(st.dictionaries(st.text(), values, max_size=5))
def test_the_order_of_members_does_not_matter(value: dict[str, Any]) -> None:
    assert canonical.digest(dict(reversed(value.items()))) == canonical.digest(value)


def test_canonical_digests() -> None:
    assert canonical.dumps({"b": [1, None], "a": "\u00e9"}) == '{"a":"\\u00e9","b":[1,null]}'
    empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert canonical.digest({}) == empty
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            canonical.dumps({"a": bad})


# The chain.


_AT = "2026-01-01T00:00:00+00:00"


def _chain(length: int = 5, key: bytes = KEY) -> list[chain.Link]:
    links, before = [], chain.GENESIS
    for seq in range(1, length + 1):
        body = canonical.dumps(
            {"seq": seq, "event": f"e{seq}", "actor": "pi", "subject": None, "access_request_id": f"r{seq}", "at": _AT}
        )
        before = chain.mac(key, before, body)
        links.append(chain.Link(seq, f"e{seq}", "pi", None, f"r{seq}", _AT, body, before))
    return links


def _verify(links: list[chain.Link], key: bytes = KEY, head: tuple[int, str] | None = None) -> chain.Verification:
    whole = _chain()
    seq, mac = head or (len(whole), whole[-1].mac)
    return chain.verify(key, links, seq, mac)


def test_a_whole_chain_holds() -> None:
    assert _verify(_chain()) == chain.Verification(True, 5, _chain()[-1].mac)
    assert chain.verify(KEY, [], 0, chain.GENESIS) == chain.Verification(True, 0, chain.GENESIS)


@pytest.mark.parametrize("at", range(5))
def test_every_tampering_is_found_where_it_is(at: int) -> None:
    good = _chain()
    link = good[at]
    changes: list[dict[str, Any]] = [
        {"body": link.body.replace('"pi"', '"px"')},
        {"body": link.body + " "},
        {"mac": "0" * 64},
        {"event": "other"},
        {"actor": "other"},
        {"subject": "other"},
        {"access_request_id": None},
        {"at": "2020-01-01T00:00:00+00:00"},
        {"seq": 99},
    ]
    for change in changes:
        found = _verify([*good[:at], replace(link, **change), *good[at + 1 :]])
        assert (found.valid, found.events, found.broken_at) == (False, at, at + 1), change
        assert found.problem
    removed = _verify([*good[:at], *good[at + 1 :]])
    missing = f"event {at + 1} is missing" if at < 4 else "the chain does not end where its head says"
    assert (removed.valid, removed.broken_at, removed.problem) == (False, at + 1, missing)
    doubled = _verify([*good[: at + 1], *good[at:]])
    assert not doubled.valid
    renumbered = [*good[:at], *(replace(x, seq=n) for n, x in enumerate(good[at + 1 :], at + 1))]
    assert not _verify(renumbered).valid
    forged = replace(link, body=link.body.replace("e", "f"), mac=chain.mac(bytes(32), chain.GENESIS, link.body))
    assert not _verify([*good[:at], forged, *good[at + 1 :]]).valid


def test_reordering_is_found() -> None:
    good = _chain()
    for order in itertools.permutations(range(5)):
        links = [good[n] for n in order]
        assert _verify(links).valid == (links == good)
        assert _verify([replace(x, seq=n) for n, x in enumerate(links, 1)]).valid == (links == good)


def test_a_cut_off_end_another_head_and_another_key_are_found() -> None:
    good = _chain()
    cut = _verify(good[:3])
    assert (cut.valid, cut.broken_at) == (False, 4)
    assert not _verify(good, head=(4, good[3].mac)).valid
    assert not _verify(good, head=(5, good[3].mac)).valid
    assert not _verify([]).valid
    other = _verify(good, key=bytes(32))
    assert (other.valid, other.broken_at) == (False, 1)


# Cursors.


def test_a_cursor_comes_back_and_holds_for_its_list_only() -> None:
    for last in ("018f-abc", 42):
        cursor = pagination.write(KEY, last, {"user": "bob", "group": None})
        assert pagination.read(KEY, cursor, {"user": "bob"}) == last
        for key, filters in ((bytes(32), {"user": "bob"}), (KEY, {"user": "eve"}), (KEY, {})):
            with pytest.raises(BadRequest) as refused:
                pagination.read(key, cursor, filters)
            assert refused.value.code == "bad_cursor"
    assert pagination.read(KEY, None, {}) is None


@given(st.integers(0, 200), st.characters(max_codepoint=0x2FF), st.integers(0, 200), st.text(max_size=3))
def test_a_changed_cursor_is_refused(at: int, letter: str, cut: int, tail: str) -> None:
    cursor = pagination.write(KEY, "018f-abc", {})
    at %= len(cursor)
    for forged in {cursor[:at] + letter + cursor[at + 1 :], cursor[: cut % len(cursor)], cursor + tail} - {cursor}:
        with pytest.raises(BadRequest):
            pagination.read(KEY, forged, {})


@pytest.mark.parametrize("last", ["a", "ab", "abc"])
def test_a_cursor_is_written_in_one_way_only(last: str) -> None:
    cursor = pagination.write(KEY, last, {})
    for letter in set(string.ascii_letters + string.digits + "-_+/=") - {cursor[-1]}:
        for forged in (cursor[:-1] + letter, cursor + letter):
            with pytest.raises(BadRequest):
                pagination.read(KEY, forged, {})


# The lock in front of SQLite.


def test_the_lock_is_handed_on_in_the_order_of_asking() -> None:
    lock, order = FairLock(), list[int]()

    def wait(n: int) -> None:
        with lock.held(60):
            order.append(n)

    with lock.held(60):
        threads = [threading.Thread(target=wait, args=(n,)) for n in range(8)]
        for n, thread in enumerate(threads, 1):
            thread.start()
            _until(lambda n=n: len(lock._queue) == n)  # type: ignore[misc]
        assert order == []
    for thread in threads:
        thread.join(60)
    assert order == list(range(8))


def test_who_gives_up_leaves_the_queue_and_the_lock_works_on() -> None:
    lock = FairLock()
    with lock.held(1):
        with pytest.raises(Unavailable) as refused, lock.held(0.01):
            raise AssertionError("held twice")
        assert refused.value.code == "busy"
        assert not lock._queue
    with pytest.raises(ZeroDivisionError), lock.held(0.01):
        raise ZeroDivisionError
    with lock.held(0.01):
        pass


def test_only_one_holds_it() -> None:
    lock, inside, most = FairLock(), [0], [0]

    def work() -> None:
        for _ in range(100):
            with lock.held(60):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most[0], inside[0]) == (1, 0)


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(12000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("it never came")


# The pace, the pauses, the hosts.


class Watch:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_the_pace_allows_a_burst_and_then_its_rate() -> None:
    watch = Watch()
    pace = aws.Pace(5, clock=lambda: watch.now, sleep=watch.sleep)
    for _ in range(aws.BURST):
        pace.wait()
    assert watch.slept == []
    for _ in range(10):
        pace.wait()
    assert watch.slept == pytest.approx([0.2] * 10)
    watch.now += 1.0
    for _ in range(5):
        pace.wait()
    assert len(watch.slept) == 10
    watch.now += 10_000.0
    for _ in range(aws.BURST + 1):
        pace.wait()
    assert len(watch.slept) == 11, "rest is not saved up past the burst"


def test_no_pace_is_no_waiting() -> None:
    watch = Watch()
    pace = aws.Pace(None, clock=lambda: watch.now, sleep=watch.sleep)
    for _ in range(aws.BURST * 5):
        pace.wait()
    assert watch.slept == []


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0.1, 10), st.floats(10, 1000))
def test_pauses_grow_within_bounds(attempts: int, jitter: float, first: float, longest: float) -> None:
    pause = Backoff(first, longest, lambda: jitter)
    full = min(longest, first * 2 ** min(attempts, 20))
    got = pause(attempts).total_seconds()
    assert full / 2 - 1e-5 <= got <= full + 1e-5
    assert pause(attempts + 1) >= pause(attempts)


def test_the_first_pauses() -> None:
    pause = Backoff(jitter=lambda: 1.0)
    assert [pause(n).total_seconds() for n in (0, 1, 2, 3, 6, 7, 50)] == [1, 2, 4, 8, 64, 120, 120]
    assert Backoff(jitter=lambda: 0.0)(0).total_seconds() == 0.5


def _regions() -> list[tuple[str, str]]:
    session = boto3.Session()
    return [(p, r) for p in session.get_available_partitions() for r in session.get_available_regions("ec2", p)[:1]]


@pytest.mark.parametrize(("partition", "region"), _regions())
def test_rule_28_iam_of_every_partition_is_aws(partition: str, region: str) -> None:
    client = boto3.client("iam", region_name=region, aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106
    assert client.meta.partition == partition
    assert aws.is_aws(client.meta.endpoint_url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://iam.amazonaws.com", True),
        ("https://IAM.AmazonAWS.com:443/", True),
        ("https://iam.amazonaws.com./", True),
        ("https://iam.global.api.aws", True),
        ("https://vpce-1.iam.us-east-1.vpce.amazonaws.com", True),
        ("http://127.0.0.1:5000", False),
        ("http://localhost:4566", False),
        ("https://amazonaws.com.example.org", False),
        ("https://notamazonaws.com", False),
        ("https://example.org/iam.amazonaws.com", False),
        ("https://iam.amazonaws.com@example.org/", False),
        ("", False),
    ],
)
def test_rule_28_what_is_aws(url: str, expected: bool) -> None:  # noqa: FBT001 - a case
    assert aws.is_aws(url) == expected


# Policy documents.

DENY, ALLOW = {"Effect": "Deny", "Action": "*"}, {"Effect": "Allow", "Action": "*"}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (DENY, True),
        ([DENY], True),
        ([ALLOW, DENY], True),
        (ALLOW, False),
        ([ALLOW, ALLOW], False),
        ([], False),
        (["Deny"], False),
        ([{"Sid": "Deny", **ALLOW}], False),
    ],
)
def test_rule_3_a_deny_is_found_in_every_form(statement: object, expected: bool) -> None:  # noqa: FBT001 - a case
    assert documents.has_deny({"Version": "2012-10-17", "Statement": statement}) == expected
    assert not documents.has_deny({})


def test_documents_are_read_as_iam_writes_them() -> None:
    whole = {"Version": "2012-10-17", "Statement": [DENY]}
    text = json.dumps(whole, indent=2)
    coded = quote(json.dumps(whole), safe="")
    for form in (whole, text, "\n " + text, coded):
        assert documents.read(form) == whole
        assert documents.fingerprint(documents.read(form)) == documents.fingerprint(whole)
    with_percent = {"Statement": [{"Resource": "a%20b"}]}
    assert documents.read(json.dumps(with_percent)) == with_percent, "only what is coded is decoded"
    for bad in ("[]", "x", "", "%5B%5D", "null"):
        with pytest.raises(ValueError):  # noqa: PT011 - json's own, or ours
            documents.read(bad)


# Guardrails.

GUARDRAILS = {
    "boundary": guardrails.boundary("aws", "123456789012"),
    "mfa": guardrails.force_mfa("aws", "123456789012"),
}


@pytest.mark.parametrize("which", GUARDRAILS)
def test_guardrails_fit_into_iam(which: str) -> None:
    document = GUARDRAILS[which]
    text = json.dumps(document, separators=(",", ":"))
    assert len(text) <= 6144, "IAM's limit for a managed policy"
    assert all(0x20 <= ord(c) <= 0xFF for c in text)
    assert document["Version"] == "2012-10-17"
    sids = [s["Sid"] for s in document["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in document["Statement"]:
        assert set(statement) <= {"Sid", "Effect", "Action", "NotAction", "Resource", "Condition"}
        assert statement["Effect"] in {"Allow", "Deny"}
        assert ("Action" in statement) != ("NotAction" in statement)
        assert statement["Sid"].isalnum()


def test_guardrails_are_made_for_the_partition() -> None:
    for make in (guardrails.boundary, guardrails.force_mfa):
        text = json.dumps(make("aws-cn", "210987654321"))
        assert "arn:aws:" not in text
        assert "arn:aws-cn:iam::210987654321:" in text
    assert guardrails.policy_arn("aws", "123456789012", "X") == "arn:aws:iam::123456789012:policy/governance/X"


def _actions(effect: str) -> set[str]:
    found: set[str] = set()
    for statement in GUARDRAILS["boundary"]["Statement"]:
        if statement["Effect"] == effect:
            found |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    return found


def test_rule_26_the_boundary_caps_iam_and_keeps_the_trail() -> None:
    allowed = _actions("Allow")
    iam = {a for a in allowed if a.startswith("iam:")}
    own = {"ChangePassword", "CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "PassRole"}
    mfa = {
        "CreateVirtualMFADevice",
        "EnableMFADevice",
        "ResyncMFADevice",
        "DeactivateMFADevice",
        "DeleteVirtualMFADevice",
    }
    assert {a for a in iam if not a.startswith(("iam:Get", "iam:List"))} == {f"iam:{a}" for a in own | mfa}
    assert "*" not in allowed
    assert not any(a.startswith(("sts:", "organizations:", "cloudtrail:")) for a in allowed)
    assert {"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudwatch:DeleteAlarms"} <= _actions("Deny")
    (passing,) = [s for s in GUARDRAILS["boundary"]["Statement"] if s["Action"] == "iam:PassRole"]
    assert passing["Resource"] == "arn:aws:iam::123456789012:role/lab/*"
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_rule_26_self_service_is_for_oneself_under_a_path_too() -> None:
    for document in GUARDRAILS.values():
        for statement in document["Statement"]:
            if "iam:ChangePassword" in statement.get("Action", ()):
                assert statement["Effect"] == "Allow"
                assert set(statement["Resource"]) == {
                    "arn:aws:iam::123456789012:user/${aws:username}",
                    "arn:aws:iam::123456789012:user/*/${aws:username}",
                    "arn:aws:iam::123456789012:mfa/*",
                }


def test_rule_27_without_mfa_only_mfa_can_be_set_up() -> None:
    (deny,) = [s for s in GUARDRAILS["mfa"]["Statement"] if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    assert deny["Resource"] == "*"
    outside = set(deny["NotAction"])
    assert {"iam:ChangePassword", "iam:GetAccountPasswordPolicy", "iam:EnableMFADevice"} <= outside
    assert not outside & {"iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice", "iam:CreateAccessKey"}
    assert not any("*" in a for a in outside)


# Settings.

GOOD_KEYS = {
    "GATEHOUSE_SECRET_KEY": base64.urlsafe_b64encode(KEY).decode(),
    "GATEHOUSE_AUDIT_KEY": base64.urlsafe_b64encode(KEY[::-1]).decode(),
}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("GATEHOUSE_")]:
        monkeypatch.delenv(name)
    for name, value in GOOD_KEYS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def _weak(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "hunter2-not-a-key"),
        ("SECRET_KEY", ""),
        ("AUDIT_KEY", _weak(b"x" * 32)),
        ("AUDIT_KEY", _weak(KEY[:31])),
        ("AUDIT_KEY", _weak(KEY + b"y")),
        ("AWS_PACE", "fast-please"),
        ("AWS_PACE", "-3.25"),
        ("RATE_LIMIT", "nan"),
        ("RATE_LIMIT", "inf"),
        ("RATE_LIMIT", "plenty"),
        ("LAPSE_AFTER", "7 fortnights"),
        ("LAPSE_AFTER", "PT0S"),
        ("KEY_OVERLAP", "24 hours"),
        ("KEY_IDLE", "PT0S"),
        ("TRAIL_DELAY", "soon"),
        ("LOG_LEVEL", "chatty"),
        ("REQUIRE_MFA", "perhaps"),
        ("SIMULATE", "sometimes"),
        ("DOCS", "some-docs"),
        ("PUBLIC_URL", "javascript:alert(1)"),
        ("PUBLIC_URL", "https://gatehouse.example/?<x>"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(f"GATEHOUSE_{name}", value)
    with pytest.raises(StartError) as refused:
        config.load().keys()
    line = str(refused.value)
    assert line.startswith(f"GATEHOUSE_{name} ")
    assert "\n" not in line
    assert not value or value not in line
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", GOOD_KEYS)
def test_a_missing_key_is_said(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(StartError, match=rf"^{name} is missing"):
        config.load().keys()


def test_the_two_keys_differ(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GATEHOUSE_AUDIT_KEY", GOOD_KEYS["GATEHOUSE_SECRET_KEY"])
    with pytest.raises(StartError, match="differ"):
        config.load().keys()


def test_good_settings_are_read_and_show_no_secret(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GATEHOUSE_LAPSE_AFTER", "PT12H")
    environment.setenv("GATEHOUSE_AWS_PACE", "2.5")
    environment.setenv("GATEHOUSE_RATE_LIMIT", "off")
    environment.setenv("GATEHOUSE_DATABASE_URL", "postgresql+psycopg://u:sesame@db/x")
    found = config.load()
    assert found.keys() == (KEY, KEY[::-1])
    assert (found.lapse_after, found.aws_pace, found.rate_limit) == (dt.timedelta(hours=12), 2.5, None)
    assert "sesame" not in repr(found)
    assert repr(KEY)[2:20] not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense-sesame",
        "mysql://u:sesame@h/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+nope:///sesame.db",
        "postgresql+nope://u:sesame@h/x",
        "postgresql+psycopg2://u:sesame@h/x",
        "postgresql+psycopg://u:sesame@h:port/x",
    ],
)
def test_a_bad_database_address_is_one_line(url: str) -> None:
    with pytest.raises(StartError, match=r"^GATEHOUSE_DATABASE_URL ") as refused:
        make_engine(url)
    assert "sesame" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://h/x", "postgresql+psycopg://h:5432/x"])
def test_a_good_database_address(url: str) -> None:
    engine = make_engine(url)
    assert engine.dialect.driver in {"pysqlite", "psycopg"}
    engine.dispose()
