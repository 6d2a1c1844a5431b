"""From rows to the facts that cards are made of."""

from datetime import timedelta

from app.config import Settings
from app.db import Tx
from app.domain import wishes
from app.domain.words import Kind
from app.models import AccessRequest, Grant
from app.services import approvals, slack_rules
from app.slack.cards import DecisionFacts, EndingFacts, RequestFacts


def of_request(tx: Tx, row: AccessRequest, settings: Settings) -> RequestFacts:
    """What a card shows of a request."""
    made = approvals.decisions(tx, row.id)
    return RequestFacts(
        id=row.id,
        user=row.user,
        requester=row.requester,
        what=wishes.in_a_sentence(Kind(row.kind), row.change),
        account=row.account,
        reason=row.reason,
        duration=timedelta(seconds=row.duration_seconds) if row.duration_seconds else None,
        starts_at=row.starts_at,
        plan_digest=row.plan_digest,
        plan=tuple(str(operation["summary"]) for operation in row.plan["operations"]),
        required_approvals=row.ruling["required_approvals"],
        eligible=tuple(row.ruling["eligible_approvers"]),
        decisions=tuple(DecisionFacts(d.approver, d.verdict, d.comment, d.void) for d in made),
        decision=row.decision,
        provisioning=row.provisioning,
        failure=(row.failure or {}).get("detail"),
        lapses_at=row.lapses_at,
        decides_here=slack_rules.mode(tx, row) == "decide",
        url=page(settings, f"access-requests/{row.id}"),
    )


def of_ending(grant: Grant, settings: Settings) -> EndingFacts | None:
    """What a card shows of a grant that ends soon; None for one without an end."""
    if grant.ends_at is None:
        return None
    url = page(settings, f"grants/{grant.id}")
    return EndingFacts(grant.id, grant.user, grant.access.name, grant.account, grant.ends_at, url)


def page(settings: Settings, path: str) -> str | None:
    """The address of a page for people; None where Gatehouse has none (`GATEHOUSE_PUBLIC_URL`)."""
    return f"{settings.public_url.rstrip('/')}/{path}" if settings.public_url else None
