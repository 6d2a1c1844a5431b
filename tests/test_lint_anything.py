"""Whatever is sent to the lint, it answers, and what it answers can be written down."""

import json
import math
import re
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain import lint
from app.domain.lint import patterns
from app.domain.words import Severity
from tests.support.lab import Lab
from tests.test_lint import GOOD, SERIAL, policy

LINT = "/v1/policies/lint"
texts = st.sampled_from(
    ["*", "", "s3:*", "s3:Get?bject", "iam:*", "a:b:c", "arn:aws:s3:::x", "arn:*:ec2:*:*:*", "\ud800"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | texts
names = st.sampled_from(
    ["Version", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Bool"]
)
anything = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(names | texts, below, max_size=6),
    max_leaves=30,
)
some = texts | st.lists(texts, max_size=3) | anything
statements = st.fixed_dictionaries(
    {},
    optional={
        "Sid": some,
        "Effect": st.sampled_from(["Allow", "Deny"]) | anything,
        "Action": some,
        "NotAction": some,
        "Resource": some,
        "NotResource": some,
        "Condition": st.dictionaries(names | texts, st.dictionaries(names | texts, some, max_size=3), max_size=3),
    },
)
documents = anything | st.builds(lambda below: policy(*below), st.lists(statements, max_size=4))


def answered(document: Any, **options: Any) -> None:
    found = lint.check(document, **options)
    assert found[-1].code == "not_checked_by_aws"
    assert all(finding.line >= 1 and finding.evidence and finding.reason for finding in found)
    ranks = [list(Severity).index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)
    for finding in found:
        written = [finding.code, finding.subject, finding.evidence, finding.reason, finding.remedy, finding.scoped_form]
        json.dumps(written, ensure_ascii=False).encode()  # a lone surrogate could not be


@given(documents, documents)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # two cores for everybody
def test_any_json_is_answered(document: Any, boundary: Any) -> None:
    answered(json.dumps(document))
    answered(json.dumps(document, ensure_ascii=False, indent=1))
    if isinstance(document, dict):
        answered(document, boundary=boundary if isinstance(boundary, dict) else None)


def no_json(*_: Any) -> Any:
    raise ValueError


def finite(digits: str) -> float:
    return float(digits) if math.isfinite(float(digits)) else no_json()


def python_reads(text: str) -> bool:
    """Whether Python's own reader takes it, without the constants and numbers that are its own idea."""
    try:
        json.loads(text, parse_constant=no_json, parse_float=finite)
    except ValueError:
        return False
    return True


@given(st.text(alphabet='{}[]",:\\ \n\ud800truefalsn0123456789.-+eE', max_size=60) | st.text())
@settings(max_examples=200, deadline=None)
@example('{"a"')
@example('"\\ud800')
@example("-")
@example("Infinity")
@example("[1e999]")
@example(' {"a": [1, {"b": null}], "c": "\\u00fc"} ')
def test_any_text_is_answered_and_read_as_python_reads_it(text: str) -> None:
    answered(text)
    assert python_reads(text) is ("not_json" not in {finding.code for finding in lint.check(text)})


glob = st.text(alphabet="ab?*", max_size=8)
plain = st.text(alphabet="abc*", max_size=8)


def as_regex(pattern: str) -> str:
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)


@given(glob, plain)
@settings(max_examples=300, deadline=None)
def test_a_pattern_matches_what_a_regular_expression_would(pattern: str, text: str) -> None:
    assert patterns.matches(pattern, text) == (re.fullmatch(as_regex(pattern), text) is not None)
    assert patterns.matching(pattern, [text]) == [text] * patterns.matches(pattern, text)


@given(glob, glob, st.text(alphabet="ab", max_size=8))
@settings(max_examples=300, deadline=None)
def test_covering_and_overlapping_mean_what_they_say(one: str, other: str, text: str) -> None:
    in_one, in_other = patterns.matches(one, text), patterns.matches(other, text)
    assert not (patterns.covers(one, other) and in_other and not in_one)
    assert patterns.overlap(one, other) or not (in_one and in_other)
    assert patterns.overlap(one, other) == patterns.overlap(other, one)


def filling(piece: str) -> str:
    """A piece so often that it just fits into a body, written as JSON text."""
    return piece * (250 * 1024 // len(json.dumps(piece)[1:-1]))


HEAVY: dict[str, Any] = {
    "deep lists": filling("["),
    "deep objects": filling('{"a":'),
    "a long list": f"[{filling('1,')}1]",
    "equal names": "{" + filling('"a":1,') + '"a":1}',
    "white space": filling(" \n"),
    "digits": filling("9"),
    "statements": {"Statement": [{}] * 80_000},
    "a long action": policy({**GOOD, "Action": filling("*a?")}),
    "surrogates": '{"Statement": {"Sid": "\\ud800", "Action": "\\udfff:*", "Condition": {"\\ud800": {"\\udc00": 1}}}}',
    "1e999": '{"Version": 1e999}',
    "NaN": '{"Version": NaN}',
    "stars": json.dumps(policy({**GOOD, "Action": "ec2:" + "*a" * 1000, "Resource": "arn:aws:ec2:::" + "*a?" * 600})),
    "patterns": json.dumps(policy({**GOOD, "Action": [f"ec2:*{a}?*{b}" for a in "abcdefgh" for b in "abcdefgh"]})),
}


@pytest.mark.parametrize("document", HEAVY.values(), ids=HEAVY.keys())
def test_over_http_whatever_fits_into_a_body_is_answered(still: Lab, document: Any) -> None:
    answer = still.post("bob", LINT, {"document": document})
    assert answer["findings"][-1]["code"] == "not_checked_by_aws"


def events(lab: Lab) -> int:
    return int(lab.get("pi", "/v1/audit-events/verify")["events"])


def test_over_http_anybody_may_ask_and_nothing_is_stored(still: Lab) -> None:
    before = events(still)
    document = policy({"Sid": "Serial", "Effect": "Allow", "Action": SERIAL, "Resource": "*"})
    answer = still.post("bob", LINT, {"document": document})
    assert [finding["code"] for finding in answer["findings"]] == ["serial_console_everywhere", "not_checked_by_aws"]
    warned = answer["findings"][0]
    assert (warned["severity"], warned["subject"], warned["line"]) == ("high", "Serial", 8)
    assert warned["scoped_form"]["Resource"] == "arn:aws:ec2:<Region>:<Account>:instance/<InstanceId>"
    assert still.post("bob", LINT, {"document": json.dumps(document)})["findings"][0]["line"] == 1
    assert events(still) == before


def refusal(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["code"])


def test_over_http_what_is_no_document_is_refused(still: Lab) -> None:
    bad: list[Any] = [{}, {"document": None}, {"document": [GOOD]}, {"document": "x", "use": "user"}]
    for body in bad:
        assert refusal(still.call("bob", "POST", LINT, body), 422) == "invalid"
    for text in (b'{"document": NaN}', b'{"document": {"Version": 1e999}}', b'{"document": "\\ud800"}'):
        assert refusal(still.call("bob", "POST", LINT, content=text), 422) == "invalid"
    assert refusal(still.call("bob", "POST", LINT, {"document": "x" * 300_000}), 413) == "body_too_large"
    assert refusal(still.call(None, "POST", LINT, {"document": "x"}), 401) == "no_token"
    token = {"name": "t", "scopes": ["requests:read"], "expires_in": "PT1H"}
    still.tokens["narrow"] = still.post("bob", "/v1/tokens", token, expect=201)["token"]
    assert refusal(still.call("narrow", "POST", LINT, {"document": "x"}), 403) == "insufficient_scope"
