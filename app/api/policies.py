"""`/v1/policies`: the lab's own, as they were last seen; a change files an access request. And the lint."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from app.api import paging, views
from app.api.bodies import LintBody, PolicyBody, PolicyPut
from app.api.door import Door, ReadDirectory, WriteDirectory, respond
from app.api.pagination import CursorText, Limit
from app.api.schemas import AccessRequestView, Page, View
from app.api.strict import StrictRoute
from app.changes import REGISTRY
from app.db import Tx
from app.domain import lint
from app.domain.names import Reason
from app.domain.words import DEFAULT_ACCOUNT, Kind, Severity
from app.errors import NotFound, PreconditionFailed
from app.services import lab_policies, requests

router = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=StrictRoute)
PolicyPath = Annotated[str, Path(max_length=128, description="Name of the policy.")]
IfMatch = Annotated[str | None, Header(description="The ETag of the policy that you changed.")]


class PolicyVersionView(View):
    """One of at most five versions that AWS keeps."""

    id: str
    created_at: datetime
    default: bool


class PolicyView(View):
    """A managed policy of the lab's own. `document` is null where nobody has read it; `version` is the one it is of."""

    name: str
    arn: str
    description: str
    document: dict[str, Any] | None
    versions: list[PolicyVersionView]
    groups: list[str]
    others: list[str]
    version: int


class LintFindingView(View):
    """One thing about a policy document. `line` counts from 1; `scoped_form` is a statement to put in its place."""

    severity: Severity
    code: str
    subject: str
    line: int
    evidence: str
    reason: str
    remedy: str | None
    scoped_form: dict[str, Any] | None


class LintView(View):
    """What is worth saying about a policy document, worst first."""

    findings: list[LintFindingView]


@router.get("", response_model=Page[PolicyView], summary="List policies")
def list_policies(door: ReadDirectory, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """The lab's own policies, by name, as they were last seen."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[PolicyView],
            {},
            cursor,
            limit,
            lambda before, n: lab_policies.page(tx, DEFAULT_ACCOUNT, before=before, limit=n),
            _views,
            lambda shown: shown.name,
        )
    )


@router.post("", status_code=202, response_model=AccessRequestView, summary="Ask for a new one")
def create(body: PolicyBody, door: WriteDirectory) -> Response:
    """Files `policy.create`; nothing is made before it is approved."""
    return _file(door, Kind.POLICY_CREATE, body.model_dump(exclude={"reason"}), body.reason)


@router.post("/lint", response_model=LintView, summary="Check a policy document, store nothing")
def check(body: LintBody, _door: ReadDirectory) -> Response:
    """What is wrong with it or wider than it seems, with line, reason and the scoped form where there is one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.
    """
    return respond(LintView(findings=[LintFindingView(**asdict(finding)) for finding in lint.check(body.document)]))


@router.get("/{name}", response_model=PolicyView, summary="Show one")
def show(name: PolicyPath, door: ReadDirectory) -> Response:
    """A policy with its document, its versions and the groups that it was last seen attached to."""
    return door.read(lambda tx: _views([_get(tx, name)])[0])


@router.put("/{name}", status_code=202, response_model=AccessRequestView, summary="Change its document")
def put(name: PolicyPath, body: PolicyPut, door: WriteDirectory, if_match: IfMatch = None) -> Response:
    """Files `policy.update`; the rule of each group whose members gain by it is met, too."""
    change = body.model_dump(exclude={"reason"})
    return _file(door, Kind.POLICY_UPDATE, change, body.reason, name, if_match)


@router.delete("/{name}", status_code=202, response_model=AccessRequestView, summary="Delete it")
def delete(
    name: PolicyPath,
    door: WriteDirectory,
    reason: Annotated[Reason, Query(description="Why.")] = "asked by DELETE",
) -> Response:
    """Files `policy.delete`: it is detached everywhere, then it goes."""
    return _file(door, Kind.POLICY_DELETE, {}, reason, name)


def _file(
    door: Door, kind: Kind, change: dict[str, Any], reason: str, name: str | None = None, if_match: str | None = None
) -> Response:
    """File a request; `name` is of a policy that is there."""

    def ask(tx: Tx) -> AccessRequestView:
        if name is not None:
            found = _get(tx, name)
            if if_match is not None and not {"*", f'"{_number(found)}"'} & {t.strip() for t in if_match.split(",")}:
                raise PreconditionFailed("The policy changed since you read it; read it again.")
            change["name"] = found.name
        draft = requests.Draft(kind=kind, body=REGISTRY[kind].body.model_validate(change), reason=reason)
        return views.access_request(tx, requests.ask(tx, door.caller, draft))

    return door.write(ask, status=202)


def _get(tx: Tx, name: str) -> lab_policies.Shown:
    found = lab_policies.show(tx, DEFAULT_ACCOUNT, name)
    if found is None:
        raise NotFound(f"There is no policy named {name} that Gatehouse has seen.", code="policy_not_found")
    return found


def _number(shown: lab_policies.Shown) -> int:
    return int((shown.lab.default or "v0").lstrip("v"))


def _views(found: Sequence[lab_policies.Shown]) -> list[PolicyView]:
    return [
        PolicyView(
            name=shown.name,
            arn=shown.lab.policy.name,
            description=shown.lab.description,
            document=None if shown.lab.policy.document is None else dict(shown.lab.policy.document),
            versions=[PolicyVersionView(id=v.id, created_at=v.created, default=v.default) for v in shown.lab.versions],
            groups=list(shown.lab.groups),
            others=shown.lab.others(),
            version=_number(shown),
        )
        for shown in found
    ]
