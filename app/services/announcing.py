"""From what happened to notices: the table of `domain/notice_table.py`, filled with facts and names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app import log
from app.db import Tx
from app.domain import webhooks, wishes
from app.domain.notice_table import BY_EVENT, Line, Whom, said
from app.domain.notices import CHANNEL, REMIND_AFTER, TOO_OLD, Topic
from app.domain.rules import Rule
from app.domain.states import DecisionState
from app.domain.words import Kind, UserState, Verdict
from app.models import AccessRequest, Notice, User, columns
from app.services import approvals, notices, people, slack_rules
from app.services.following import Event

_log = log.get("announcing")
_users = columns(User)
_EVERYONE = sa.select(_users.c.name).where(_users.c.state == UserState.ACTIVE, _users.c.owner.is_(None))
TO_APPROVERS, TO_ESCALATE = "@approvers", "@escalate"
"""In place of a name: a reminder that becomes one for each who can approve when it is due."""


@dataclass(frozen=True)
class Announcer:
    """Handles events, as a follower does.

    Args:
        channel: There is a channel in Slack that hears of requests.
    """

    channel: bool

    def __call__(self, tx: Tx, events: list[Event]) -> None:
        """Write what they call for."""
        notices.touch(tx, {e.access_request_id for e in events if e.access_request_id is not None})
        rows: list[Notice] = []
        for event in events:
            lines = BY_EVENT.get(event.event, ())
            if not lines:
                continue
            try:
                rows += self._all_of(tx, event, lines)
            except (LookupError, TypeError, ValueError, AttributeError):
                # What cannot be read is left out, loudly: nobody would be told of anything after it.
                _log.exception("event_not_told", seq=event.seq, told_of=event.event)
        notices.add(tx, rows)

    def _all_of(self, tx: Tx, event: Event, lines: tuple[Line, ...]) -> list[Notice]:
        row, rows = _request(tx, event), list[Notice]()
        if tx.now - event.at <= TOO_OLD:
            rows += self._of(tx, event, row, lines)
        if row is not None and lines[0].topic == Topic.TO_DECIDE and row.decision == DecisionState.PENDING:
            rows += _reminders(event, row, tx)
        return rows

    def _of(self, tx: Tx, event: Event, row: AccessRequest | None, lines: Iterable[Line]) -> Iterable[Notice]:
        facts, named = facts_of(tx, event, row), set[tuple[Topic, str]]()
        for line in lines:
            text = said(line, facts)
            if text is None:
                continue
            for whom in self._whom(tx, event, row, line):
                if (line.topic, whom) not in named:
                    named.add((line.topic, whom))
                    yield _notice(tx, event, line, whom, text)

    def _whom(self, tx: Tx, event: Event, row: AccessRequest | None, line: Line) -> list[str]:
        if line.whom == Whom.CHANNEL:
            return [CHANNEL] if self.channel and row is not None and slack_rules.mode(tx, row) != "off" else []
        if line.whom == Whom.OLD_ACCOUNT:
            return [event.subject] if event.subject else []
        names = _named(tx, event, row, line.whom)
        known = [user.person for user in people.known(tx, sorted(_there(tx, names)))]
        owners = [user.person for user in people.known(tx, {person.counts_as for person in known})]
        did = set() if line.actor_too else {event.actor, event.data.get("ended_by")}
        return sorted({person.name for person in owners if person.active} - did)


def _named(tx: Tx, event: Event, row: AccessRequest | None, whom: Whom) -> set[str]:
    if whom == Whom.EVERYONE:
        return set(tx.session.connection().execute(_EVERYONE).scalars())
    if whom == Whom.ADMINS:
        return {name for name, user in _with_admins(tx).items() if user.person.is_admin and user.person.active}
    if whom == Whom.APPROVERS:
        return set(row.ruling["eligible_approvers"]) if row is not None else set()
    found = {event.subject} if event.subject else set()
    if whom == Whom.PARTIES and row is not None:
        found.add(row.requester)
    return found


def _with_admins(tx: Tx) -> Mapping[str, people.Known]:
    people.known(tx, [])
    return tx.people


def _there(tx: Tx, names: set[str]) -> set[str]:
    """Those among these names who are users: an event may be about something else, and a user may never have been."""
    found = tx.session.connection().execute(sa.select(_users.c.name).where(_users.c.name.in_(sorted(names))))
    return set(found.scalars())


def _request(tx: Tx, event: Event) -> AccessRequest | None:
    return tx.session.get(AccessRequest, event.access_request_id) if event.access_request_id else None


def _notice(tx: Tx, event: Event, line: Line, whom: str, text: str) -> Notice:
    account = event.data.get("slack_user_id") if line.whom == Whom.OLD_ACCOUNT else None
    about = event.data.get("grant_id") if line.event.startswith("grant.") else event.access_request_id
    key = f"{event.seq}/{line.topic}/{whom}/{account or ''}"
    made = notices.make(
        tx, key=key, whom=whom, topic=line.topic, about=about or event.subject or "", text=text, account=account
    )
    made.since = event.at
    return made


def _reminders(event: Event, row: AccessRequest, tx: Tx) -> Iterable[Notice]:
    """What is due later if nobody decides: one reminder, then one to those whom the rule names for that."""
    rules = [Rule.model_validate(rule) for rule in row.rules_asked.values()]
    waits = min((rule.remind_after for rule in rules if rule.remind_after is not None), default=None)
    asked: dict[str, Any] = {"topic": Topic.REMINDER, "about": row.id, "text": ""}
    if waits is not None:
        yield notices.make(tx, key=f"{event.seq}/{TO_APPROVERS}", whom=TO_APPROVERS, due_at=event.at + waits, **asked)
    if any(rule.escalate_to for rule in rules):
        due_at = event.at + (2 * waits if waits is not None else REMIND_AFTER)
        yield notices.make(tx, key=f"{event.seq}/{TO_ESCALATE}", whom=TO_ESCALATE, due_at=due_at, **asked)


def spread(tx: Tx, timer: Notice) -> list[Notice]:
    """What a reminder becomes when it is due: one for each who is to hear of it, as things are then."""
    row = tx.session.get(AccessRequest, timer.about)
    if row is None or row.decision != DecisionState.PENDING:
        return []
    names = set(row.ruling["eligible_approvers"])
    if timer.whom == TO_ESCALATE:
        rules = [Rule.model_validate(rule) for rule in row.rules_asked.values()]
        entries = tuple(dict.fromkeys(entry for rule in rules for entry in rule.escalate_to))
        named = people.roster(tx, [Rule(approvers=entries)], [row.user, row.requester]).named_by(entries)
        parties = {user.person.counts_as for user in people.known(tx, (row.user, row.requester))}
        names = set(named) - parties
    names -= {d.approver for d in approvals.standing(tx, row)}
    active = [user.name for user in people.known(tx, sorted(names)) if user.person.active]
    what = wishes.in_a_sentence(Kind(row.kind), row.change)
    text = f"Nobody has decided yet: {row.requester} asks {what}. Decide: gatehouse show {row.id}"
    return [
        notices.make(tx, key=f"{timer.key}/{name}", whom=name, topic=Topic.REMINDER, about=row.id, text=text)
        for name in sorted(active)
    ]


def facts_of(tx: Tx, event: Event, row: AccessRequest | None) -> dict[str, Any]:
    """What the words of the table can name."""
    data = event.data
    facts: dict[str, Any] = {
        "actor": event.actor,
        "subject": event.subject,
        "access": data.get("group") or data.get("policy"),
        "until": _at(_first(data, "ends_at", "expires_at", "old_key_until", "delete_after")),
        "used": _at(data.get("used_at")),
        "reason": str(data.get("reason") or "").replace("_", " "),
        "detail": (data.get("failure") or {}).get("detail") or data.get("code") or "no reason was given",
        "continued_by": data.get("continued_by"),
        "count": data.get("count"),
        "kind": str(data.get("kind") or "secret").replace("_", " "),
        "secret": data.get("secret_id"),
        "old_key": data.get("old_key_id"),
        "outcome": str(data.get("outcome") or "").replace("_", " "),
        "slack": data.get("slack_user_id"),
        "slack_name": data.get("slack_name"),
        "by": data.get("handed_out_by"),
        "webhook": data.get("webhook_id"),
        "host": data.get("host"),
        "off": webhooks.SAID.get(str(data.get("why"))),
    }
    if row is not None:
        denied = [d.comment for d in approvals.decisions(tx, row.id) if d.verdict == Verdict.DENY and d.void is None]
        facts |= {
            "request": row.id,
            "requester": row.requester,
            "what": wishes.in_a_sentence(Kind(row.kind), row.change, _lasts(row)),
            "pending": row.decision == DecisionState.PENDING,
            "gives": bool(row.grant_ids),
            "comment": denied[-1] if denied else "no reason was given",
        }
    if event.event.startswith("enrolment."):
        user = tx.session.scalars(sa.select(User).where(col(User.name) == event.subject)).one_or_none()
        facts["enrolled"] = user is not None and user.enrolled_at is not None
        facts["vouching"] = user is not None and not user.verified and facts["by"] is not None
    return {name: _one_line(value) if isinstance(value, str) else value for name, value in facts.items()}


def _first(data: Mapping[str, Any], *names: str) -> Any:
    return next((data[name] for name in names if data.get(name)), None)


def _lasts(row: AccessRequest) -> timedelta | None:
    return timedelta(seconds=row.duration_seconds) if row.duration_seconds else None


def _at(text: str | None) -> str | None:
    return None if text is None else f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def _one_line(text: str) -> str:
    """Text of people is one line among ours, so that it cannot look like more of them."""
    return " ".join(text.split())
