"""The rounds of a courier that tells people: follow the audit, look ahead, send what is due."""

import time
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackClientError

from app import log
from app.clients.mail import Mailer
from app.clients.slack import web_client
from app.config import Settings
from app.db import Database, Tx
from app.delivery.courier import Courier
from app.domain.notice_table import RESTORED_WORDS
from app.domain.notices import CARDS, TOO_OLD, Topic
from app.models import Notice, NoticeState
from app.services import announcing, ending_soon, following, notices, people, restoration
from app.services.announcing import Announcer
from app.telling.parcels import Packer, Parcel
from app.telling.sending import Outcome, Sender

_log = log.get("telling")
NAME = "notices"
MOST = 50
"""Notices in one round."""
EVENTS = 25
"""Events in one transaction: each asks for a few rows, and on SQLite everybody waits meanwhile."""
LEASE = timedelta(seconds=120)
"""Longer than the longest conversation with a mail server. What a process that died was sending is sent again then."""
AHEAD = 10.0
"""Seconds between two looks at what ends soon."""
IDLE = 1.0


class Telling:
    """Tells people. Any number of processes may do so beside one database.

    Args:
        packer: Makes what is sent.
        sender: Sends it.
        channel: There is a channel that hears of requests.
        lease: For how long one that is being sent is nobody else's.
        ahead: Seconds between looks at what ends soon.
    """

    def __init__(
        self, database: Database, packer: Packer, sender: Sender, *, lease: timedelta = LEASE, ahead: float = AHEAD
    ) -> None:
        self._database, self._packer, self._sender = database, packer, sender
        self._announcer = Announcer(channel=packer.slack and packer.channel is not None)
        self._lease, self._ahead = lease, ahead
        self._looked = -ahead

    def begin(self) -> None:
        """Begin with what happens from now on, or go on. After a restored backup nothing is told again (rule 38)."""
        with self._database.write() as tx:
            if not restoration.is_open(tx):
                following.begin(tx, NAME)
                return
            key = f"restored/{restoration.newest(tx).id}"
            if notices.exists(tx, key):
                following.begin(tx, NAME)
                return
            following.begin(tx, NAME, at_the_head=True)
            notices.drop_waiting(tx)
            marker = notices.make(tx, key=key, whom="", topic=Topic.RESTORED, about=key, text="")
            notices.never(marker)
            people.known(tx, [])
            admins = [user.name for user in tx.people.values() if user.person.is_admin and user.person.active]
            told: dict[str, Any] = {"topic": Topic.RESTORED, "about": key, "text": RESTORED_WORDS}
            notices.add(tx, [marker, *(notices.make(tx, key=f"{key}/{name}", whom=name, **told) for name in admins)])

    def __call__(self) -> float:
        """One round."""
        if following.follow(self._database, NAME, self._announcer, most=EVENTS) >= EVENTS:
            return 0.0
        self._look_ahead()
        with self._database.look() as tx:
            rows = notices.due(tx, MOST)
            first = notices.next_due(tx) if not rows else None
            now = tx.now
        handled = set[str]()
        for row in sorted(rows, key=lambda row: row.topic not in CARDS):
            if row.id not in handled:
                handled |= self._deliver(row)
        if rows:
            return 0.0
        return IDLE if first is None else min(IDLE, max(0.05, (first - now).total_seconds()))

    def _look_ahead(self) -> None:
        if time.monotonic() - self._looked < self._ahead:
            return
        with self._database.write() as tx:
            more = ending_soon.tell(tx) == ending_soon.MOST
        if not more:
            self._looked = time.monotonic()

    def _deliver(self, row: Notice) -> set[str]:
        with self._database.write() as tx:
            until = tx.now + self._lease
            if not notices.claim(tx, row, until):
                return {row.id}
            if row.whom in {announcing.TO_APPROVERS, announcing.TO_ESCALATE}:
                notices.add(tx, announcing.spread(tx, row))
                notices.spread(tx, row)
                return {row.id}
        try:
            with self._database.write() as tx:
                rows = notices.gather(tx, row, until) if row.state == NoticeState.WAITING else [row]
                parcel = self._packer.pack(tx, rows)
        except (LookupError, TypeError, ValueError, AttributeError, SlackClientError):
            _log.exception("not_packed", topic=row.topic, about=row.about)
            with self._database.write() as tx:
                late = tx.now - row.since > TOO_OLD
                (notices.given_up if late else notices.later)(tx, row, "not_packed")
            return {row.id}
        if parcel is not None:
            self._send(parcel)
        return {one.id for one in rows}

    def _send(self, parcel: Parcel) -> None:
        outcome = self._sender.send(parcel)
        with self._database.write() as tx:
            for row in parcel.rows:
                _settle(tx, row, parcel, outcome)
            if outcome.via is not None and parcel.ts is None:
                notices.postpone(tx, parcel.rows[0])
        said = {"topic": parcel.rows[0].topic, "notices": len(parcel.rows), "attempts": parcel.rows[0].attempts}
        if outcome.via is not None:
            _log.info("told", via=outcome.via, **said)
        elif outcome.after is None:
            _log.warning("not_told", why=outcome.why, again=outcome.again, **said)


def _settle(tx: Tx, row: Notice, parcel: Parcel, outcome: Outcome) -> None:
    if parcel.ts is not None:
        if outcome.via is not None:
            notices.shown(tx, row, parcel.shows)
        elif outcome.again:
            notices.later(tx, row, outcome.why, after=outcome.after)
        else:
            notices.shown(tx, row, row.shows)
    elif outcome.via == "slack":
        copy = {"slack_channel": outcome.channel, "slack_ts": outcome.ts, "shows": parcel.shows}
        notices.sent(tx, row, outcome.via, **copy)
    elif outcome.via is not None:
        notices.sent(tx, row, outcome.via)
    elif outcome.again:
        notices.later(tx, row, outcome.why, after=outcome.after)
    else:
        notices.given_up(tx, row, outcome.why)


def courier(settings: Settings, database: Database) -> Courier | None:
    """A courier that tells people; None where neither Slack nor mail is configured.

    Raises:
        StartError: What is configured is not usable.
    """
    slack, mail = settings.slack(), settings.mail()
    if slack is None and mail is None:
        return None
    client = web_client(slack, retries=0) if slack is not None else None
    mailer = Mailer(*mail) if mail is not None else None
    channel = slack.channel if slack is not None else None
    packer = Packer(settings, slack=slack is not None, mail=mail is not None, channel=channel)
    telling = Telling(database, packer, Sender(client, mailer))
    telling.begin()
    return Courier(database, NAME, telling)
