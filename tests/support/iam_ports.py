"""The IAM port over each backend, with what a test arranges past it: belongings, inline policies, a full house."""

import contextlib
import datetime as dt
import http.client
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from typing_extensions import override

from app.clients import aws
from app.clients.iam import BotoIam, Iam
from app.domain import documents
from app.domain.belongings import Belongings
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation
from tests.support import ministack
from tests.support.credentials import SSH_KEY, certificate
from tests.support.fake_iam import ACCOUNT as FAKE_ACCOUNT
from tests.support.fake_iam import Account as FakeUser
from tests.support.fake_iam import FakeIam
from tests.support.fake_users import Key, Login, virtual_device

BACKENDS = ("moto", "ministack", "fake")
ACCOUNT, CROWDED = "222222222222", "333333333333"
"""Accounts that no other test uses, one of them for the quotas."""
DOCUMENT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
DENYING: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
}
THINGS = ("access key", "inline policy", "attached policy", "MFA device", "login profile")
"""What a user can have that stands in the way of deleting them, in the port's words."""
PASSWORD = "not-a-Secret-1"  # noqa: S105 - of an emulator

_numbers = itertools.count(1)
_TYPES = {"NoSuchEntity": aws.Gone, "EntityAlreadyExists": aws.Exists}


def new_name(word: str) -> str:
    """A name that no other test uses."""
    return f"{word}-{next(_numbers)}"


class Port(ABC):
    """A backend.

    Attributes:
        backend: One of `BACKENDS`.
        iam: The port that is tested.
        account: The account's 12 digits.
        kept: What the last call answered.
    """

    backend: str
    iam: Iam
    account: str
    kept: Mapping[str, str]

    def outcome(self, action: str, *, secret: str | None = None, **parameters: Any) -> str:
        """Make one changing call: `done`, `not offered` or AWS's error code. What it answered is in `kept`."""
        try:
            self.kept = self.iam.call(Operation("iam", action, parameters, "a test"), secret)
        except aws.NotOffered:
            return "not offered"
        except aws.AwsError as raised:
            problem = raised
        else:
            return "done"
        assert type(problem) is _TYPES.get(problem.code, aws.NeedsPerson), problem
        assert problem.action == action
        return problem.code

    def do(self, action: str, *, secret: str | None = None, **parameters: Any) -> None:
        """Make one changing call that must go well."""
        assert self.outcome(action, secret=secret, **parameters) == "done"

    def belongings(self, user: str) -> Belongings:
        """What a user has who is there."""
        found = self.iam.belongings(user)
        assert found is not None
        return found

    def new_user(self, **more: Any) -> str:
        """Make a user."""
        name = new_name("user")
        self.do("CreateUser", UserName=name, **more)
        return name

    def new_group(self) -> str:
        """Make a group."""
        name = new_name("group")
        self.do("CreateGroup", GroupName=name)
        return name

    def new_member(self) -> tuple[str, str]:
        """Make a user in a group."""
        user, group = self.new_user(), self.new_group()
        self.do("AddUserToGroup", UserName=user, GroupName=group)
        return user, group

    def new_policy(self, document: Any = DOCUMENT) -> str:
        """Make a managed policy; its ARN."""
        name = new_name("policy")
        self.do("CreatePolicy", PolicyName=name, Path="/lab/", PolicyDocument=json.dumps(document))
        return self.arn(f"policy/lab/{name}")

    def arn(self, resource: str) -> str:
        """An ARN in this account."""
        return f"arn:aws:iam::{self.account}:{resource}"

    @abstractmethod
    def give(self, user: str, thing: str) -> None:
        """Give a user one of `THINGS`, past the port."""

    @abstractmethod
    def attach_to_user(self, user: str, arn: str) -> None:
        """Attach a managed policy to a user, past the port."""

    @abstractmethod
    def give_credential(self, user: str, kind: str) -> str | None:
        """Give a user a `certificate`, an `SSH key` or a `service credential`; its id, None: not offered."""

    @abstractmethod
    def password_policy(self, length: int | None) -> None:
        """Give the account a password policy of this least length, or none."""

    @abstractmethod
    def log_group(self) -> str:
        """Make a log group, past the port; its name."""

    @abstractmethod
    def use(self, key: Mapping[str, str]) -> None:
        """Sign a call with an access key."""

    @abstractmethod
    def must_change(self, user: str) -> bool:
        """Whether the user's password is to be changed at the next sign-in."""

    @abstractmethod
    def inline(self, group: str, name: str, document: Any) -> None:
        """Put an inline policy on a group, past the port."""

    @abstractmethod
    @contextmanager
    def full(self, *, users: int = 0, groups: int = 0) -> Iterator["Port"]:
        """The port over an account that has so many."""


class HttpPort(Port):
    """An emulator behind `BotoIam`. Credentials are read from the environment when the clients are made."""

    def __init__(self, backend: str, url: str, account: str) -> None:
        self.backend, self.url, self.account = backend, url, account
        self.iam = BotoIam(endpoint_url=url)
        self.boto = boto3.Session().client("iam", endpoint_url=url, region_name="us-east-1")
        self.logs: Any = boto3.Session().client("logs", endpoint_url=url, region_name="us-east-1")

    @override
    def give(self, user: str, thing: str) -> None:
        if thing == "access key":
            self.boto.create_access_key(UserName=user)
        elif thing == "inline policy":
            self.boto.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(DOCUMENT))
        elif thing == "attached policy":
            self.boto.attach_user_policy(UserName=user, PolicyArn=self.new_policy())
        elif thing == "login profile":
            self.boto.create_login_profile(UserName=user, Password=PASSWORD)
        else:
            made = self.boto.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]["SerialNumber"]
            codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
            self.boto.enable_mfa_device(UserName=user, SerialNumber=made, **codes)

    @override
    def attach_to_user(self, user: str, arn: str) -> None:
        self.boto.attach_user_policy(UserName=user, PolicyArn=arn)

    @override
    def give_credential(self, user: str, kind: str) -> str | None:
        try:
            if kind == "certificate":
                made = self.boto.upload_signing_certificate(UserName=user, CertificateBody=certificate())
                return str(made["Certificate"]["CertificateId"])
            if kind == "SSH key":
                uploaded = self.boto.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=SSH_KEY)
                return str(uploaded["SSHPublicKey"]["SSHPublicKeyId"])
            issued = self.boto.create_service_specific_credential(UserName=user, ServiceName="codecommit.amazonaws.com")
            return str(issued["ServiceSpecificCredential"]["ServiceSpecificCredentialId"])
        except (ClientError, ResponseParserError):
            return None

    @override
    def password_policy(self, length: int | None) -> None:
        if length is not None:
            self.boto.update_account_password_policy(MinimumPasswordLength=length)
            return
        with contextlib.suppress(self.boto.exceptions.NoSuchEntityException):
            self.boto.delete_account_password_policy()

    @override
    def log_group(self) -> str:
        name = new_name("trail")
        self.logs.create_log_group(logGroupName=name)
        return name

    @override
    def use(self, key: Mapping[str, str]) -> None:
        signing = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
        signing.client("sts", endpoint_url=self.url).get_caller_identity()

    @override
    def must_change(self, user: str) -> bool:
        return bool(self.boto.get_login_profile(UserName=user)["LoginProfile"].get("PasswordResetRequired"))

    @override
    def inline(self, group: str, name: str, document: Any) -> None:
        self.boto.put_group_policy(GroupName=group, PolicyName=name, PolicyDocument=json.dumps(document))


class MotoPort(HttpPort):
    """moto runs in this process, so a full house is put into its memory and taken out again."""

    @override
    @contextmanager
    def full(self, *, users: int = 0, groups: int = 0) -> Iterator[Port]:
        from moto.iam.models import iam_backends  # noqa: PLC0415 - its settings are read when it is imported

        backend = iam_backends[self.account]["aws"]
        for i in range(users):
            backend.create_user("us-east-1", f"crowd-{i}")
        for i in range(groups):
            backend.create_group(f"crowd-{i}")
        yield self
        for i in range(users):
            del backend.users[f"crowd-{i}"]
        for i in range(groups):
            del backend.groups[f"crowd-{i}"]


class MinistackPort(HttpPort):
    """ministack keeps accounts apart by the access key's id, so a full house has an account of its own."""

    @override
    @contextmanager
    def full(self, *, users: int = 0, groups: int = 0) -> Iterator[Port]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        scope = f"AWS4-HMAC-SHA256 Credential={CROWDED}/20261123/us-east-1/iam/aws4_request"
        headers = {"Authorization": scope, "Content-Type": "application/x-www-form-urlencoded"}
        calls = [{"Action": "CreateUser", "UserName": f"crowd-{i}"} for i in range(users)]
        calls += [{"Action": "CreateGroup", "GroupName": f"crowd-{i}"} for i in range(groups)]
        for call in calls:  # boto3 would take three times as long
            connection.request("POST", "/", urlencode({**call, "Version": "2010-05-08"}), headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()
        yield open_ministack(self.url, CROWDED)


class FakePort(Port):
    """The strict fake, new for each test."""

    def __init__(self) -> None:
        self.backend, self.account, self.iam = "fake", FAKE_ACCOUNT, FakeIam()
        self.fake = self.iam

    @override
    def give(self, user: str, thing: str) -> None:
        account = self.fake.users[user]
        if thing == "MFA device":
            serial = virtual_device(user)
            self.fake.virtual_devices.add(serial)
            account.devices.append(serial)
        elif thing == "access key":
            account.keys[f"AKIA{next(_numbers)}"] = Key("hidden")
        elif thing == "inline policy":
            account.inline["own"] = json.dumps(DOCUMENT)
        elif thing == "attached policy":
            account.attached.append(self.new_policy())
        else:
            account.login = Login(PASSWORD)

    @override
    def attach_to_user(self, user: str, arn: str) -> None:
        self.fake.users[user].attached.append(arn)

    @override
    def give_credential(self, user: str, kind: str) -> str | None:
        account, made = self.fake.users[user], f"ID{next(_numbers)}"
        {
            "certificate": account.certificates,
            "SSH key": account.ssh_keys,
            "service credential": account.service_credentials,
        }[kind].append(made)
        return made

    @override
    def password_policy(self, length: int | None) -> None:
        self.fake.account_policy = None if length is None else PasswordPolicy(minimum_length=length)

    @override
    def log_group(self) -> str:
        self.fake.log_groups.add(name := new_name("trail"))
        return name

    @override
    def use(self, key: Mapping[str, str]) -> None:
        [used] = [user.keys[key["AccessKeyId"]] for user in self.fake.users.values() if key["AccessKeyId"] in user.keys]
        used.used = dt.datetime.now(dt.UTC)

    @override
    def must_change(self, user: str) -> bool:
        login = self.fake.users[user].login
        assert login is not None
        return login.must_change

    @override
    def inline(self, group: str, name: str, document: Any) -> None:
        self.fake.groups[group][f"inline:{name}"] = documents.fingerprint(document)
        self.fake.documents[documents.fingerprint(document)] = document
        if documents.has_deny(document):
            self.fake.denying.add(f"inline:{name}")

    @override
    @contextmanager
    def full(self, *, users: int = 0, groups: int = 0) -> Iterator[Port]:
        self.fake.users |= {f"crowd-{i}": FakeUser() for i in range(users)}
        self.fake.groups |= {f"crowd-{i}": {} for i in range(groups)}
        yield self


@contextmanager
def moto_account(url: str, account: str = ACCOUNT) -> Iterator[None]:
    """moto gives the account of whoever assumed a role in it."""
    sts = boto3.Session().client("sts", endpoint_url=url, region_name="us-east-1")
    role = f"arn:aws:iam::{account}:role/contract"
    got = sts.assume_role(RoleArn=role, RoleSessionName="contract")["Credentials"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", got["AccessKeyId"])
        environment.setenv("AWS_SECRET_ACCESS_KEY", got["SecretAccessKey"])
        environment.setenv("AWS_SESSION_TOKEN", got["SessionToken"])
        yield


def open_moto(url: str) -> Port:
    """The port over moto."""
    with moto_account(url):
        return MotoPort("moto", url, ACCOUNT)


@contextmanager
def ministack_account(account: str = ACCOUNT) -> Iterator[None]:
    """ministack gives the account that the access key's id says."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", account)
        yield


def open_ministack(url: str, account: str = ACCOUNT) -> Port:
    """The port over ministack."""
    with ministack_account(account):
        return MinistackPort("ministack", url, account)


@pytest.fixture(scope="session")
def ministack_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a ministack process that all tests share."""
    with ministack.running(tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def moto_port(aws: str) -> Port:
    """The port over moto."""
    return open_moto(aws)


@pytest.fixture(scope="session")
def ministack_port(ministack_url: str, _environment: None) -> Port:
    """The port over ministack."""
    return open_ministack(ministack_url)


@pytest.fixture(params=BACKENDS)
def port(request: pytest.FixtureRequest) -> Port:
    """The port over each backend in turn."""
    if request.param == "fake":
        return FakePort()
    made: Port = request.getfixturevalue(f"{request.param}_port")
    return made
