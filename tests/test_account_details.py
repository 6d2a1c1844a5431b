"""Reading a whole account: in pages over a stub, and the same as reading each thing by itself over every backend."""

import itertools
from urllib.parse import quote

import pytest

from app.clients import aws, details
from app.clients.iam import BotoIam
from app.domain.found import FoundGroup, FoundUser
from app.domain.sightings import SeenPolicy
from tests.support.iam_ports import DENYING, DOCUMENT, Port
from tests.support.iam_stub import Answer, IamStub, group, result, user

OWN = "arn:aws:iam::123456789012:policy/lab/own"


def listed(key: str, members: list[str]) -> str:
    return f"<{key}>{''.join(f'<member>{m}</member>' for m in members)}</{key}>"


def answered(
    *, users: list[str] | None = None, groups: list[str] | None = None, more: str = "", marker: str | None = None
) -> Answer:
    end = "<IsTruncated>false</IsTruncated>"
    if marker is not None:
        end = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"
    inner = listed("UserDetailList", users or []) + listed("GroupDetailList", groups or [])
    return result(details.ACTION, f"{inner}{more or '<Policies></Policies>'}{end}")


def member(name: str, *groups: str) -> str:
    return user(name, more=listed("GroupList", list(groups)))


def test_five_thousand_users_come_in_about_twenty_calls(stub: IamStub, stub_aws: BotoIam) -> None:
    names = [f"u{n}" for n in range(5000)]
    cuts = [0, 1000, 2000, 2000, 2300, 3300, 4300, 5000]  # AWS may cut a page anywhere, and send an empty one
    pages = [
        answered(users=[member(n, "A") for n in names[begin:end]], marker=str(end))
        for begin, end in itertools.pairwise(cuts)
    ]
    attached = listed("AttachedManagedPolicies", [f"<PolicyArn>{OWN}</PolicyArn><PolicyName>own</PolicyName>"])
    versions = "".join(
        f"<member><VersionId>{version}</VersionId><Document>{quote(text)}</Document></member>"
        for version, text in (("v1", "{}"), ("v2", '{"Statement": {"Effect": "Deny"}}'))
    )
    policy = (
        f"<Policies><member><Arn>{OWN}</Arn><DefaultVersionId>v2</DefaultVersionId>"
        f"<PolicyVersionList>{versions}</PolicyVersionList></member></Policies>"
    )
    stub.says(details.ACTION, *pages, answered(groups=[group("A") + attached], more=policy))
    found = details.read(stub_aws)
    assert [u.name for u in found.users] == names
    assert {u.seen.groups for u in found.users} == {("A",)}
    assert found.groups == (FoundGroup("A", "/", (OWN,)),)
    assert found.policies[OWN].has_deny, "the default version is what holds"
    assert found.calls == len(stub.called(details.ACTION)) == 8
    asked = stub.called(details.ACTION)
    assert [call.get("Marker") for call in asked] == [None, *(str(end) for end in cuts[1:])]
    assert {call["MaxItems"] for call in asked} == {"1000"}
    assert [asked[0][f"Filter.member.{n}"] for n in (1, 2, 3)] == ["User", "Group", "LocalManagedPolicy"]


@pytest.mark.parametrize("inner", ["<UserDetailList></UserDetailList>", ""])
def test_an_answer_without_its_lists_is_not_an_empty_account(stub: IamStub, stub_aws: BotoIam, inner: str) -> None:
    stub.says(details.ACTION, result(details.ACTION, f"{inner}<IsTruncated>false</IsTruncated>"))
    with pytest.raises(aws.Retryable, match="UnreadableAnswer"):
        details.read(stub_aws)


def test_a_list_that_never_ends_is_given_up(stub: IamStub, stub_aws: BotoIam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "_PAGES", 3)
    stub.says(details.ACTION, answered(marker="again"))
    with pytest.raises(aws.NeedsPerson, match="TooManyPages"):
        details.read(stub_aws)


def test_read_whole_is_what_each_by_itself_says(port: Port) -> None:
    name, of = port.new_member()
    alone = port.new_user(Tags=[{"Key": "email", "Value": "x@lab.example"}])
    policy = port.new_policy(DENYING)
    port.do("AttachGroupPolicy", GroupName=of, PolicyArn=policy)
    if port.backend != "fake":
        port.inline(of, "own", DOCUMENT)
    port.give(alone, "inline policy")
    port.give(alone, "attached policy")
    found = details.read(port.iam)  # type: ignore[arg-type] # every backend of the port can do this as well
    users = {u.name: u for u in found.users}
    for each in (name, alone):
        assert users[each].seen == port.iam.user(each)
    assert users[name] == FoundUser(users[name].seen)
    assert (len(users[alone].inline), len(users[alone].attached)) == (1, 1)
    [shown] = [g for g in found.groups if g.name == of]
    seen = port.iam.group(of)
    assert seen is not None
    every: list[SeenPolicy] = [*(found.policies[arn] for arn in shown.attached), *shown.inline]
    assert tuple(sorted(every, key=lambda p: p.name)) == seen.policies
