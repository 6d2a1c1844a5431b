"""Answers that are none, over a stub: nothing crashes, and nothing is concluded from them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from app.clients import aws
from app.clients.iam import BotoIam
from app.domain import documents
from tests.support.iam_stub import Answer, IamStub, page, result, user
from tests.test_iam_port_errors import VERBS

WHOLE = result("GetUser", f"<User>{user('bob')}</User>")
ARN = "arn:aws:iam::123456789012:policy/P"
_BOMB = "".join(f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip("abcdefghi", "bcdefghij", strict=True))
NO_ANSWERS = {
    "nothing": b"",
    "text": b"hello",
    "JSON": b'{"User": {"UserName": "bob"}}',
    "a page of a proxy": b"<html><body>Sign in</body></html>",
    "a page that is no XML": b"<html><br></html>",
    "cut": WHOLE.body[:-40],
    "NUL": b"\0" * 1000,
    "no UTF-8": b"\xff\xfe" * 1000,
    "nested deeply": b"<a>" * 100_000 + b"</a>" * 100_000,
    "entities in entities": f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{_BOMB}]><x>&j;</x>'.encode(),
    "an entity from a file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "another call's": result("SomethingElse", "<User/>").body,
    "no result": result("GetUser").body.replace(b"GetUserResult", b"OtherResult"),
}
READING = [verb for verb in VERBS if verb != "call"]


@pytest.mark.parametrize("verb", READING)
@pytest.mark.parametrize("what", NO_ANSWERS)
def test_no_answer_is_tried_again(stub: IamStub, stub_aws: BotoIam, verb: str, what: str) -> None:
    action, do = VERBS[verb]
    stub.says(action, Answer(NO_ANSWERS[what]))
    with pytest.raises(aws.Retryable) as caught:
        do(stub_aws)
    assert caught.value.action == action
    assert caught.value.code in {"ResponseParserError", "UnreadableAnswer"}
    assert "bob" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 204, 301, 302, 400, 403, 404, 500, 503, 999])
@pytest.mark.parametrize("body", [b"", b"<html/>", b"<ErrorResponse><Error/></ErrorResponse>", b"no"])
def test_no_status_without_an_answer_crashes(
    stub: IamStub, stub_aws: BotoIam, stub_emulator: BotoIam, status: int, body: bytes
) -> None:
    stub.says("GetUser", Answer(body, status))
    for iam in (stub_aws, stub_emulator):
        with pytest.raises(aws.AwsError):
            iam.user("bob")


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<User/>",
        "<User>bob</User>",
        "<User><UserName>bob</UserName></User>",
        f"<User>{user('bob').replace('2026-11-23T00:00:00Z', 'yesterday')}</User>",
        f"<User>{user('bob', more='<Tags><member><Value>v</Value></member></Tags>')}</User>",
    ],
)
def test_a_user_that_lacks_something_is_not_seen(stub: IamStub, stub_aws: BotoIam, inner: str) -> None:
    stub.says("GetUser", result("GetUser", inner))
    stub.says("ListGroupsForUser", page("ListGroupsForUser", "Groups", []))
    with pytest.raises(aws.Retryable, match="UnreadableAnswer"):
        stub_aws.user("bob")


@pytest.mark.parametrize(
    "answer",
    [
        result("ListGroupsForUser"),
        result("ListGroupsForUser", "<IsTruncated>false</IsTruncated>"),
        result("ListGroupsForUser", "<Groups/><IsTruncated>true</IsTruncated>"),
        page("ListGroupsForUser", "Groups", [""]),
        page("ListGroupsForUser", "Groups", ["LabUser"]),
        page("ListGroupsForUser", "Groups", ["<Path>/</Path>"]),
    ],
    ids=["nothing", "no list", "no marker", "an empty member", "text", "no name"],
)
def test_a_list_that_is_missing_is_not_an_empty_one(stub: IamStub, stub_aws: BotoIam, answer: Answer) -> None:
    """Whoever is not seen in a group would be taken for removed."""
    stub.says("GetUser", WHOLE)
    stub.says("ListGroupsForUser", answer)
    with pytest.raises(aws.Retryable, match="UnreadableAnswer"):
        stub_aws.user("bob")


@pytest.mark.parametrize("answer", [result("GetGroup"), result("GetGroup", "<Users><member/></Users>")])
def test_members_that_are_missing_are_not_nobody(stub: IamStub, stub_aws: BotoIam, answer: Answer) -> None:
    stub.says("GetGroup", answer)
    with pytest.raises(aws.Retryable, match="UnreadableAnswer"):
        stub_aws.members("G")


@pytest.mark.parametrize(
    "inner", ["", "<IsTruncated>false</IsTruncated>", "<AttachedPolicies><member/></AttachedPolicies>"]
)
def test_policies_that_are_missing_are_not_none(stub: IamStub, stub_aws: BotoIam, inner: str) -> None:
    """A group whose Deny is not seen could be left without anybody's approval (rule 3)."""
    stub.says("ListAttachedGroupPolicies", result("ListAttachedGroupPolicies", inner))
    stub.says("ListGroupPolicies", page("ListGroupPolicies", "PolicyNames", []))
    with pytest.raises(aws.Retryable, match="UnreadableAnswer"):
        stub_aws.group("G")


def policy_with(stub: IamStub, stub_aws: BotoIam, document: str) -> Callable[[], Any]:
    stub.says("GetPolicy", result("GetPolicy", "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>"))
    inner = f"<PolicyVersion><Document>{escape(quote(document))}</Document></PolicyVersion>"
    stub.says("GetPolicyVersion", result("GetPolicyVersion", inner))
    return lambda: stub_aws.policy(ARN)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", "UnreadableDocument"),
        ("hello", "UnreadableDocument"),
        ("true", "UnreadableDocument"),
        ("[]", "UnreadableDocument"),
        ('{"a"', "UnreadableDocument"),
        ('{"a": NaN}', "UnreadableDocument"),
        ('{"a": 1e999}', "UnreadableDocument"),
        (f'{{"a": {"1" * 5000}}}', "UnreadableDocument"),
        ('{"Statement": 5}', "UnreadableDocument"),
        ("[" * 100_000, "UnreadableAnswer"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "UnreadableAnswer"),
    ],
)
def test_a_document_that_is_none(stub: IamStub, stub_aws: BotoIam, document: str, code: str) -> None:
    with pytest.raises(aws.AwsError) as caught:
        policy_with(stub, stub_aws, document)()
    assert caught.value.code == code
    assert type(caught.value) is (aws.NeedsPerson if code == "UnreadableDocument" else aws.Retryable)


@pytest.mark.parametrize("document", ["{}", '{"Statement": []}', '{"a": "\\ud800"}', '{"Statement": ["text", 5]}'])
def test_an_odd_document_has_a_hash_all_the_same(stub: IamStub, stub_aws: BotoIam, document: str) -> None:
    seen = policy_with(stub, stub_aws, document)()
    assert (seen.sha256, seen.has_deny) == (documents.fingerprint(documents.read(document)), False)


@pytest.mark.parametrize("verb", READING)
def test_an_answer_without_end_is_refused(stub: IamStub, stub_aws: BotoIam, verb: str) -> None:
    action, do = VERBS[verb]
    stub.says(action, Answer(result(action).body + b" " * aws.LARGEST_ANSWER))
    with pytest.raises(aws.NeedsPerson, match=f"{action}: AnswerTooLarge: more than 8000000 bytes"):
        do(stub_aws)


def test_an_answer_just_within_the_size_is_read(stub: IamStub, stub_aws: BotoIam) -> None:
    stub.says("GetUser", Answer(WHOLE.body + b" " * (aws.LARGEST_ANSWER - len(WHOLE.body))))
    stub.says("ListGroupsForUser", page("ListGroupsForUser", "Groups", []))
    assert stub_aws.user("bob") is not None


def test_less_than_was_promised(stub: IamStub, stub_aws: BotoIam) -> None:
    stub.says("GetUser", Answer(WHOLE.body[:-40], promised=100_000))
    with pytest.raises(aws.Retryable):
        stub_aws.user("bob")


def test_a_change_is_done_only_when_iam_is_read_back(stub: IamStub, stub_aws: BotoIam) -> None:
    """A proxy's page with status 200 looks like a change that was made: the port's word for it is not enough."""
    action, do = VERBS["call"]
    stub.says(action, Answer(b"<html>Sign in</html>"))
    assert do(stub_aws) == {}
    stub.says("GetUser", WHOLE)
    stub.says("ListGroupsForUser", page("ListGroupsForUser", "Groups", []))
    seen = stub_aws.user("bob")
    assert seen is not None
    assert seen.groups == ()
