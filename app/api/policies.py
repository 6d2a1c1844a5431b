"""`/v1/policies`: what a document would give, before anybody asks for it."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from app.api.bodies import LintBody
from app.api.door import ReadDirectory, respond
from app.api.schemas import LintFindingView, LintView
from app.api.strict import StrictRoute
from app.domain import lint

router = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=StrictRoute)


@router.post("/lint", response_model=LintView, summary="Check a policy document, store nothing")
def check(body: LintBody, _door: ReadDirectory) -> Response:
    """What is wrong with it or wider than it seems, with line, reason and the scoped form where there is one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.
    """
    return respond(LintView(findings=[LintFindingView(**asdict(finding)) for finding in lint.check(body.document)]))
