"""The lab's own policies over HTTP, on both databases: made, changed, deleted, and who must agree."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_group_update import ASK, attached, calls, change, parts
from tests.test_lifecycle import new_group, refused, until, wish
from tests.test_power import allowing

_numbers = itertools.count(1)
READ, WRITE = allowing("s3:GetObject"), allowing("s3:PutObject")
POWER = allowing("ec2:*")
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database; carol is the third admin."""
    with databases.lab(request.param) as found:
        found.register("carol", ("admin",), vouched_by="alice")
        found.post("carol", "/v1/users/alice/vouch")  # rule 8
        yield found


def new_name() -> str:
    return f"Own{next(_numbers)}"


def arn_of(name: str) -> str:
    return f"arn:aws:iam::123456789012:policy/lab/{name}"


def file(lab: Lab, method: str, name: str, body: Any = None, who: str = "pi") -> Any:
    """File a change of a policy; its request."""
    path = "/v1/policies" if method == "POST" else f"/v1/policies/{name}"
    answer = lab.call(who, method, path, {"name": name, **body} if method == "POST" else body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def done(lab: Lab, request: Any, *by: str) -> Any:
    for who in by or ("alice",):
        lab.approve(who, request["id"])
    return lab.applied(request["id"])


def made(lab: Lab, document: Any = READ, *by: str) -> str:
    """A policy that is there."""
    name = new_name()
    done(lab, file(lab, "POST", name, {"document": document, "description": "for a test"}), *by)
    return name


def actions(request: Any) -> list[str]:
    return [o["action"] for o in request["plan"]["operations"]]


def in_iam(lab: Lab, name: str) -> Any:
    """What IAM itself says the policy allows and forbids."""
    policy = lab.iam.get_policy(PolicyArn=arn_of(name))["Policy"]
    version = policy["DefaultVersionId"]
    return lab.iam.get_policy_version(PolicyArn=arn_of(name), VersionId=version)["PolicyVersion"]["Document"]


def is_in_iam(lab: Lab, name: str) -> bool:
    return arn_of(name) in {p["Arn"] for p in lab.iam.list_policies(Scope="Local")["Policies"]}


def test_a_policy_is_made_attached_by_its_name_changed_and_deleted(lab: Lab) -> None:
    name, group = new_name(), new_group(lab)
    asked = file(lab, "POST", name, {"document": READ, "description": "results only"}, who="bob")
    assert (asked["kind"], asked["user"], actions(asked), parts(asked)) == (
        "policy.create",
        "bob",
        ["CreatePolicy"],
        [("policy.create", 1)],
    )
    assert refused(lab, "pi", "GET", f"/v1/policies/{name}") == (404, "policy_not_found")
    done(lab, asked)
    assert in_iam(lab, name) == READ
    shown = lab.get("bob", f"/v1/policies/{name.upper()}")
    assert (shown["name"], shown["arn"], shown["document"]) == (name, arn_of(name), READ)
    assert [v["default"] for v in shown["versions"]] == [True]
    assert (shown["groups"], shown["others"], shown["version"]) == ([], [], 1)

    attach = change(lab, group, {"policies": [name]})
    assert (calls(attach), parts(attach)) == ([("AttachGroupPolicy", arn_of(name))], [("group.update", 1), (group, 1)])
    done(lab, attach)
    assert attached(lab, group) == [arn_of(name)]

    put = file(lab, "PUT", name, {"document": WRITE})
    assert (actions(put), parts(put)) == (["CreatePolicyVersion"], [("policy.update", 1), (group, 1)])
    done(lab, put)
    shown = lab.get("pi", f"/v1/policies/{name}")
    assert (in_iam(lab, name), shown["document"], shown["groups"], shown["version"]) == (WRITE, WRITE, [group], 2)

    gone = file(lab, "DELETE", name)
    assert actions(gone) == ["DetachGroupPolicy", "DeletePolicyVersion", "DeletePolicy"]
    assert parts(gone) == [("policy.delete", 1)]  # it forbids nothing, so nobody gains by its end
    done(lab, gone)
    assert (is_in_iam(lab, name), attached(lab, group)) == (False, [])
    assert lab.get("pi", f"/v1/groups/{group}")["policies"] == []
    assert refused(lab, "pi", "GET", f"/v1/policies/{name}") == (404, "policy_not_found")
    assert refused(lab, "pi", "PUT", f"/v1/policies/{name}", {"document": READ}) == (404, "policy_not_found")
    made_again = file(lab, "POST", name, {"document": READ})
    assert actions(done(lab, made_again)) == ["CreatePolicy"]


def test_an_equal_document_burns_no_version_and_the_sixth_takes_the_place_of_the_oldest(lab: Lab) -> None:
    name = made(lab)
    again = json.dumps(READ, indent=4)
    assert refused(lab, "pi", "PUT", f"/v1/policies/{name}", {"document": again}) == (409, "nothing_to_change")
    for n in range(5):
        asked = file(lab, "PUT", name, {"document": allowing("s3:GetObject", on=f"arn:aws:s3:::b{n}/*")})
        assert actions(asked) == ["DeletePolicyVersion", "CreatePolicyVersion"][0 if n == 4 else 1 :]
        done(lab, asked)
    assert [v["id"] for v in lab.get("pi", f"/v1/policies/{name}")["versions"]] == ["v2", "v3", "v4", "v5", "v6"]
    # What IAM has by now makes no call, and is no reason to ask again.
    late = file(lab, "PUT", name, {"document": WRITE})
    other = file(lab, "PUT", name, {"document": WRITE["Statement"] and {**WRITE, "Id": "another"}})
    lab.iam.delete_policy_version(PolicyArn=arn_of(name), VersionId="v2")
    lab.iam.create_policy_version(PolicyArn=arn_of(name), PolicyDocument=json.dumps(WRITE), SetAsDefault=True)
    done(lab, late)
    assert lab.iam.get_policy(PolicyArn=arn_of(name))["Policy"]["DefaultVersionId"] == "v7"
    done(lab, other)
    assert lab.get("pi", f"/v1/policies/{name}")["version"] == 8


def test_rule_4_the_rule_of_each_group_that_has_it_is_met_separately(lab: Lab) -> None:
    name = made(lab, DENY)
    one, two = new_group(lab, approvers=["bob"]), new_group(lab)
    for group in (one, two):
        asked = change(lab, group, {"policies": [arn_of(name)]})
        for who in ("alice", "bob") if group == one else ("alice",):
            lab.approve(who, asked["id"])
        lab.applied(asked["id"])
    put = file(lab, "PUT", name, {"document": READ})
    assert parts(put) == [("policy.update", 1), (one, 1), (two, 1)]
    assert lab.approve("alice", put["id"])["decision"] == "pending"
    assert lab.get("bob", f"{ASK}/{put['id']}")["id"] == put["id"]  # an approver of one of them sees it
    # Its end frees what it forbids.
    assert parts(file(lab, "DELETE", name)) == [("policy.delete", 1), (one, 1), (two, 1)]
    lab.approve("bob", put["id"])
    lab.applied(put["id"])


def test_rule_13_a_policy_with_power_by_itself_or_with_its_group_needs_two(lab: Lab) -> None:
    assert parts(file(lab, "POST", new_name(), {"document": POWER})) == [("policy.create", 2)]
    # The boundary keeps this one from being power.
    assert parts(file(lab, "POST", new_name(), {"document": allowing("iam:*")})) == [("policy.create", 1)]
    name, group = made(lab), new_group(lab, policies=("arn:aws:iam::aws:policy/AmazonEC2FullAccess",))
    asked = change(lab, group, {"policies": ["AmazonEC2FullAccess", name]})
    done(lab, asked, "alice", "carol")
    assert parts(file(lab, "PUT", name, {"document": WRITE})) == [("policy.update", 2), (group, 1)]
    # Somebody whom nobody here looks after: what caps them is not known.
    name = made(lab, allowing("iam:ListUsers"))
    lab.iam.attach_user_policy(UserName="bob", PolicyArn=arn_of(name))
    asked = file(lab, "PUT", name, {"document": allowing("iam:PutUserPolicy")})
    assert parts(asked) == [("policy.update", 1)]
    lab.approve("alice", asked["id"])
    assert until(lab, asked["id"], "decision", "pending")["ruling"]["required_approvals"] == 2
    assert in_iam(lab, name) == allowing("iam:ListUsers")
    done(lab, asked, "alice", "carol")
    gone = file(lab, "DELETE", name)
    done(lab, gone, "alice", "carol")
    assert lab.iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"] == []


def test_rule_21_attached_to_another_group_meanwhile_it_is_put_before_people_again(lab: Lab) -> None:
    name, group = made(lab), new_group(lab, approvers=["bob"])
    put = file(lab, "PUT", name, {"document": WRITE})
    assert parts(put) == [("policy.update", 1)]
    lab.iam.attach_group_policy(GroupName=group, PolicyArn=arn_of(name))
    lab.approve("alice", put["id"])
    row = until(lab, put["id"], "decision", "pending")
    assert parts(row) == [("policy.update", 1), (group, 1)]
    done(lab, put, "alice", "bob")
    assert in_iam(lab, name) == WRITE


TWICE = '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow", "Effect": "Deny", "Action": "*"}}'
HUGE = allowing(*(f"s3:{'x' * 120}{n}" for n in range(60)))


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"document": TWICE}, (422, "policy_refused")),
        ({"document": "{"}, (422, "policy_refused")),
        ({"document": {"Version": "2012-10-17", "Statement": []}}, (422, "policy_refused")),
        ({"document": HUGE}, (422, "policy_refused")),
        ({"document": READ, "name": "x" * 129}, (422, "invalid")),
        ({"document": READ, "name": "a b"}, (422, "invalid")),
        ({"document": READ, "name": "labBOUNDARY"}, (422, "guardrail_policy")),
        ({"document": READ, "name": "LabForceMFA"}, (422, "guardrail_policy")),
        ({"document": READ, "name": "AmazonS3FULLAccess"}, (409, "name_taken")),  # LabUser's, by name
        ({"document": READ, "description": "a\nb"}, (422, "invalid")),
        ({"document": 7}, (422, "invalid")),
    ],
)
def test_what_aws_would_refuse_or_is_taken_is_refused_before_any_call(lab: Lab, body: Any, answer: Any) -> None:
    assert refused(lab, "pi", "POST", "/v1/policies", {"name": new_name(), **body})[0] == answer[0]
    if answer[1] != "invalid":
        found = refused(lab, "pi", "POST", "/v1/policies", {"name": new_name(), **body})
        assert found == answer


def test_a_refusal_names_line_and_reason(lab: Lab) -> None:
    answer = lab.call("pi", "POST", "/v1/policies", {"name": new_name(), "document": TWICE}).json()
    assert (answer["line"], "Line 2: 'Effect' stands twice" in answer["detail"]) == ("2", True)
    body = wish("policy.create", {"name": new_name(), "document": TWICE})
    preview = lab.post("pi", f"{ASK}/preview", body)
    assert [r["code"] for r in preview["refusals"]] == ["policy_refused"]


def test_what_is_no_change_or_for_somebody_is_refused(lab: Lab) -> None:
    name = made(lab)
    path = f"/v1/policies/{name}"
    assert refused(lab, "pi", "POST", "/v1/policies", {"name": name.upper(), "document": READ}) == (409, "name_taken")
    new = {"document": WRITE, "description": "other words"}
    assert refused(lab, "pi", "PUT", path, new) == (422, "description_stays")
    body = wish("policy.delete", {"name": name}, user="bob")
    assert refused(lab, "pi", "POST", ASK, body) == (422, "user_not_used")
    tag = lab.call("pi", "GET", path).headers["ETag"]
    assert lab.call("pi", "PUT", path, {"document": WRITE}, headers={"If-Match": '"7"'}).status_code == 412
    assert lab.call("pi", "PUT", path, {"document": WRITE}, headers={"If-Match": tag}).status_code == 202
    assert refused(lab, "pi", "PUT", path, {"document": WRITE}) == (409, "already_pending")
    assert refused(lab, None, "GET", "/v1/policies")[0] == 401


def test_a_name_that_iam_has_already_is_not_taken_over(lab: Lab) -> None:
    name = new_name()
    lab.iam.create_policy(PolicyName=name, Path="/lab/", PolicyDocument=json.dumps(WRITE))
    asked = file(lab, "POST", name, {"document": READ})
    lab.approve("alice", asked["id"])
    row = until(lab, asked["id"], "provisioning", "failed")
    assert (row["failure"]["code"], in_iam(lab, name)) == ("name_taken", WRITE)


def test_the_list_is_paged_by_name(lab: Lab) -> None:
    names = {made(lab) for _ in range(3)}
    found: list[str] = []
    cursor = ""
    while True:
        page = lab.get("bob", f"/v1/policies?limit=2{cursor}")
        found += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == sorted(set(found))
    assert names <= set(found)
    group, name = new_group(lab), min(names)
    done(lab, change(lab, group, {"policies": [name]}))
    assert {i["name"]: i["groups"] for i in lab.get("bob", "/v1/policies?limit=200")["items"]}[name] == [group]


def test_the_guides_serial_console_example_as_a_worked_case(lab: Lab) -> None:
    everywhere = allowing("ec2-instance-connect:SendSerialConsoleSSHPublicKey")
    found = lab.post("bob", "/v1/policies/lint", {"document": everywhere})["findings"]
    [warned] = [f for f in found if f["code"] == "serial_console_everywhere"]
    assert (warned["severity"], warned["line"]) == ("high", 9)
    # Rule 13: a root shell, but no way to more in IAM. It is let through, loudly, and takes one admin.
    assert parts(file(lab, "POST", new_name(), {"document": everywhere})) == [("policy.create", 1)]

    scoped = json.dumps(warned["scoped_form"])
    for blank, value in (("<Region>", "eu-central-1"), ("<Account>", "123456789012"), ("<InstanceId>", "i-0abc")):
        scoped = scoped.replace(blank, value)
    narrow = {"Version": "2012-10-17", "Statement": [json.loads(scoped)]}
    assert [f["code"] for f in lab.post("bob", "/v1/policies/lint", {"document": narrow})["findings"]] == [
        "not_checked_by_aws"
    ]
    assert in_iam(lab, made(lab, narrow)) == narrow
