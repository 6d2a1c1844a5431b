"""What is sent for a notice that is due, made from how things are now."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.clients.mail import Letter
from app.config import Settings
from app.db import Tx
from app.domain.notice_table import SUBJECTS
from app.domain.notices import CARDS, CHANNEL, TOO_OLD, Topic, Way, ways
from app.domain.states import DecisionState, GrantState
from app.domain.words import UserState
from app.errors import Unavailable
from app.models import AccessRequest, Grant, Notice, NoticeState, User
from app.services import notice_choices, notices, slack_links, slack_rules
from app.slack import facts
from app.slack.cards import Card, ending_card, notice_card, request_card
from app.telling import letters

_LAST_TRY = timedelta(hours=1)
"""After what was too old for Slack: time for mail to be tried."""
_TITLES = {Topic.REMINDER: "Nobody has decided yet"}


@dataclass(frozen=True)
class Parcel:
    """One message or mail, with the ways to send it, the first to be tried first.

    Attributes:
        to: Whom in Slack, or which channel; the mail's address is in the letter.
        ts: Of the copy that is to be changed, in place of sending anything.
    """

    rows: Sequence[Notice]
    ways: tuple[Way, ...]
    to: str | None = None
    card: Card | None = None
    letter: Letter | None = None
    ts: str | None = None

    @property
    def shows(self) -> str | None:
        """What its card shows, as a fingerprint."""
        if self.card is None:
            return None
        return hashlib.sha256(json.dumps(self.card.as_json(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Packer:
    """Makes parcels.

    Args:
        slack, mail: Which ways there are.
    """

    settings: Settings
    slack: bool
    mail: bool
    channel: str | None = None

    def pack(self, tx: Tx, rows: list[Notice]) -> Parcel | None:
        """What to send for claimed rows. Those that are not to be sent are settled here.

        Returns:
            None where nothing is to be sent.
        """
        if rows[0].state == NoticeState.SENT:
            return self._copy(tx, rows[0])
        kept: list[Notice] = []
        chosen: tuple[Way, ...] = ()
        for row in rows:
            found = self._ways(tx, row)
            if isinstance(found, str):
                (notices.given_up if found == "tried_too_long" else notices.dropped)(tx, row, found)
            elif kept and found != chosen:
                notices.later(tx, row, "by_itself", after=timedelta(0))
            else:
                kept.append(row)
                chosen = found
        if not kept:
            return None
        try:
            return self._parcel(tx, kept, chosen)
        except Unavailable as problem:  # sealed with another key
            for row in kept:
                notices.given_up(tx, row, problem.code)
            return None

    def _ways(self, tx: Tx, row: Notice) -> tuple[Way, ...] | str:
        """The ways that are open; or why it is not sent at all."""
        there: set[Way] = {"mail"} if self.mail else set()
        if row.whom == CHANNEL:
            wanted: tuple[Way, ...] = ("slack",)
            there = {"slack"} if self.slack and self.channel else set()
        else:
            user = tx.session.get(User, row.whom)
            if user is None or user.state != UserState.ACTIVE:
                return "gone"
            wanted = ways(row.topic, notice_choices.for_topic(tx, row.whom, row.topic))
            if self.slack and (row.account or slack_links.slack_id_of(tx, [row.whom])):
                there |= {"slack"}
            if row.account:
                wanted = ("slack",)
        if (over := self._is_over(tx, row)) is not None:
            return over
        if row.topic in CARDS and not self._in_slack(tx, row):
            there -= {"slack"}
        if not wanted:
            return "off"
        found = tuple(way for way in wanted if way in there)
        if not found:
            return "no_way"
        if tx.now - row.since > TOO_OLD:
            found = ("mail",) if "mail" in found and tx.now - row.since < TOO_OLD + _LAST_TRY else ()
        return found or "tried_too_long"

    def _is_over(self, tx: Tx, row: Notice) -> str | None:
        if row.topic in CARDS:
            request = tx.session.get(AccessRequest, row.about)
            return None if request is not None and request.decision == DecisionState.PENDING else "decided"
        if row.topic == Topic.ENDING:
            grant = tx.session.get(Grant, row.about)
            return None if grant is not None and grant.state == GrantState.ACTIVE else "ended"
        return None

    def _in_slack(self, tx: Tx, row: Notice) -> bool:
        return slack_rules.mode(tx, tx.session.get_one(AccessRequest, row.about)) != "off"

    def _parcel(self, tx: Tx, rows: list[Notice], found: tuple[Way, ...]) -> Parcel:
        first = rows[0]
        account = self.channel if first.whom == CHANNEL else first.account
        if account is None and "slack" in found:
            account = slack_links.slack_id_of(tx, [first.whom]).get(first.whom)
        card = self._card(tx, rows) if "slack" in found else None
        letter = self._letter(tx, rows) if "mail" in found else None
        return Parcel(rows, found, account, card, letter)

    def _card(self, tx: Tx, rows: list[Notice]) -> Card:
        first = rows[0]
        if first.topic in CARDS:
            request = tx.session.get_one(AccessRequest, first.about)
            return request_card(facts.of_request(tx, request, self.settings), title=_TITLES.get(first.topic))
        if first.topic == Topic.ENDING:
            shown = facts.of_ending(tx.session.get_one(Grant, first.about), self.settings)
            if shown is not None:
                return ending_card(shown, tx.now)
        same = len({row.topic for row in rows}) == 1
        title = SUBJECTS[first.topic] if same else f"{len(rows)} things to know"
        return notice_card("\n".join(row.text for row in rows), title=title[0].upper() + title[1:])

    def _letter(self, tx: Tx, rows: list[Notice]) -> Letter:
        first, ids = rows[0], [row.id for row in rows]
        to = tx.session.get_one(User, first.whom).email
        if first.sealed is not None:
            secret = tx.terms.vault.open(first.id, first.sealed)
            return letters.code(ids, to, first.whom, first.text, secret, self.settings.public_url)
        if first.topic in CARDS:
            request = tx.session.get_one(AccessRequest, first.about)
            shown = facts.of_request(tx, request, self.settings)
            return letters.request(ids, to, first.topic, first.whom, shown)
        return letters.plain(ids, to, [row.topic for row in rows], first.whom, [row.text for row in rows])

    def _copy(self, tx: Tx, row: Notice) -> Parcel | None:
        """A copy that may not show what is true any more."""
        if not self.slack or row.slack_ts is None:
            notices.shown(tx, row, row.shows)
            return None
        if tx.now - row.since > TOO_OLD * 31:  # Slack lets nobody change messages for ever
            notices.shown(tx, row, row.shows)
            return None
        parcel = Parcel([row], ("slack",), row.slack_channel, self._card(tx, [row]), None, row.slack_ts)
        if parcel.shows == row.shows:
            notices.shown(tx, row, row.shows)
            return None
        return parcel
