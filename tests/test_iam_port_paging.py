"""Lists that come in pages, over a stub: no emulator truncates. IAM may cut a page anywhere, and send an empty one."""

from collections.abc import Mapping
from urllib.parse import quote

import pytest

from app.clients import aws
from app.clients.iam import _PAGES, BotoIam
from tests.support.iam_stub import Answer, IamStub, error, group, page, result, user

A = "arn:aws:iam::123456789012:policy/lab"
BELONGINGS = {
    "ListAccessKeys": (
        "AccessKeyMetadata",
        "<AccessKeyId>AKIAEXAMPLE</AccessKeyId><Status>Active</Status><CreateDate>2026-11-23T00:00:00Z</CreateDate>",
        "access key",
    ),
    "ListUserPolicies": ("PolicyNames", "own", "inline policy"),
    "ListAttachedUserPolicies": ("AttachedPolicies", f"<PolicyArn>{A}/P</PolicyArn>", "attached policy"),
    "ListMFADevices": (
        "MFADevices",
        "<SerialNumber>arn:aws:iam::123456789012:mfa/x</SerialNumber><EnableDate>2026-11-23T00:00:00Z</EnableDate>",
        "MFA device",
    ),
    "ListSigningCertificates": ("Certificates", "<CertificateId>C</CertificateId>", "signing certificate"),
    "ListSSHPublicKeys": ("SSHPublicKeys", "<SSHPublicKeyId>K</SSHPublicKeyId>", "SSH key"),
    "ListServiceSpecificCredentials": (
        "ServiceSpecificCredentials",
        "<ServiceSpecificCredentialId>S</ServiceSpecificCredentialId>",
        "service-specific credential",
    ),
}


@pytest.fixture
def iam(stub: IamStub, stub_aws: BotoIam) -> BotoIam:
    stub.says("GetUser", result("GetUser", f"<User>{user('bob')}</User>"))
    stub.says("ListGroupsForUser", page("ListGroupsForUser", "Groups", []))
    stub.says("GetLoginProfile", error("NoSuchEntity", status=404))
    stub.says("GetUserPolicy", result("GetUserPolicy", f"<PolicyDocument>{quote('{}')}</PolicyDocument>"))
    for action, (key, _, _) in BELONGINGS.items():
        stub.says(action, page(action, key, []))
    return stub_aws


def members_page(*names: str, marker: str | None = None) -> Answer:
    return page("GetGroup", "Users", [user(n) for n in names], marker=marker, more=f"<Group>{group('G')}</Group>")


def groups_page(*names: str, marker: str | None = None) -> Answer:
    return page("ListGroupsForUser", "Groups", [group(n) for n in names], marker=marker)


def markers(stub: IamStub, action: str) -> list[str | None]:
    return [call.get("Marker") for call in stub.called(action)]


def test_short_pages_are_put_together(stub: IamStub, iam: BotoIam) -> None:
    stub.says("ListGroupsForUser", groups_page("C", marker="one"), groups_page("A", marker="two/+=&"), groups_page("B"))
    seen = iam.user("bob")
    assert seen is not None
    assert seen.groups == ("A", "B", "C")
    assert markers(stub, "ListGroupsForUser") == [None, "one", "two/+=&"]
    assert {call["UserName"] for call in stub.called("ListGroupsForUser")} == {"bob"}


def test_an_empty_page_that_says_there_is_more_is_not_the_end(stub: IamStub, iam: BotoIam) -> None:
    stub.says("ListGroupsForUser", groups_page(marker="one"), groups_page(marker="two"), groups_page("A"))
    seen = iam.user("bob")
    assert seen is not None
    assert seen.groups == ("A",)


def test_members_are_asked_for_by_the_thousand(stub: IamStub, iam: BotoIam) -> None:
    names = [f"user-{i}" for i in range(2500)]
    stub.says(
        "GetGroup", members_page(*names[:1000], marker="1"), members_page(marker="2"), members_page(*names[1000:])
    )
    assert iam.members("G") == frozenset(names)
    assert [call["MaxItems"] for call in stub.called("GetGroup")] == ["1000"] * 3
    assert markers(stub, "GetGroup") == [None, "1", "2"]


def test_a_group_with_policies_on_later_pages(stub: IamStub, iam: BotoIam) -> None:
    def policy(parameters: Mapping[str, str]) -> Answer:
        return result(
            "GetPolicy", f"<Policy><Arn>{parameters['PolicyArn']}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>"
        )

    document = quote('{"Statement": {"Effect": "Deny"}}')
    stub.says("GetPolicy", policy)
    stub.says(
        "GetPolicyVersion",
        result("GetPolicyVersion", f"<PolicyVersion><Document>{document}</Document></PolicyVersion>"),
    )
    stub.says("GetGroupPolicy", result("GetGroupPolicy", f"<PolicyDocument>{document}</PolicyDocument>"))
    for action, key, members in (
        ("ListAttachedGroupPolicies", "AttachedPolicies", [f"<PolicyArn>{A}/{n}</PolicyArn>" for n in ("P", "Q")]),
        ("ListGroupPolicies", "PolicyNames", ["one", "two"]),
    ):
        stub.says(action, page(action, key, members[:1], marker="more"), page(action, key, members[1:]))
    seen = iam.group("G")
    assert seen is not None
    assert [(p.name, p.has_deny) for p in seen.policies] == [
        (f"{A}/P", True),
        (f"{A}/Q", True),
        ("inline:one", True),
        ("inline:two", True),
    ]


@pytest.mark.parametrize("action", BELONGINGS)
def test_a_belonging_behind_an_empty_page_is_seen(stub: IamStub, iam: BotoIam, action: str) -> None:
    key, member, word = BELONGINGS[action]
    stub.says(action, page(action, key, [], marker="more"), page(action, key, [member]))
    seen = iam.user("bob", belongings=True)
    assert seen is not None
    assert seen.belongings == (word,)


def test_a_device_behind_an_empty_page_is_seen(stub: IamStub, iam: BotoIam) -> None:
    key, member, _ = BELONGINGS["ListMFADevices"]
    stub.says("ListMFADevices", page("ListMFADevices", key, [], marker="x"), page("ListMFADevices", key, [member]))
    seen = iam.user("bob", mfa=True)
    assert seen is not None
    assert seen.has_mfa is True


def test_a_list_that_never_ends_is_given_up(stub: IamStub, iam: BotoIam) -> None:
    stub.says("GetGroup", members_page("bob", marker="again"))
    with pytest.raises(aws.NeedsPerson, match="GetGroup: TooManyPages: more than 50 pages"):
        iam.members("G")
    assert len(stub.called("GetGroup")) == _PAGES


def test_the_longest_list_that_is_read(stub: IamStub, iam: BotoIam) -> None:
    pages = [members_page(f"user-{i}", marker=str(i)) for i in range(_PAGES - 1)]
    stub.says("GetGroup", *pages, members_page("last"))
    assert len(iam.members("G") or ()) == _PAGES


@pytest.mark.parametrize(
    "again", [error("NoSuchEntity", status=404), error("Throttling"), error("ServiceFailure", status=500)]
)
def test_half_a_list_is_no_list(stub: IamStub, iam: BotoIam, again: Answer) -> None:
    """Also where the group is deleted between two pages: the next reading says None."""
    stub.says("GetGroup", members_page("bob", marker="more"), again)
    with pytest.raises(aws.Retryable, match="GetGroup"):
        iam.members("G")


def test_more_than_asked_for_is_read_too(stub: IamStub, iam: BotoIam) -> None:
    names = [f"user-{i}" for i in range(1500)]
    stub.says("GetGroup", members_page(*names))
    assert iam.members("G") == frozenset(names)


def test_the_same_name_on_two_pages_is_one(stub: IamStub, iam: BotoIam) -> None:
    """A list that changes between two pages can show somebody twice."""
    stub.says("GetGroup", members_page("bob", marker="more"), members_page("bob"))
    stub.says("ListGroupsForUser", groups_page("A", marker="more"), groups_page("A"))
    seen = iam.user("bob")
    assert seen is not None
    assert iam.members("G") == frozenset({"bob"})
    assert seen.groups == ("A",)
