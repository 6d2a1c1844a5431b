"""Tokens and enrolment codes: who is calling, and how somebody gets their first token."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain import secrets
from app.domain.actors import SYSTEM_ACTOR, Actor, Caller
from app.domain.people import Person
from app.domain.words import Channel, Kind, Scope, UserState
from app.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthenticated
from app.models import AccessRequest, Enrolment, Token, User, columns, new_id
from app.services import audit, directory, listing, notices, slack_links

LONGEST = timedelta(days=90)
CODE_LASTS = timedelta(hours=24)
TOKENS_EACH = 100
"""Live tokens of one user at most."""

_tokens, _users = columns(Token), columns(User)
_owners = _users.alias("owners")
_FIND = (
    sa.select(
        _tokens.c.id,
        _tokens.c.scopes,
        _tokens.c.expires_at,
        _tokens.c.origin,
        _users.c.name,
        _users.c.roles,
        _users.c.verified,
        _users.c.enrolled_by,
        _users.c.owner,
    )
    .join(_users, _users.c.name == _tokens.c.owner)
    .outerjoin(_owners, _owners.c.name == _users.c.owner)
    .where(
        _tokens.c.sha256 == sa.bindparam("sha256"),
        _tokens.c.revoked_at.is_(None),
        _users.c.state == UserState.ACTIVE,
        # A service goes with the person it counts as (rule 1).
        sa.or_(_users.c.owner.is_(None), _owners.c.state == UserState.ACTIVE),
    )
)


def authenticate(tx: Tx, token: str, *, channel: Channel, request_id: str) -> Caller:
    """Find who a token belongs to.

    Raises:
        Unauthenticated: It is unknown, ended or revoked, or its owner cannot act.
    """
    found = None
    if secrets.looks_like_token(token):
        found = tx.session.connection().execute(_FIND, {"sha256": secrets.fingerprint(token)}).one_or_none()
    if found is None or found.expires_at <= tx.now:
        raise Unauthenticated("This token is unknown or has ended; get a new one.", code="bad_token")
    return Caller(
        name=found.name,
        channel=channel,
        request_id=request_id,
        person=Person(
            name=found.name,
            roles=frozenset(found.roles),
            verified=found.verified,
            enrolled_by=found.enrolled_by,
            owner=found.owner,
        ),
        scopes=frozenset(Scope(s) for s in found.scopes),
        token_id=found.id,
        token_ends=found.expires_at,
        may_mint=found.origin != "aws",
    )


def issue(
    tx: Tx,
    user: User,
    *,
    name: str,
    by: Actor,
    origin: str,
    scopes: Iterable[Scope] = tuple(Scope),
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token. The text is returned once and not kept."""
    text = secrets.new_token(service=user.owner is not None)
    token = Token(
        id=new_id(),
        owner=user.name,
        name=name,
        sha256=secrets.fingerprint(text),
        scopes=sorted(scopes),
        origin=origin,
        created_at=tx.now,
        expires_at=expires_at or tx.now + LONGEST,
    )
    tx.session.add(token)
    audit.record(
        tx,
        "token.issued",
        by=by,
        subject=user.name,
        token_id=token.id,
        name=name,
        scopes=token.scopes,
        origin=origin,
        expires_at=token.expires_at.isoformat(),
    )
    return token, text


def mint(tx: Tx, caller: Caller, *, name: str, scopes: frozenset[Scope], expires_in: timedelta) -> tuple[Token, str]:
    """Make another token of one's own: scopes and end are at most those of the token in hand (rule 14)."""
    if not caller.may_mint:
        raise Forbidden("This token cannot make others; sign in as yourself.", code="token_cannot_mint")
    beyond = sorted(scopes - caller.scopes)
    if beyond:
        raise Forbidden(f"Your token does not have {', '.join(beyond)} itself.", code="scope_not_held")
    user = directory.get_user(tx, caller.name, lock=True)
    if len(listing.tokens(tx, caller.name, before=None, limit=TOKENS_EACH)) >= TOKENS_EACH:
        raise Conflict(f"You have {TOKENS_EACH} tokens; delete one first.", code="too_many_tokens")
    ends = min(tx.now + expires_in, caller.token_ends or tx.now + LONGEST)
    return issue(tx, user, name=name, by=caller, origin="token", scopes=scopes, expires_at=ends)


def revoke(tx: Tx, caller: Caller, token_id: str) -> None:
    """End one of one's own tokens."""
    token = tx.session.get(Token, token_id)
    if token is None or token.owner != caller.name or token.revoked_at is not None:
        raise NotFound("You have no such token.", code="token_not_found")
    token.revoked_at = tx.now
    audit.record(tx, "token.revoked", by=caller, subject=caller.name, token_id=token.id)


def needs_request(tx: Tx, caller: Caller, name: str) -> bool:
    """Whether `user.enrol` has to be asked for first: they are enrolled, and the caller has none that was approved."""
    user = directory.get_user(tx, name, lock=True)
    return caller.is_admin and user.enrolled_at is not None and _allowed(tx, caller, user) is None


def hand_out(tx: Tx, caller: Caller, name: str) -> tuple[str, datetime]:
    """A one-time code that an admin passes on to somebody who has no token yet, or for whom `user.enrol` allows it."""
    user = directory.get_user(tx, name, lock=True)
    if not caller.is_admin:
        raise Forbidden("Only an admin can hand out codes.", code="admin_only")
    allowed = _allowed(tx, caller, user)
    if user.enrolled_at is not None and allowed is None:
        raise Conflict(f"{user.name} is enrolled already; ask for user.enrol.", code="already_enrolled")
    return _new_code(tx, caller, user, handed_out_by=caller.name, access_request_id=allowed)


def mail_out(tx: Tx, caller: Caller, name: str) -> datetime:
    """The same, mailed to the one it is for and shown to nobody (rule 8); when it ends."""
    code, expires_at = hand_out(tx, caller, name)
    notices.mail_code(tx, directory.get_user(tx, name).name, code, expires_at)
    return expires_at


def _allowed(tx: Tx, caller: Caller, user: User) -> str | None:
    """The applied `user.enrol` of the caller's for which no code was made yet."""
    used = sa.select(col(Enrolment.id)).where(col(Enrolment.access_request_id) == col(AccessRequest.id))
    query = sa.select(col(AccessRequest.id)).where(
        col(AccessRequest.kind) == Kind.USER_ENROL,
        col(AccessRequest.user) == user.name,
        col(AccessRequest.requester) == caller.name,
        col(AccessRequest.applied_at) > tx.now - CODE_LASTS,
        ~used.exists(),
    )
    found: str | None = tx.session.execute(query.order_by(col(AccessRequest.id).desc()).limit(1)).scalar_one_or_none()
    return found


def recover(tx: Tx, name: str) -> tuple[str, datetime]:
    """A new code for the owner, on the host only (rule 16). Using it ends the owner's other tokens."""
    user = directory.get_user(tx, name, lock=True)
    if not user.is_owner:
        raise Forbidden(f"{user.name} is not the owner that init made.", code="not_the_owner")
    if user.state != UserState.ACTIVE:
        raise Conflict(f"{user.name} is suspended; have an admin ask for user.resume first.", code="user_suspended")
    return _new_code(tx, SYSTEM_ACTOR, user, handed_out_by=None, recovery=True)


def _new_code(
    tx: Tx,
    by: Actor,
    user: User,
    *,
    handed_out_by: str | None,
    recovery: bool = False,
    access_request_id: str | None = None,
) -> tuple[str, datetime]:
    tx.session.execute(
        sa.update(Enrolment)
        .where(col(Enrolment.user) == user.name, col(Enrolment.used_at).is_(None))
        .values(replaced_at=tx.now)
    )
    code = secrets.new_code()
    expires_at = tx.now + CODE_LASTS
    tx.session.add(
        Enrolment(
            user=user.name,
            sha256=secrets.code_fingerprint(code),
            handed_out_by=handed_out_by,
            recovery=recovery,
            access_request_id=access_request_id,
            created_at=tx.now,
            expires_at=expires_at,
        )
    )
    event = "owner.recovery_code_made" if recovery else "enrolment.code_handed_out"
    said = {"subject": user.name, "access_request_id": access_request_id, "expires_at": expires_at.isoformat()}
    audit.record(tx, event, by=by, **said)
    return code, expires_at


def redeem(tx: Tx, code: str, *, channel: Channel, request_id: str) -> tuple[Token, str]:
    """Turn a code into the first token of its user.

    Raises:
        BadRequest: The code is unknown, used, replaced or too old: one answer, so that nobody can probe.
    """
    found = tx.session.scalars(
        select(Enrolment).where(col(Enrolment.sha256) == secrets.code_fingerprint(code)).with_for_update()
    ).one_or_none()
    if found is None or found.used_at or found.replaced_at or found.expires_at <= tx.now:
        raise BadRequest("This code is not valid (any more); ask an admin for a new one.", code="invalid_code")
    user = directory.get_user(tx, found.user, lock=True)
    if user.state != UserState.ACTIVE:  # what it would give does not work, and later it is too old
        raise BadRequest("This code is not valid (any more); ask an admin for a new one.", code="invalid_code")
    found.used_at = tx.now
    by = Actor(user.name, channel, request_id)
    if found.recovery or found.access_request_id is not None:  # whoever had the old ones has nothing any more
        theirs = sa.update(Token).where(col(Token.owner) == user.name, col(Token.revoked_at).is_(None))
        tx.session.execute(theirs.values(revoked_at=tx.now))
        slack_links.ended_with(tx, user.name, by=by, why="new_tokens")
    if not found.recovery:
        user.enrolled_by, user.verified = found.handed_out_by, False
    user.enrolled_at, user.version = tx.now, user.version + 1
    audit.record(tx, "enrolment.redeemed", by=by, subject=user.name, handed_out_by=found.handed_out_by)
    return issue(tx, user, name="enrolment", by=by, origin="enrolment")
