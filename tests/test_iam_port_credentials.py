"""The contract of the IAM port, logins, keys and devices; and that no secret of them is in what is raised."""

import traceback

import pytest

from app.clients import aws
from app.clients.iam import BotoIam
from app.domain.plans import Operation
from tests.support.deviations import behaviour
from tests.support.iam_ports import PASSWORD, Port, new_name
from tests.support.iam_stub import DROPPED, IamStub, error, page, result

SHORT = "Short-1"
CREATE_KEY = Operation("iam", "CreateAccessKey", {"UserName": "bob"}, "a test")
CREATE_LOGIN = Operation("iam", "CreateLoginProfile", {"UserName": "bob"}, "a test")


def login(port: Port, action: str, name: str, password: str = PASSWORD) -> str:
    return port.outcome(action, secret=password, UserName=name, PasswordResetRequired=True)


def with_login(port: Port) -> str:
    name = port.new_user()
    port.give(name, "login profile")
    return name


def with_key(port: Port) -> tuple[str, str]:
    name = port.new_user()
    port.do("CreateAccessKey", UserName=name)
    return name, port.kept["AccessKeyId"]


def with_device(port: Port) -> tuple[str, str]:
    name = port.new_user()
    port.give(name, "MFA device")
    return name, port.belongings(name).devices[0].serial


def to_be_changed(port: Port, outcome: str, name: str) -> str:
    assert port.kept == {}
    assert port.belongings(name).login
    return f"{outcome}, {'to be changed' if port.must_change(name) else 'not to be changed'}"


@behaviour
def test_create_login(port: Port) -> str:
    name = port.new_user()
    return to_be_changed(port, login(port, "CreateLoginProfile", name), name)


@behaviour
def test_create_login_twice(port: Port) -> str:
    return login(port, "CreateLoginProfile", with_login(port))


@behaviour
def test_create_login_user_missing(port: Port) -> str:
    return login(port, "CreateLoginProfile", new_name("nobody"))


@behaviour
def test_create_login_too_short(port: Port) -> str:
    return login(port, "CreateLoginProfile", port.new_user(), SHORT)


@behaviour
def test_update_login(port: Port) -> str:
    name = with_login(port)
    return to_be_changed(port, login(port, "UpdateLoginProfile", name), name)


@behaviour
def test_update_login_missing(port: Port) -> str:
    return login(port, "UpdateLoginProfile", port.new_user())


@behaviour
def test_update_login_too_short(port: Port) -> str:
    return login(port, "UpdateLoginProfile", with_login(port), SHORT)


@behaviour
def test_delete_login(port: Port) -> str:
    name = with_login(port)
    outcome = port.outcome("DeleteLoginProfile", UserName=name)
    return f"{outcome}, {'still there' if port.belongings(name).login else 'gone'}"


@behaviour
def test_delete_login_missing(port: Port) -> str:
    return port.outcome("DeleteLoginProfile", UserName=port.new_user())


@behaviour
def test_create_key(port: Port) -> str:
    name = port.new_user()
    outcome = port.outcome("CreateAccessKey", UserName=name)
    assert sorted(port.kept) == ["AccessKeyId", "SecretAccessKey"]
    assert len(port.kept["SecretAccessKey"]) == 40
    shown = [(key.id, key.active) for key in port.belongings(name).keys]
    return f"{outcome}, id and secret, {'shown active' if shown == [(port.kept['AccessKeyId'], True)] else shown}"


@behaviour
def test_create_key_user_missing(port: Port) -> str:
    return port.outcome("CreateAccessKey", UserName=new_name("nobody"))


@behaviour
def test_create_key_beyond_quota(port: Port) -> str:
    name, _ = with_key(port)
    port.do("CreateAccessKey", UserName=name)
    return f"{port.outcome('CreateAccessKey', UserName=name)}, {len(port.belongings(name).keys)} keys"


@behaviour
def test_update_key(port: Port) -> str:
    name, key = with_key(port)
    said = []
    for status in ("Inactive", "Active"):
        outcome = port.outcome("UpdateAccessKey", UserName=name, AccessKeyId=key, Status=status)
        said.append(f"{outcome}, {'active' if port.belongings(name).keys[0].active else 'inactive'}")
    return "; ".join(said)


@behaviour
def test_update_key_missing(port: Port) -> str:
    return port.outcome("UpdateAccessKey", UserName=port.new_user(), AccessKeyId="AKIANOSUCHKEY000001", Status="Active")


@behaviour
def test_delete_key(port: Port) -> str:
    name, key = with_key(port)
    outcome = port.outcome("DeleteAccessKey", UserName=name, AccessKeyId=key)
    return f"{outcome}, {'still there' if port.belongings(name).keys else 'gone'}"


@behaviour
def test_delete_key_missing(port: Port) -> str:
    return port.outcome("DeleteAccessKey", UserName=port.new_user(), AccessKeyId="AKIANOSUCHKEY000001")


@behaviour
def test_deactivate_device(port: Port) -> str:
    name, serial = with_device(port)
    outcome = port.outcome("DeactivateMFADevice", UserName=name, SerialNumber=serial)
    return f"{outcome}, {'still there' if port.belongings(name).devices else 'gone'}"


@behaviour
def test_deactivate_device_missing(port: Port) -> str:
    return port.outcome("DeactivateMFADevice", UserName=port.new_user(), SerialNumber=port.arn("mfa/not-there"))


@behaviour
def test_delete_device(port: Port) -> str:
    name, serial = with_device(port)
    port.do("DeactivateMFADevice", UserName=name, SerialNumber=serial)
    first, second = (port.outcome("DeleteVirtualMFADevice", SerialNumber=serial) for _ in range(2))
    return f"{first}, then {second}"


@behaviour
def test_delete_device_missing(port: Port) -> str:
    return port.outcome("DeleteVirtualMFADevice", SerialNumber=port.arn("mfa/not-there"))


@behaviour
def test_delete_device_assigned(port: Port) -> str:
    name, serial = with_device(port)
    outcome = port.outcome("DeleteVirtualMFADevice", SerialNumber=serial)
    return f"{outcome}, {'still assigned' if port.belongings(name).devices else 'gone'}"


CREDENTIALS = {
    "certificate": ("DeleteSigningCertificate", "CertificateId", "certificates"),
    "SSH key": ("DeleteSSHPublicKey", "SSHPublicKeyId", "ssh_keys"),
    "service credential": ("DeleteServiceSpecificCredential", "ServiceSpecificCredentialId", "service_credentials"),
}


def credential_gone(port: Port, kind: str) -> str:
    action, key, listed = CREDENTIALS[kind]
    name = port.new_user()
    made = port.give_credential(name, kind) or "X" * 24
    outcome = port.outcome(action, **{"UserName": name, key: made})
    return f"{outcome}, {'still there' if getattr(port.belongings(name), listed) else 'gone'}"


def no_credential(port: Port, kind: str) -> str:
    action, key, _ = CREDENTIALS[kind]
    return port.outcome(action, **{"UserName": port.new_user(), key: "X" * 24})


@behaviour
def test_delete_certificate(port: Port) -> str:
    return credential_gone(port, "certificate")


@behaviour
def test_delete_certificate_missing(port: Port) -> str:
    return no_credential(port, "certificate")


@behaviour
def test_delete_ssh_key(port: Port) -> str:
    return credential_gone(port, "SSH key")


@behaviour
def test_delete_ssh_key_missing(port: Port) -> str:
    return no_credential(port, "SSH key")


@behaviour
def test_delete_service_credential(port: Port) -> str:
    return credential_gone(port, "service credential")


@behaviour
def test_delete_service_credential_missing(port: Port) -> str:
    return no_credential(port, "service credential")


def test_rule_28_on_aws_a_kind_that_is_not_offered_is_an_error(
    stub: IamStub, stub_aws: BotoIam, stub_emulator: BotoIam
) -> None:
    stub.says("ListGroupsForUser", page("ListGroupsForUser", "Groups", []))
    stub.says("GetLoginProfile", error("NoSuchEntity", status=404))
    found = stub_emulator.belongings("bob")
    assert found is not None
    assert found.notes[0] == "ListAccessKeys: this endpoint does not offer it"
    assert len(found.notes) == 7
    with pytest.raises(aws.NeedsPerson, match="InvalidAction"):
        stub_aws.belongings("bob")


def test_a_key_is_asked_for_once_whatever_happens(stub: IamStub, stub_default: BotoIam) -> None:
    for answer in (DROPPED, error("ServiceUnavailable", status=503)):
        stub.forget()
        stub.says("CreateAccessKey", answer)
        with pytest.raises(aws.Retryable):
            stub_default.call(CREATE_KEY)
        assert len(stub.called("CreateAccessKey")) == 1


@pytest.mark.parametrize(
    "inner",
    ["<AccessKey><SecretAccessKey>very-hidden</SecretAccessKey>", "<AccessKey><SecretAccessKey>very-hidden"],
    ids=["no XML", "cut"],
)
def test_an_answer_that_cannot_be_read_is_in_no_error(stub: IamStub, stub_aws: BotoIam, inner: str) -> None:
    stub.says("CreateAccessKey", result("CreateAccessKey", inner))
    with pytest.raises(aws.Retryable) as caught:
        stub_aws.call(CREATE_KEY)
    assert "very-hidden" not in "".join(traceback.format_exception(caught.value))


def test_a_key_without_an_id_is_none(stub: IamStub, stub_aws: BotoIam) -> None:
    stub.says("CreateAccessKey", result("CreateAccessKey", "<AccessKey><Status>Active</Status></AccessKey>"))
    with pytest.raises(aws.Retryable, match="UnreadableAnswer"):
        stub_aws.call(CREATE_KEY)


def test_a_password_that_a_refusal_repeats_is_hidden(stub: IamStub, stub_aws: BotoIam) -> None:
    stub.says("CreateLoginProfile", error("PasswordPolicyViolation", f"{PASSWORD} does not do"))
    with pytest.raises(aws.NeedsPerson, match=r"\*\*\* does not do") as caught:
        stub_aws.call(CREATE_LOGIN, PASSWORD)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_password_stands_beside_the_operation_and_only_where_one_is_taken(port: Port) -> None:
    inside = Operation("iam", "CreateLoginProfile", {"UserName": "bob", "Password": PASSWORD}, "a test")
    for operation, secret in ((inside, None), (inside, PASSWORD), (CREATE_LOGIN, None), (CREATE_KEY, PASSWORD)):
        with pytest.raises(ValueError, match=operation.action) as caught:
            port.iam.call(operation, secret)
        assert PASSWORD not in str(caught.value)
