"""Reading what pages and the home tab show."""

from app.config import Settings
from app.db import Tx
from app.domain.actors import Caller
from app.domain.states import DecisionState, GrantState
from app.domain.why import Given
from app.domain.words import Origin, Scope
from app.models import AccessRequest, Grant
from app.services import grants, listing, me, why
from app.slack import facts, form, pages
from app.slack.cards import Card, RequestFacts, at
from app.slack.home import HELD, HomeFacts
from app.slack.pages import SHOWN, WITH_BUTTONS, Held, Reason

_BEFORE_END = frozenset({GrantState.SCHEDULED, GrantState.APPLYING, GrantState.ACTIVE})


def home(tx: Tx, caller: Caller, settings: Settings) -> HomeFacts:
    """What the home tab of somebody shows."""
    held, most = _held(tx, caller), HELD
    waiting = _requests(tx, caller, settings, listing.RequestFilter(to_approve=True), SHOWN)
    return HomeFacts(
        held=held[:most],
        waiting=waiting[:SHOWN],
        may_decide=Scope.REQUESTS_DECIDE in caller.scopes,
        more_held=max(0, len(held) - most),
        more_waiting=len(waiting) > SHOWN,
    )


def mine(tx: Tx, caller: Caller, settings: Settings) -> Card:
    """What somebody holds and asked for."""
    held, most = _held(tx, caller), SHOWN // 2
    wanted = listing.RequestFilter(decision=DecisionState.PENDING, mine=True)
    asked = _requests(tx, caller, settings, wanted, most)
    more = max(0, len(held) - most)
    return pages.mine(held[:most], asked[:most], more_held=more, more_asked=len(asked) > most)


def pending(tx: Tx, caller: Caller, settings: Settings) -> Card:
    """What waits for somebody's decision."""
    waiting = _requests(tx, caller, settings, listing.RequestFilter(to_approve=True), WITH_BUTTONS)
    may = Scope.REQUESTS_DECIDE in caller.scopes
    return pages.pending(waiting[:WITH_BUTTONS], may_decide=may, more=len(waiting) > WITH_BUTTONS)


def reasons(tx: Tx, caller: Caller, _settings: Settings) -> Card:
    """Why somebody holds what they hold."""
    _, groups, own = why.about(tx, caller, caller.name)
    found = [Reason(held.place.group, _why(held.grants[-1].grant if held.grants else None)) for held in groups]
    found += [Reason(held.name, _why(held.grants[-1] if held.grants else None)) for held in own]
    most = SHOWN // 2
    return pages.why(found[:most], more=max(0, len(found) - most))


def grant(tx: Tx, caller: Caller, grant_id: str) -> Held:
    """A grant that somebody may see.

    Raises:
        NotFound: There is none.
    """
    return _piece(grants.get_visible(tx, caller, grant_id))


def group_names(tx: Tx) -> list[str]:
    """The groups that can be asked for; none where there are more than a list of Slack's takes."""
    found = listing.groups(tx, before=None, limit=form.OPTIONS + 1)
    return [group.name for group in found] if len(found) <= form.OPTIONS else []


def _why(given: Given | None) -> str:
    if given is None:
        return "IAM has it, and it was not given by Gatehouse"
    end = f"until {at(given.ends_at)}" if given.ends_at else "without an end"
    if given.request is None:
        return f"it was imported; {end}"
    approvers = ", ".join(approval.approver for approval in given.approvals) or "nobody"
    return f"asked by {given.request.requester}, approved by {approvers}, {end}; because: {given.request.reason}"


def _held(tx: Tx, caller: Caller) -> list[Held]:
    return [_piece(grant) for grant in me.about(tx, caller).grants]


def _piece(grant: Grant) -> Held:
    extendable = grant.state == GrantState.ACTIVE and grant.origin == Origin.REQUEST and grant.ends_at is not None
    return Held(
        grant_id=grant.id,
        name=grant.access.name,
        account=grant.account,
        state=grant.state,
        is_group=grant.group is not None,
        ends_at=grant.ends_at if grant.state in _BEFORE_END else None,
        may_extend=extendable,
    )


def _requests(
    tx: Tx, caller: Caller, settings: Settings, wanted: listing.RequestFilter, most: int
) -> list[RequestFacts]:
    """One more than are shown, where there are more."""
    rows = listing.requests(tx, caller, wanted, before=None, limit=most + 1)
    return [facts.of_request(tx, tx.session.get_one(AccessRequest, row.id), settings) for row in rows]


PAGES = {"mine": mine, "pending": pending, "why": reasons}
"""What the words of the command show."""
