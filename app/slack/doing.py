"""What the words behind `/access` do, and the forms and buttons that do the same."""

from datetime import timedelta

from app.changes import REGISTRY
from app.db import Tx
from app.domain.actors import Caller
from app.domain.names import is_user_name
from app.domain.states import DecisionState
from app.domain.words import Kind
from app.errors import GatehouseError, Invalid, NotFound
from app.models import AccessRequest
from app.services import directory, doors, grants, requests, slack_links
from app.slack import command, facts
from app.slack.cards import Card, notice_card, request_card
from app.slack.entering import NotDone, Visit, Visitor
from app.slack.house import SlackHouse

_RETURNED = "returned in Slack"


def ask(visit: Visit, wish: command.Ask) -> Card:
    """File a request to join a group.

    Raises:
        NotDone: It is refused.
    """

    def change(tx: Tx, caller: Caller) -> Card:
        group = directory.get_group(tx, wish.group).name
        body = REGISTRY[Kind.GROUP_JOIN].body.model_validate({"group": group})
        user = _for_whom(tx, wish)
        draft = requests.Draft(Kind.GROUP_JOIN, body, wish.reason, user, duration=wish.duration)
        return _filed(tx, visit.house, requests.ask(tx, caller, draft))

    return visit.write(change)


def give_back(visit: Visit, wish: command.Return) -> Card:
    """Leave a group: taking away never waits.

    Raises:
        NotDone: It is refused.
    """

    def change(tx: Tx, caller: Caller) -> Card:
        group = directory.get_group(tx, wish.group).name
        body = REGISTRY[Kind.GROUP_LEAVE].body.model_validate({"group": group})
        draft = requests.Draft(Kind.GROUP_LEAVE, body, wish.reason or _RETURNED)
        return _filed(tx, visit.house, requests.ask(tx, caller, draft))

    return visit.write(change)


def give_back_grant(visit: Visit, grant_id: str) -> Card:
    """End what a grant gives, from a button in the home tab.

    Raises:
        NotDone: It is refused.
    """

    def change(tx: Tx, caller: Caller) -> Card:
        grant = grants.revoke(tx, caller, grant_id, _RETURNED)
        return notice_card(f"{grant.access.name} is being taken away now.")

    return visit.write(change)


def extend(visit: Visit, grant_id: str, duration: timedelta, reason: str) -> Card:
    """Ask for a later end, as `/v1/grants/{id}/extend` does.

    Raises:
        NotDone: It is refused.
    """
    return visit.write(
        lambda tx, caller: _filed(tx, visit.house, requests.extend(tx, caller, grant_id, duration, reason))
    )


def link(house: SlackHouse, who: Visitor) -> Card:
    """A code, to be confirmed by the person's own token (rule 15).

    Raises:
        NotDone: The database does not answer.
    """
    try:
        with doors.database_errors(), house.database.write() as tx:
            code = slack_links.new_code(tx, who.id, who.name, who.team)
    except GatehouseError as refusal:
        raise NotDone(refusal) from refusal
    return link_card(code, who.id)


def link_card(code: str, slack_user_id: str) -> Card:
    """How to confirm a code."""
    return notice_card(
        f"Your code is {code}, for ten minutes. Confirm it where you are logged in to Gatehouse: gatehouse link {code}"
        f' {slack_user_id} (or POST /v1/me/slack with {{"code": "{code}", "slack_user_id": "{slack_user_id}"}}).'
        " A token that may decide lets you decide here."
        " A new link replaces the one before.",
        title="Link your Slack account",
    )


def _for_whom(tx: Tx, wish: command.Ask) -> str | None:
    if wish.slack_user_id is not None:
        caller = slack_links.caller(tx, wish.slack_user_id)
        if caller is None:
            raise NotFound("Whom you name is not linked to Gatehouse; write their name there.", code="user_not_found")
        return caller.name
    if wish.user is not None and not is_user_name(wish.user):
        raise Invalid(f"{wish.user} is no name of anybody.", code="user_not_found")
    return wish.user


def _filed(tx: Tx, house: SlackHouse, row: AccessRequest) -> Card:
    """What became of a wish: it waits, or a rule approved it."""
    found = facts.of_request(tx, row, house.settings)
    title = "You asked" if row.decision == DecisionState.PENDING else "Approved by rule"
    return request_card(found, title=title, asker=True)
