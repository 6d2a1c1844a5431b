"""What each error of AWS becomes, over a stub: retryable, a person's business, gone, there already, not offered."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from app.clients import aws
from app.clients.iam import BotoIam
from app.domain.plans import Operation
from tests.support.iam_stub import DROPPED, HELD_BACK, Answer, IamStub, error, page, result, user

ADD = Operation("iam", "AddUserToGroup", {"UserName": "bob", "GroupName": "G"}, "a test")
DONE = result("AddUserToGroup")
RETRYABLE = [
    ("Throttling", 400),
    ("ThrottlingException", 400),
    ("RequestLimitExceeded", 503),
    ("ConcurrentModification", 409),
    ("EntityTemporarilyUnmodifiable", 409),
    ("ServiceFailure", 500),
    ("InternalFailure", 500),
    ("ServiceUnavailable", 503),
    ("RequestTimeout", 400),
    ("SomethingNew", 500),
    ("SomethingNew", 502),
    ("SomethingNew", 504),
    ("SomethingNew", 429),
]
FOR_A_PERSON = [
    ("LimitExceeded", 409),
    ("AccessDenied", 403),
    ("InvalidClientTokenId", 403),
    ("SignatureDoesNotMatch", 403),
    ("ExpiredToken", 403),
    ("OptInRequired", 403),
    ("DeleteConflict", 409),
    ("InvalidInput", 400),
    ("ValidationError", 400),
    ("MalformedPolicyDocument", 400),
    ("PolicyNotAttachable", 400),
    ("SomethingNew", 400),
]
VERBS: dict[str, tuple[str, Callable[[BotoIam], Any]]] = {
    "account": ("GetCallerIdentity", lambda iam: iam.account()),
    "inline": ("ListUserPolicies", lambda iam: iam.inline("bob")),
    "belongings": ("ListGroupsForUser", lambda iam: iam.belongings("bob")),
    "password_policy": ("GetAccountPasswordPolicy", lambda iam: iam.password_policy()),
    "devices": ("ListMFADevices", lambda iam: iam.devices("bob")),
    "spare_devices": ("ListVirtualMFADevices", lambda iam: iam.spare_devices()),
    "key_used": ("GetAccessKeyLastUsed", lambda iam: iam.key_used("AKIAIOSFODNN7EXAMPLE")),
    "user": ("GetUser", lambda iam: iam.user("bob")),
    "group": ("ListAttachedGroupPolicies", lambda iam: iam.group("G")),
    "group_names": ("ListGroups", lambda iam: iam.group_names()),
    "members": ("GetGroup", lambda iam: iam.members("G")),
    "policy": ("GetPolicy", lambda iam: iam.policy("arn:aws:iam::123456789012:policy/P")),
    "call": ("AddUserToGroup", lambda iam: iam.call(ADD)),
}


def raised(iam: BotoIam) -> aws.AwsError:
    with pytest.raises(aws.AwsError) as caught:
        iam.call(ADD)
    assert caught.value.action == "AddUserToGroup"
    return caught.value


@pytest.mark.parametrize(("code", "status"), RETRYABLE)
def test_what_may_go_through_later(
    stub: IamStub, stub_aws: BotoIam, stub_emulator: BotoIam, code: str, status: int
) -> None:
    stub.says("AddUserToGroup", error(code, "later", status=status))
    for iam in (stub_aws, stub_emulator):
        problem = raised(iam)
        assert (type(problem), problem.code, problem.message) == (aws.Retryable, code, "later")


@pytest.mark.parametrize(("code", "status"), FOR_A_PERSON)
def test_what_trying_again_does_not_change(
    stub: IamStub, stub_aws: BotoIam, stub_emulator: BotoIam, code: str, status: int
) -> None:
    stub.says("AddUserToGroup", error(code, "no", status=status))
    for iam in (stub_aws, stub_emulator):
        problem = raised(iam)
        assert (type(problem), problem.code) == (aws.NeedsPerson, code)


@pytest.mark.parametrize(("code", "kind"), [("NoSuchEntity", aws.Gone), ("EntityAlreadyExists", aws.Exists)])
def test_gone_and_there_already(stub: IamStub, stub_aws: BotoIam, code: str, kind: type[aws.AwsError]) -> None:
    stub.says("AddUserToGroup", error(code, status=404))
    assert type(raised(stub_aws)) is kind


@pytest.mark.parametrize(("code", "status"), [("InvalidAction", 400), ("NotImplemented", 400), ("SomethingNew", 501)])
def test_rule_28_only_an_emulator_can_lack_a_call(
    stub: IamStub, stub_aws: BotoIam, stub_emulator: BotoIam, code: str, status: int
) -> None:
    stub.says("AddUserToGroup", error(code, status=status))
    assert type(raised(stub_emulator)) is aws.NotOffered
    assert type(raised(stub_aws)) is (aws.Retryable if status == 501 else aws.NeedsPerson)


def test_rule_28_an_emulator_that_lacks_a_call_may_answer_with_a_page(
    stub: IamStub, stub_aws: BotoIam, stub_emulator: BotoIam
) -> None:
    stub.says("AddUserToGroup", Answer(b"<!DOCTYPE html><title>500<br></title>", 500))
    assert type(raised(stub_emulator)) is aws.NotOffered
    assert type(raised(stub_aws)) is aws.Retryable
    stub.says("AddUserToGroup", Answer(b"no XML"))
    assert type(raised(stub_emulator)) is aws.Retryable
    assert type(raised(stub_aws)) is aws.Retryable


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error("AccessDenied", status=403), aws.NeedsPerson, "AccessDenied"),
        (error("Throttling"), aws.Retryable, "Throttling"),
        (error("ServiceFailure", status=500), aws.Retryable, "ServiceFailure"),
        (DROPPED, aws.Retryable, "ConnectionClosedError"),
    ],
)
def test_every_verb_passes_it_on(
    stub: IamStub, stub_aws: BotoIam, verb: str, answer: Answer, kind: type[aws.AwsError], code: str
) -> None:
    action, do = VERBS[verb]
    stub.says(action, answer)
    with pytest.raises(aws.AwsError) as caught:
        do(stub_aws)
    assert (type(caught.value), caught.value.action, caught.value.code) == (kind, action, code)


@pytest.mark.parametrize("verb", ["user", "group", "members", "policy"])
def test_what_is_not_there_is_none(stub: IamStub, stub_aws: BotoIam, verb: str) -> None:
    action, do = VERBS[verb]
    stub.says(action, error("NoSuchEntity", status=404))
    assert do(stub_aws) is None


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"  # ours as long as this lasts, so that nobody comes to listen
        problem = raised(BotoIam(endpoint_url=url, attempts=1))
    assert (type(problem), problem.code) == (aws.Retryable, "EndpointConnectionError")


def test_no_answer_in_time(stub: IamStub) -> None:
    stub.says("AddUserToGroup", HELD_BACK)
    problem = raised(BotoIam(endpoint_url=stub.url, attempts=1, read_timeout=0.2))
    assert (type(problem), problem.code) == (aws.Retryable, "ReadTimeoutError")


def test_what_waits_has_a_timeout_and_what_repeats_a_limit(stub_default: BotoIam) -> None:
    for client in (stub_default._client, stub_default._sts):
        config = client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (3, 10)
        assert config.retries == {"mode": "standard", "total_max_attempts": 3}


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (error("Throttling"), 3),
        (error("ServiceFailure", status=500), 3),
        (DROPPED, 3),
        (error("ConcurrentModification", status=409), 1),
        (error("EntityTemporarilyUnmodifiable", status=409), 1),
        (error("AccessDenied", status=403), 1),
        (error("NoSuchEntity", status=404), 1),
    ],
)
def test_botocore_tries_three_times_and_not_everything(
    stub: IamStub, stub_default: BotoIam, answer: Answer, tries: int
) -> None:
    stub.says("AddUserToGroup", answer)
    raised(stub_default)
    assert len(stub.called("AddUserToGroup")) == tries


def test_the_third_try_can_go_well(stub: IamStub, stub_default: BotoIam) -> None:
    stub.says("AddUserToGroup", error("Throttling"), DROPPED, DONE)
    stub_default.call(ADD)
    assert stub.calls == [{"Action": "AddUserToGroup", "Version": "2010-05-08", **ADD.parameters}] * 3


@pytest.mark.parametrize("size", [1_000, 2_000_000])
def test_what_an_error_says_is_cut_to_a_size(stub: IamStub, stub_aws: BotoIam, size: int) -> None:
    stub.says("AddUserToGroup", error("C" * size, "m\n" * size))
    problem = raised(stub_aws)
    assert type(problem) is aws.NeedsPerson
    assert (len(problem.code), len(problem.message)) == (100, 300)
    assert len(str(problem)) < 500


@pytest.mark.parametrize(
    ("verb", "first", "later"),
    [
        ("user", result("GetUser", f"<User>{user('bob')}</User>"), "ListGroupsForUser"),
        ("group", page("ListAttachedGroupPolicies", "AttachedPolicies", []), "ListGroupPolicies"),
        ("policy", result("GetPolicy", "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>"), "GetPolicyVersion"),
        ("members", page("GetGroup", "Users", [user("bob")], marker="more"), "GetGroup"),
    ],
)
def test_what_was_there_a_call_ago_is_not_said_to_be_gone(
    stub: IamStub, stub_aws: BotoIam, verb: str, first: Answer, later: str
) -> None:
    """One of IAM's copies is behind, or it is being changed: an end must not be taken for done because of that."""
    action, do = VERBS[verb]
    gone = error("NoSuchEntity", status=404)
    stub.says(action, first, gone)
    stub.says(later, *([first, gone] if later == action else [gone]))
    with pytest.raises(aws.Retryable, match=f"{later}: NoSuchEntity"):
        do(stub_aws)
    assert do(stub_aws) is None
