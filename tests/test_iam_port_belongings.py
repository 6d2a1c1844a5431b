"""The contract of the IAM port, what a user has: each test says what a backend does; `deviations.check` judges it."""

import json
from typing import Any

from app.domain import documents
from app.domain.inline import InlinePolicy
from tests.support.deviations import behaviour
from tests.support.fake_users import INLINE
from tests.support.iam_ports import DENYING, DOCUMENT, THINGS, Port, new_name


def left(outcome: str, things: object) -> str:
    return f"{outcome}, {'still there' if things else 'gone'}"


@behaviour
def test_belongings_missing(port: Port) -> str:
    return str(port.iam.belongings(new_name("nobody")))


@behaviour
def test_belongings_none(port: Port) -> str:
    found = port.belongings(port.new_user())
    return ", ".join(["nothing" if found.in_words() == () else "something", *_not_offered(found.notes)])


@behaviour
def test_belongings_of_each(port: Port) -> str:
    name, group = port.new_member()
    for thing in THINGS:
        port.give(name, thing)
    made = {kind: port.give_credential(name, kind) for kind in ("certificate", "SSH key", "service credential")}
    found = port.belongings(name)
    assert found.login
    assert found.groups == (group,)
    assert [key.active for key in found.keys] == [True]
    assert [(d.serial, d.virtual) for d in found.devices] == [(port.arn(f"mfa/{name}"), True)]
    assert [(p.name, p.sha256, p.has_deny) for p in found.inline] == [("own", documents.fingerprint(DOCUMENT), False)]
    assert len(found.attached) == 1
    others = {
        "certificate": found.certificates,
        "SSH key": found.ssh_keys,
        "service credential": found.service_credentials,
    }
    missing = [kind for kind, ids in others.items() if ids != (made[kind],)]
    return ", ".join(["each with its id or hash", *(f"no {kind}" for kind in missing)])


@behaviour
def test_belongings_key_inactive(port: Port) -> str:
    name = port.new_user()
    for _ in range(2):
        port.give(name, "access key")
    port.do("UpdateAccessKey", UserName=name, AccessKeyId=port.belongings(name).keys[0].id, Status="Inactive")
    return ", ".join("active" if key.active else "inactive" for key in port.belongings(name).keys)


@behaviour
def test_inline_missing(port: Port) -> str:
    return str(port.iam.inline(new_name("nobody")))


@behaviour
def test_inline_shown(port: Port) -> str:
    name = port.new_user()
    before = "none" if port.iam.inline(name) == () else "some"
    for policy, document in (("allowing", DOCUMENT), ("denying", DENYING)):
        assert put(port, name, document, policy) == "done"
    found = sorted(port.iam.inline(name) or (), key=lambda policy: policy.name)
    both = [InlinePolicy.of("allowing", DOCUMENT), InlinePolicy.of("denying", DENYING)]
    assert [policy.has_deny for policy in both] == [False, True]
    return f"{before}, {'both with hash, size and deny' if found == both else found}"


@behaviour
def test_inline_names(port: Port) -> str:
    name = port.new_user()
    port.give(name, "inline policy")
    found = port.iam.inline(name, documents=False)
    return "the names, nothing read" if found == (InlinePolicy("own"),) else str(found)


@behaviour
def test_put_inline(port: Port) -> str:
    name, said = port.new_user(), []
    for document, word in ((DOCUMENT, "shown"), (DENYING, "replaced")):
        outcome = put(port, name, document)
        shown = [(p.name, p.sha256) for p in port.belongings(name).inline]
        said.append(f"{outcome}, {word if shown == [('own', documents.fingerprint(document))] else shown}")
    return "; ".join(said)


@behaviour
def test_put_inline_user_missing(port: Port) -> str:
    return put(port, new_name("nobody"), DOCUMENT)


@behaviour
def test_put_inline_malformed(port: Port) -> str:
    return put(port, port.new_user(), {"Version": "2012-10-17"})


@behaviour
def test_put_inline_too_large(port: Port) -> str:
    name = port.new_user()
    long: dict[str, Any] = {**DOCUMENT, "Id": "x" * (INLINE // 2)}
    assert put(port, name, long, "first") == "done"
    return put(port, name, long, "second")


@behaviour
def test_delete_inline(port: Port) -> str:
    name = port.new_user()
    port.give(name, "inline policy")
    outcome = port.outcome("DeleteUserPolicy", UserName=name, PolicyName="own")
    return left(outcome, port.belongings(name).inline)


@behaviour
def test_delete_inline_missing(port: Port) -> str:
    return port.outcome("DeleteUserPolicy", UserName=port.new_user(), PolicyName="own")


@behaviour
def test_detach_user_policy(port: Port) -> str:
    name = port.new_user()
    port.give(name, "attached policy")
    outcome = port.outcome("DetachUserPolicy", UserName=name, PolicyArn=port.belongings(name).attached[0])
    return left(outcome, port.belongings(name).attached)


@behaviour
def test_detach_user_policy_missing(port: Port) -> str:
    return port.outcome("DetachUserPolicy", UserName=port.new_user(), PolicyArn=port.new_policy())


def put(port: Port, name: str, document: Any, policy: str = "own") -> str:
    return port.outcome("PutUserPolicy", UserName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def _not_offered(notes: tuple[str, ...]) -> list[str]:
    return [f"without {note.split(':')[0]}" for note in notes]
