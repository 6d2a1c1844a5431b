"""Sending a parcel, outside any transaction, and what came of it."""

import http.client
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from app.clients.mail import Mailer, MailLater, MailRefused
from app.domain.notices import Way
from app.telling.parcels import Parcel

AWAY = 5.0
"""Seconds for which nothing is sent over a way that did not answer: each try would wait for a timeout."""
LONGEST = 600.0
"""Seconds of pause that Slack may ask for at most."""
_TOO_MANY = 429
_NEVER = frozenset(
    {
        "cannot_dm_bot",
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "invalid_blocks",
        "is_archived",
        "message_not_found",
        "messages_tab_disabled",
        "msg_too_long",
        "no_text",
        "not_in_channel",
        "restricted_action",
        "user_disabled",
        "user_not_found",
    }
)
"""What Slack will say again whenever it is asked; everything else may be mended."""
_NOT_US = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
"""It refuses us, whatever we send: a person has to mend that, so meanwhile another way is taken where there is one."""


@dataclass(frozen=True)
class Outcome:
    """What came of a parcel.

    Attributes:
        via: How it went out; None where it did not.
        why: A word for the row, where it did not.
        again: Try again; False where it is of no use.
        after: When; None leaves it to how often it was tried.
    """

    via: Way | None = None
    why: str = ""
    again: bool = False
    after: timedelta | None = None
    channel: str | None = None
    ts: str | None = None


def waits_for(way: Way) -> str:
    """The word for the row of one that waits until a way answers again."""
    return f"{way}_away"


class _Later(Exception):
    def __init__(self, why: str, after: float | None = None, *, elsewhere: bool = False) -> None:
        super().__init__(why)
        self.why, self.after, self.elsewhere = why, after, elsewhere

    def outcome(self) -> Outcome:
        after = None if self.after is None else timedelta(seconds=self.after)
        return Outcome(why=self.why, again=True, after=after)


class _Never(Exception):
    pass


class Sender:
    """Sends over Slack and mail.

    Args:
        away: Seconds to rest after a way did not answer.
    """

    def __init__(self, slack: WebClient | None, mailer: Mailer | None, *, away: float = AWAY) -> None:
        self._slack, self._mailer, self._rest = slack, mailer, away
        self._away: dict[Way, float] = {}

    def send(self, parcel: Parcel) -> Outcome:
        """Send it over the first way that takes it. A way that may take it later is waited for."""
        why, waits = "no_way", None
        for way in parcel.ways:
            if (left := self.rests(way)) > timedelta(0):
                return Outcome(why=waits_for(way), again=True, after=left)
            try:
                return self._by_slack(parcel) if way == "slack" else self._by_mail(parcel)
            except _Later as later:
                if not later.elsewhere:
                    return later.outcome()
                waits = later.outcome()
            except _Never as never:
                why = str(never)
        return waits or Outcome(why=why)

    def rests(self, way: Way) -> timedelta:
        """For how long nothing is sent over it, since it did not answer."""
        return timedelta(seconds=max(0.0, self._away.get(way, 0.0) - time.monotonic()))

    def _by_mail(self, parcel: Parcel) -> Outcome:
        if self._mailer is None or parcel.letter is None:
            raise _Never("no_mail")
        try:
            self._mailer.send(parcel.letter)
        except MailRefused as refused:
            raise _Never(refused.code) from None
        except MailLater as later:
            if later.code.removeprefix("smtp_").isdigit():  # it answers, and does not want this one now
                raise _Later(later.code) from None
            self._away["mail"] = time.monotonic() + self._rest
            raise _Later(later.code) from None
        return Outcome("mail")

    def _by_slack(self, parcel: Parcel) -> Outcome:
        if self._slack is None or parcel.card is None or parcel.to is None:
            raise _Never("no_slack")
        said: dict[str, Any] = {"channel": parcel.to, "text": parcel.card.text, "blocks": parcel.card.as_json()}
        try:
            if parcel.ts is not None:
                self._slack.chat_update(ts=parcel.ts, **said)
                return Outcome("slack", channel=parcel.to, ts=parcel.ts)
            answer = self._slack.chat_postMessage(unfurl_links=False, unfurl_media=False, **said)
            channel, ts = answer.get("channel"), answer.get("ts")
        except SlackApiError as problem:
            raise self._refused(problem) from None
        except (SlackClientError, OSError, http.client.HTTPException, ValueError) as problem:
            self._away["slack"] = time.monotonic() + self._rest
            raise _Later(f"slack_{type(problem).__name__}") from None
        return Outcome("slack", channel=str(channel or parcel.to)[:64], ts=str(ts)[:64] if ts else None)

    def _refused(self, problem: SlackApiError) -> Exception:
        response: Any = problem.response
        status = getattr(response, "status_code", 0)
        data = getattr(response, "data", None)
        error = str(data.get("error", "unknown"))[:64] if isinstance(data, dict) else f"http_{status}"
        if status == _TOO_MANY:
            asked = next((v for k, v in response.headers.items() if k.lower() == "retry-after"), "1")
            pause = min(LONGEST, float(asked)) if str(asked).isdigit() else 1.0
            self._away["slack"] = time.monotonic() + pause
            return _Later("slack_busy", pause)
        if error in _NEVER:
            return _Never(f"slack_{error}")
        if error in _NOT_US:
            return _Later(f"slack_{error}", elsewhere=True)
        self._away["slack"] = time.monotonic() + self._rest
        return _Later(f"slack_{error}")
