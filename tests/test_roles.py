"""Rule 26: Gatehouse works as two roles, and each carries out its part."""

import re
from typing import Any
from urllib.parse import parse_qsl

import boto3
import pytest

from app import worker
from app.clients.aws import AwsError
from app.clients.iam import BotoIam
from app.clients.roles import session
from app.clients.two_roles import TwoRolesIam, as_roles
from app.domain.actors import SYSTEM_ACTOR
from app.domain.admin_path import cap
from app.domain.plans import Operation
from app.errors import Invalid
from app.models import Account
from app.services import account_roles, setup
from app.services.account_roles import Roles
from tests.conftest import Databases
from tests.support.iam_ports import new_name

ACCOUNT = "123456789012"
FIRST, SECOND = (f"arn:aws:iam::{ACCOUNT}:role/governance/{n}" for n in ("GatehouseRole", "GatehouseAdminRole"))
_KEY = re.compile(r"Credential=([A-Z0-9]+)/")


def who(aws_url: str, role_arn: str) -> str:
    of_role = session(role_arn, endpoint_url=aws_url, read_timeout=10)
    sts = of_role.client("sts", endpoint_url=aws_url, region_name="us-east-1")
    return str(sts.get_caller_identity()["Arn"])


def signers(iam: BotoIam) -> list[tuple[str, str]]:
    """Action and access key of every call that this client sends from now on."""
    sent: list[tuple[str, str]] = []

    def note(request: Any, **_: Any) -> None:
        found = _KEY.search(str(request.headers["Authorization"]))
        sent.append((dict(parse_qsl(request.body))["Action"], found[1] if found else ""))

    for client in (iam._client, iam._once):
        client.meta.events.register("before-send.iam", note)
    return sent


def test_a_session_of_a_role_works_as_that_role(aws: str) -> None:
    assert who(aws, SECOND) == f"arn:aws:sts::{ACCOUNT}:assumed-role/GatehouseAdminRole/gatehouse"
    own = session(None, read_timeout=10).get_credentials()
    assert own is not None
    assert own.access_key == "test"


def test_rule_26_what_touches_the_admins_path_is_carried_out_by_the_second_role(aws: str) -> None:
    iam = as_roles(FIRST, SECOND, endpoint_url=aws)
    assert isinstance(iam, TwoRolesIam)
    first, second = signers(iam), signers(iam._second)
    boto = boto3.client("iam", endpoint_url=aws, region_name="us-east-1")
    lab, admins, user = new_name("lab"), new_name("admins"), new_name("user")
    boto.create_group(GroupName=lab, Path="/lab/")
    boto.create_group(GroupName=admins, Path="/lab-admin/")
    boto.create_user(UserName=user, Path="/lab/")

    def call(action: str, **parameters: str) -> None:
        iam.call(Operation("iam", action, parameters, ""))

    call("AddUserToGroup", GroupName=lab, UserName=user)
    with pytest.raises(AwsError, match="PutUserPermissionsBoundary"):  # moto keeps no boundaries
        iam.call(cap(user, f"arn:aws:iam::{ACCOUNT}:policy/governance/LabAdminBoundary"))
    call("UpdateUser", UserName=user, NewPath="/lab-admin/")
    call("AddUserToGroup", GroupName=admins, UserName=user)
    kept = iam.call(Operation("iam", "CreateAccessKey", {"UserName": user}, ""))
    call("RemoveUserFromGroup", GroupName=lab, UserName=user)
    call("RemoveUserFromGroup", GroupName=admins, UserName=user)
    assert kept["AccessKeyId"]
    with pytest.raises(AwsError, match="NoSuchEntity"):
        call("AddUserToGroup", GroupName=new_name("none"), UserName=user)

    writes = [action for action, _ in first if not action.startswith(("Get", "List"))]
    assert writes == ["AddUserToGroup", "RemoveUserFromGroup", "AddUserToGroup"]
    changed = ["PutUserPermissionsBoundary", "UpdateUser", "AddUserToGroup", "CreateAccessKey", "RemoveUserFromGroup"]
    assert [action for action, _ in second] == changed
    keys = [{key for _, key in sent} for sent in (first, second)]
    assert [len(found) for found in keys] == [1, 1]
    assert keys[0] != keys[1]
    assert "test" not in keys[0] | keys[1]
    assert iam._writes is iam._second._writes


def test_setup_keeps_the_roles_and_the_worker_works_as_them(databases: Databases, aws: str) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        database, iam = lab.running.database, BotoIam(endpoint_url=aws)
        for wrong in ("GatehouseRole", FIRST.replace(ACCOUNT, "999999999999")):
            with pytest.raises(Invalid):
                setup.run(database, iam, SYSTEM_ACTOR, "default", Roles(wrong))
        setup.run(database, iam, SYSTEM_ACTOR, "default", Roles(FIRST))
        setup.run(database, iam, SYSTEM_ACTOR, "default", Roles(second=SECOND))
        setup.run(database, iam, SYSTEM_ACTOR, "default")
        assert account_roles.of_all(database) == {"default": Roles(FIRST, SECOND)}
        said = lab.get("pi", "/v1/audit-events?event=account.roles")["items"]
        assert [e["data"]["admin_role_arn"] for e in said] == [SECOND, None]
        with database.read() as tx:
            assert tx.session.get_one(Account, "default").role_arn == FIRST
        made = worker.clients(lab.settings, database, endpoint_url=aws)("default")
        assert isinstance(made, TwoRolesIam)
        assert made.account() == (ACCOUNT, "aws")


def test_credentials_that_cannot_be_had_are_an_error_like_any_other() -> None:
    iam = as_roles("arn:aws:iam::123456789012:role/x", None, endpoint_url="http://127.0.0.1:1", read_timeout=0.2)
    with pytest.raises(AwsError, match="EndpointConnectionError"):
        iam.user("bob")
