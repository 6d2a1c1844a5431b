"""Who is who in Slack (rule 15): a code made in Slack is confirmed by a person's own token.

Whoever has no link can ask nothing and decide nothing. The code proves who sits in Slack, the token who that is here.
"""

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain import secrets
from app.domain.actors import SYSTEM_ACTOR, Actor, Caller
from app.domain.people import Person
from app.domain.words import Channel, Scope, UserState
from app.errors import BadRequest, Forbidden, NotFound
from app.models import SlackCode, SlackLink, User, columns
from app.services import audit, directory

CODE_LASTS = timedelta(minutes=10)
TRIES = 5
"""Wrong codes for one Slack account before its code is void."""

_ASKS = frozenset({Scope.REQUESTS_READ, Scope.REQUESTS_WRITE})
_links, _users = columns(SlackLink), columns(User)
_FIND = (
    sa.select(
        _links.c.may_decide, _users.c.name, _users.c.roles, _users.c.verified, _users.c.enrolled_by, _users.c.owner
    )
    .join(_users, _users.c.name == _links.c.user)
    .where(_links.c.slack_user_id == sa.bindparam("slack_user_id"), _users.c.state == UserState.ACTIVE)
)
_IDS = sa.select(_links.c.user, _links.c.slack_user_id).join(_users, _users.c.name == _links.c.user)


def caller(tx: Tx, slack_user_id: str, *, request_id: str | None = None) -> Caller | None:
    """Who somebody in Slack is here.

    Returns:
        None when they are not linked, or cannot act. What they may is what the token could that confirmed the link:
        ask, and decide where it could; nothing is minted from it (rule 14).
    """
    found = tx.session.connection().execute(_FIND, {"slack_user_id": slack_user_id}).one_or_none()
    if found is None or found.owner is not None:
        return None
    person = Person(found.name, frozenset(found.roles), verified=found.verified, enrolled_by=found.enrolled_by)
    scopes = _ASKS | {Scope.REQUESTS_DECIDE} if found.may_decide else _ASKS
    return Caller(found.name, Channel.SLACK, request_id, person, scopes, may_mint=False)


def slack_id_of(tx: Tx, names: Iterable[str]) -> dict[str, str]:
    """The Slack accounts of those among these people who have one and can act."""
    named = _IDS.where(_links.c.user.in_(sorted(set(names))), _users.c.state == UserState.ACTIVE)
    return {row.user: row.slack_user_id for row in tx.session.connection().execute(named)}


def new_code(tx: Tx, slack_user_id: str, name: str, team: str) -> str:
    """A code for somebody in Slack, instead of any they had: good for ten minutes and one use.

    Args:
        slack_user_id: Who asked for it, as Slack says.
        name: What they are called there; shown to whoever confirms.
        team: The workspace.
    """
    _drop_code(tx, slack_user_id)
    code = secrets.new_short_code()
    tx.session.add(
        SlackCode(
            slack_user_id=slack_user_id,
            slack_name=name[:80],
            team_id=team,
            sha256=secrets.code_fingerprint(code),
            created_at=tx.now,
            expires_at=tx.now + CODE_LASTS,
        )
    )
    by = Actor(SYSTEM_ACTOR.name, Channel.SLACK)
    audit.record(tx, "slack.code_made", by=by, slack_user_id=slack_user_id, slack_name=name[:80], team_id=team)
    return code


def confirm(tx: Tx, caller: Caller, code: str, slack_user_id: str) -> SlackLink:
    """Link the caller to the Slack account that the code was made for; earlier links of either end.

    Raises:
        Forbidden: A service, or a token that can make nothing or not ask (rule 14).
        BadRequest: `invalid_code`, whatever is wrong with it. Count it with `count_wrong`.
    """
    if caller.person.owner is not None:
        raise Forbidden("A service has no Slack account; link your own with your own token.", code="not_a_person")
    if not caller.may_mint:
        raise Forbidden("This token cannot link Slack; sign in as yourself.", code="token_cannot_link")
    if not caller.scopes >= _ASKS:
        raise Forbidden("This token cannot ask, so neither could the link.", code="insufficient_scope")
    user = directory.get_user(tx, caller.name, lock=True)
    query = select(SlackCode).where(col(SlackCode.slack_user_id) == slack_user_id).with_for_update()
    made = tx.session.scalars(query).one_or_none()
    good = made is not None and made.tries < TRIES and made.expires_at > tx.now
    if made is None or not good or made.sha256 != secrets.code_fingerprint(code):
        raise BadRequest("This code is not valid (any more); type /access link in Slack.", code="invalid_code")
    # Nobody loses a right by telling it twice; and what stood before is said in the audit.
    ends = _links.c.user == user.name, _links.c.slack_user_id == slack_user_id
    _end(tx, sa.and_(*ends), by=caller, why="renewed")
    _end(tx, sa.or_(*ends), by=caller, why="replaced")
    link = SlackLink(
        user=user.name,
        slack_user_id=slack_user_id,
        slack_name=made.slack_name,
        team_id=made.team_id,
        may_decide=Scope.REQUESTS_DECIDE in caller.scopes,
        linked_at=tx.now,
    )
    _drop_code(tx, slack_user_id)
    tx.session.add(link)
    tx.session.flush()
    audit.record(tx, "slack.linked", by=caller, subject=user.name, **_said(link), may_decide=link.may_decide)
    return link


def count_wrong(tx: Tx, caller: Caller, slack_user_id: str) -> None:
    """Write a wrong code down, in a transaction that stands whatever was refused."""
    wrong = sa.update(SlackCode).where(col(SlackCode.slack_user_id) == slack_user_id)
    tx.session.execute(wrong.values(tries=col(SlackCode.tries) + 1))
    audit.record(tx, "slack.link_refused", by=caller, subject=caller.name, slack_user_id=slack_user_id)


def link_of(tx: Tx, name: str) -> SlackLink:
    """The link of somebody.

    Raises:
        NotFound: `not_linked`.
    """
    found = tx.session.get(SlackLink, name)
    if found is None:
        raise NotFound("You are not linked to Slack; type /access link there.", code="not_linked")
    return found


def unlink(tx: Tx, caller: Caller) -> None:
    """End one's own link.

    Raises:
        NotFound: `not_linked`.
    """
    directory.get_user(tx, caller.name, lock=True)
    link_of(tx, caller.name)
    _end(tx, _links.c.user == caller.name, by=caller, why="asked")


def ended_with(tx: Tx, name: str, *, by: Actor, why: str) -> None:
    """End the link of somebody who is gone, or whose tokens all ended."""
    _end(tx, _links.c.user == name, by=by, why=why)


def _end(tx: Tx, which: sa.ColumnElement[bool], *, by: Actor, why: str) -> None:
    for link in tx.session.scalars(select(SlackLink).where(which)).all():
        audit.record(tx, "slack.unlinked", by=by, subject=link.user, **_said(link), reason=why)
        tx.session.delete(link)
    tx.session.flush()


def _drop_code(tx: Tx, slack_user_id: str) -> None:
    tx.session.execute(sa.delete(SlackCode).where(col(SlackCode.slack_user_id) == slack_user_id))


def _said(link: SlackLink) -> dict[str, str]:
    return {"slack_user_id": link.slack_user_id, "slack_name": link.slack_name, "team_id": link.team_id}
