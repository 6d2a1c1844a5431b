"""A database, a mail server and rounds of telling that a test calls by hand."""

import dataclasses
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from app.changes import REGISTRY
from app.clients.mail import Mailer
from app.clients.slack import web_client
from app.config import Settings
from app.db import Database
from app.domain.actors import Caller
from app.domain.people import Person
from app.domain.rules import Rule
from app.domain.words import Kind, Verdict
from app.main import make_database
from app.models import Group, Notice, SlackLink
from app.services import decisions, requests
from app.telling.parcels import Packer
from app.telling.rounds import Telling
from app.telling.sending import Sender

BOB = Caller("bob", person=Person("bob"))


@dataclasses.dataclass
class Desk:
    """What a test works with."""

    settings: Settings
    database: Database

    def telling(self, sender: Sender | None = None, **options: Any) -> Telling:
        """A process that tells."""
        slack, mail = self.settings.slack(), self.settings.mail()
        client = web_client(slack, timeout=60, retries=0) if slack else None
        mailer = Mailer(*mail, timeout=60) if mail else None
        packer = Packer(
            self.settings, slack=slack is not None, mail=mail is not None, channel=slack.channel if slack else None
        )
        made = Telling(self.database, packer, sender or Sender(client, mailer, away=0.0), ahead=0.0, **options)
        made.begin()
        return made

    def ask(self, group: str = "LabGuest", **wish: Any) -> str:
        """bob asks to join; the id of the request."""
        body = REGISTRY[Kind.GROUP_JOIN].body.model_validate({"group": group})
        with self.database.write() as tx:
            draft = requests.Draft(kind=Kind.GROUP_JOIN, body=body, reason="a test", **wish)
            return requests.ask(tx, BOB, draft).id

    def decide(self, name: str, request_id: str, verdict: Verdict) -> None:
        """An admin decides on it."""
        caller = Caller(name, person=Person(name, frozenset({"admin"})))
        with self.database.write() as tx:
            decisions.decide(tx, caller, request_id, verdict, comment="a test")

    def rule(self, group: str, **values: Any) -> None:
        """Change the rule of a group."""
        with self.database.write() as tx:
            row = tx.session.get_one(Group, group)
            row.rule = Rule.model_validate({**row.rule, **values}).model_dump(mode="json")

    def link(self, name: str, slack_user_id: str) -> None:
        """Link somebody to Slack."""
        with self.database.write() as tx:
            given: dict[str, Any] = {"slack_name": name, "team_id": "T0LAB", "may_decide": True, "linked_at": tx.now}
            tx.session.add(SlackLink(user=name, slack_user_id=slack_user_id, **given))

    def rows(self) -> list[Notice]:
        """Every notice, oldest first."""
        with self.database.read() as tx:
            found = list(tx.session.scalars(select(Notice).order_by(col(Notice.id))))
            tx.session.expunge_all()
            return found

    def hurry(self) -> None:
        """What is due later is due now, as if its time had come."""
        with self.database.write() as tx:
            for row in tx.session.scalars(select(Notice).where(col(Notice.due_at).is_not(None))):
                row.due_at = tx.now - timedelta(seconds=1)


_IDLE = 0.5
"""Seconds: what asks to be called again sooner has something to do."""


class Clock:
    """The time, which a test may let pass."""

    def __init__(self) -> None:
        self.passed = timedelta(0)

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self.passed


def desk(settings: Settings, **update: Any) -> Desk:
    """One on a prepared database."""
    settings = settings.model_copy(update=update)
    return Desk(settings, make_database(settings))


def until_quiet(telling: Telling, most: int = 50) -> None:
    """Rounds until there is nothing to do now."""
    for _ in range(most):
        pause = telling()
        if pause >= _IDLE:
            return
        time.sleep(pause)
    raise AssertionError("it never came to rest")
