"""The cases as data: `cases/*.toml`, and who acts in them, `principals.toml`."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from tests.guardrails import documents

HERE = Path(__file__).parent

OUTCOMES = {
    "allowed": ("Allowed",),
    "refused": ("ImplicitlyDenied", "ExplicitlyDenied"),
    "denied": ("ExplicitlyDenied",),
}
"""`denied` is stronger than `refused`: whatever else is attached, now or later, it stays so."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Principal(_Strict):
    """Who acts.

    Attributes:
        arn: Without the account: `user/lab/ana`.
        groups: Groups of the catalogue, which bring their policies.
        policies: Names of documents, ours or AWS's, besides those.
        boundary: The name of the permissions boundary.
        scp: Whether the account stands under the SCP.
        home: The path a role is for; `{home}` in a case.
    """

    arn: str
    groups: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    boundary: str | None = None
    scp: bool = False
    home: str = ""


class Case(_Strict):
    """What somebody tries, and how it must come out. Each of them tries every action on every resource.

    Attributes:
        mfa: Whether they signed in with MFA; `absent`: the key is not in the request (long-lived access keys).
        context: Condition keys of the request.
    """

    who: tuple[str, ...] = Field(min_length=1)
    mfa: bool | Literal["absent"] = "absent"
    actions: tuple[str, ...] = Field(min_length=1)
    on: tuple[str, ...] = ("*",)
    context: dict[str, str] = {}
    outcome: Literal["allowed", "refused", "denied"]
    why: str = Field(min_length=8)


class _File(_Strict):
    case: tuple[Case, ...]


@dataclass(frozen=True)
class Request:
    """One request to decide.

    Attributes:
        uses: The names of all documents that are asked.
        wire: What decide.mjs wants to know.
    """

    case: Case
    who: str
    uses: frozenset[str]
    wire: dict[str, Any]

    @override
    def __str__(self) -> str:
        return f"{self.who} {self.wire['action']} on {self.wire['resource']}"


def principals() -> dict[str, Principal]:
    """Everybody who acts, by name."""
    raw = tomllib.loads((HERE / "principals.toml").read_text())
    return {name: Principal.model_validate(values) for name, values in raw.items()}


def cases() -> list[Case]:
    """All cases of all files."""
    files = sorted((HERE / "cases").glob("*.toml"))
    return [case for file in files for case in _File.model_validate(tomllib.loads(file.read_text())).case]


@cache
def requests() -> tuple[Request, ...]:
    """The cases as requests."""
    acting = principals()
    return tuple(request for case in cases() for name in case.who for request in _requests(case, name, acting[name]))


def _requests(case: Case, name: str, who: Principal) -> Iterator[Request]:
    identity = [p for g in who.groups for p in documents.groups()[g]] + list(who.policies)
    scps = [documents.FULL_ACCESS, "GatehouseSCP"] if who.scp else []
    context = {"aws:PrincipalArn": f"{documents.IAM}:{who.arn}", **{k: _arn(v, who) for k, v in case.context.items()}}
    if who.arn.startswith("user/"):
        context["aws:username"] = who.arn.rpartition("/")[2]
    if case.mfa != "absent":
        context["aws:MultiFactorAuthPresent"] = str(case.mfa).lower()
    for action, resource in product(case.actions, case.on):
        wire = {
            "principal": f"{documents.IAM}:{who.arn}",
            "identity": identity,
            "boundary": who.boundary,
            "scps": scps,
            "resourcePolicy": documents.KEY_POLICY if action.startswith("kms:") else None,
            "action": action,
            "resource": _arn(resource, who),
            "account": documents.ACCOUNT,
            "context": context,
            "outcome": OUTCOMES[case.outcome],
        }
        yield Request(case, name, frozenset({*identity, *scps, who.boundary or documents.FULL_ACCESS}), wire)


def _arn(text: str, who: Principal) -> str:
    """`user/lab/ana` is IAM's, `aws:Name` a policy of AWS's; anything else stands as it is."""
    text = text.replace("{home}", who.home)
    kind = text.partition("/")[0]
    if kind in {
        "user",
        "group",
        "role",
        "policy",
        "mfa",
        "sms-mfa",
        "instance-profile",
        "oidc-provider",
        "saml-provider",
    }:
        return f"{documents.IAM}:{text}"
    return text.replace("aws:", f"{documents.AWS}/", 1) if text.startswith("aws:") else text
