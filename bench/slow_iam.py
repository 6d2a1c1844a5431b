"""IAM over HTTP that takes its time: an account as `gatehouse setup` leaves it, in which every user is there.

    python -m bench.slow_iam SECONDS

It costs next to nothing itself, so that two workers do not wait for one emulator.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.cli.runtime import bind
from app.domain import governance, guardrails
from app.domain.policy_names import PolicyNames
from app.domain.rules import CatalogueGroup
from app.models import Group
from app.services import catalogue, setup
from bench.free_iam import ACCOUNT

_ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
_OURS = {
    guardrails.policy_arn("aws", ACCOUNT, guardrails.BOUNDARY_NAME): guardrails.boundary("aws", ACCOUNT),
    guardrails.policy_arn("aws", ACCOUNT, guardrails.ADMIN_BOUNDARY_NAME): governance.admin_boundary("aws", ACCOUNT),
    guardrails.policy_arn("aws", ACCOUNT, guardrails.FORCE_MFA_NAME): guardrails.force_mfa("aws", ACCOUNT),
}


class SlowIam:
    """What it answers. Only memberships change.

    Args:
        delay: Seconds before each answer.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._groups: dict[str, set[str]] = {}
        self._policies = {entry.name: _attached(entry) for entry in catalogue.read(None).group}

    async def answer(self, request: Request) -> Response:
        """Answer one call."""
        given = dict(parse_qsl((await request.body()).decode()))
        await asyncio.sleep(self._delay)
        action = given["Action"]
        told = f"<{action}Result>{self._answer(action, given)}</{action}Result>"
        whole = f"<{action}Response>{told}<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        return Response(f"{whole}</{action}Response>", media_type="text/xml")

    def _answer(self, action: str, given: Mapping[str, str]) -> str:
        name, group = given.get("UserName", ""), given.get("GroupName", "")
        members = self._groups.setdefault(group, set())
        if action == "AddUserToGroup":
            members.add(name)
        elif action == "RemoveUserFromGroup":
            members.discard(name)
        elif action == "ListGroupsForUser":
            found = (g for g, users in self._groups.items() if name in users)
            return _list("Groups", (f"<GroupName>{g}</GroupName>" for g in found))
        elif action == "GetGroup":
            return _list("Users", (_user(u) for u in sorted(members)))
        elif action == "ListAttachedGroupPolicies":
            return _list("AttachedPolicies", (f"<PolicyArn>{a}</PolicyArn>" for a in self._policies[group]))
        else:
            return _FIXED[action](given)
        return ""


def _get_user(given: Mapping[str, str]) -> str:
    boundary = f"<PermissionsBoundaryArn>{next(iter(_OURS))}</PermissionsBoundaryArn>"
    return f"<User>{_user(given['UserName'])}<PermissionsBoundary>{boundary}</PermissionsBoundary></User>"


def _get_policy_version(given: Mapping[str, str]) -> str:
    document = quote(json.dumps(_OURS.get(given["PolicyArn"], _ANY)))
    return f"<PolicyVersion><VersionId>v1</VersionId><Document>{document}</Document></PolicyVersion>"


def _attached(entry: CatalogueGroup) -> list[str]:
    rule = entry.rule.model_dump(mode="json")
    group = Group(
        name=entry.name,
        name_key="",
        description="",
        path=entry.path,
        policies=list(entry.policies),
        rule=rule,
        created_at=datetime.now(UTC),
    )
    return setup.policy_arns(group, PolicyNames("aws", ACCOUNT))


def _user(name: str) -> str:
    return f"<UserName>{name}</UserName><Arn>arn:aws:iam::{ACCOUNT}:user/lab/{name}</Arn>"


def _list(key: str, members: Iterable[str]) -> str:
    inside = "".join(f"<member>{m}</member>" for m in members)
    return f"<{key}>{inside}</{key}><IsTruncated>false</IsTruncated>"


_FIXED: dict[str, Callable[[Mapping[str, str]], str]] = {
    "GetCallerIdentity": lambda _: f"<Account>{ACCOUNT}</Account>",
    "GetUser": _get_user,
    "ListGroupPolicies": lambda _: _list("PolicyNames", ()),
    "GetPolicy": lambda _: "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>",
    "GetPolicyVersion": _get_policy_version,
}


def main() -> None:
    """Serve it on a free port and print where."""
    app = Starlette(routes=[Route("/", SlowIam(float(sys.argv[1])).answer, methods=["POST"])])
    with contextlib.closing(bind("127.0.0.1", 0)) as sock:
        sys.stdout.write(f"http://127.0.0.1:{sock.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[sock])


if __name__ == "__main__":
    main()
