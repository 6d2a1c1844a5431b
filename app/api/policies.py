"""`/v1/policies`: what a document would give, before anybody asks for it."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.api.bodies import LintBody
from app.api.door import ReadDirectory, respond
from app.api.schemas import View
from app.api.strict import StrictRoute
from app.domain import lint
from app.domain.words import Severity

router = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=StrictRoute)


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


@router.post("/lint", response_model=LintView, summary="Check a policy document, store nothing")
def check(body: LintBody, _door: ReadDirectory) -> Response:
    """What is wrong with it or wider than it seems, with line, reason and the scoped form where there is one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.
    """
    return respond(LintView(findings=[LintFindingView(**asdict(finding)) for finding in lint.check(body.document)]))
