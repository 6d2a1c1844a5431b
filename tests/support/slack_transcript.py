"""A request made, approved and given back wholly in the fake Slack over Socket Mode, written down for people.

`python -m tests.support.slack_transcript` writes it into docs/slack-transcript.md. Ids, codes and times are replaced.
"""

import dataclasses
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from app import log
from app.cli import simulation
from tests.conftest import Databases
from tests.support.fake_slack import CHANNEL, FakeSlack, fake_slack
from tests.support.fake_slack_state import Message, View
from tests.support.fake_slack_telling import Ack
from tests.support.lab import Lab
from tests.support.slack_lab import code_of, link, slack_lab
from tests.support.slack_people import ALICE, BOB, PI, home, home_says, opened

PAGE = Path(__file__).parents[2] / "docs" / "slack-transcript.md"
NAMES = {BOB: "bob", ALICE: "alice", PI: "pi", CHANNEL: "the channel"}
INTRODUCTION = """\
# A request in Slack, from link to end

Written by `python -m tests.support.slack_transcript`: a Gatehouse with its worker and a simulated AWS, told of what
people do by a fake Slack over Socket Mode. A test runs it again and compares. Ids, codes and times are replaced.
What stands in `[brackets]` is a button, in `(parentheses)` a field.
"""
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d UTC\b")
_CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")


def transcript(lab: Lab, slack: FakeSlack) -> str:
    """Run it, from people who are not linked to access that is given back.

    Args:
        lab: With its worker; pi is linked, bob holds nothing and nothing is pending.
    """
    page = _Page(slack)
    page.heading("Link")
    for user in (BOB, ALICE):
        lab.call(NAMES[user], "DELETE", "/v1/me/slack")
    page.types(BOB, "request LabGuest for 7d because counting cells")
    for user in (BOB, ALICE):
        page.types(user, "link")
        lab.post(NAMES[user], "/v1/me/slack", {"code": code_of(slack, user), "slack_user_id": user})
        page.say(f"**{NAMES[user]}**, elsewhere, with a token of their own: `POST /v1/me/slack` answers 200.")

    page.heading("Ask")
    form = page.opens(BOB, "types `/access`", lambda: slack.command("/access", "", user=BOB))
    wish = {"group": "LabGuest", "duration": "7d", "reason": "counting cells, with <!channel> & *all* of it"}
    page.submits(form, "Ask", wish)
    request = lab.get("bob", "/v1/access-requests?limit=1")["items"][0]

    page.heading("Decide")
    cards = [page.told(user, request["id"]) for user in (ALICE, PI, CHANNEL)]
    page.presses(BOB, cards[0], "approve", "sends what `[Approve]` in alice's message would, for their own request")
    press = "presses `[Approve with a note…]`"
    modal = page.opens(ALICE, press, lambda: slack.click(cards[0], "note_approve", user=ALICE))
    page.submits(modal, "Approve", {"comment": "for the course"})
    lab.applied(request["id"])
    page.say("**Gatehouse** adds bob to LabGuest in IAM and reads that back.")
    for user, card in zip((ALICE, PI, CHANNEL), cards, strict=True):
        slack.wait(lambda card=card: "Approved and carried out" in card.words)
        page.shown(f"What **{NAMES[user]}** got has become", card)
    page.presses(PI, late_copy(cards[1], request), "approve", "presses `[Approve]` in a window that was not updated")

    page.heading("Use, and give back")
    page.types(BOB, "why")
    slack.open_home(BOB)
    home_says(slack, BOB, "LabGuest in default, until")
    page.shown("**bob** opens the home tab", home(slack, BOB))
    page.types(BOB, "return LabGuest because the cells are counted")
    for grant in lab.get("bob", "/v1/grants")["items"]:
        lab.grant_until(grant["id"], "revoked")
    page.say("**Gatehouse** removes bob from LabGuest in IAM and reads that back.")
    page.types(BOB, "mine")
    return page.text()


def late_copy(card: Message, request: Any) -> Message:
    """A message as it was before it was updated."""
    button = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}}
    value = f"{request['id']} {request['plan']['digest']}"
    blocks = [{"type": "actions", "block_id": "late", "elements": [{**button, "value": value}]}]
    return dataclasses.replace(card, blocks=blocks)


class _Page:
    """What is written down."""

    def __init__(self, slack: FakeSlack) -> None:
        self._slack = slack
        self._parts: list[str] = [INTRODUCTION]

    def heading(self, text: str) -> None:
        self._parts.append(f"## {text}\n")

    def say(self, text: str) -> None:
        self._parts.append(f"{text}\n")

    def shown(self, what: str, thing: Message | View) -> None:
        """Something that somebody sees."""
        self.say(f"{what}:")
        self._parts.append("".join(f"> {line}".rstrip() + "\n" for line in drawn(thing)))

    def types(self, user: str, text: str) -> None:
        """A command, and what it answers."""
        ack = self._slack.command("/access", text, user=user)
        assert ack.status == 200, ack
        self.shown(f"**{NAMES[user]}** types `/access {text}`, and alone sees", self._slack.ephemerals(user)[-1])

    def presses(self, user: str, where: Message, action: str, how: str) -> None:
        """A button, and what its presser alone is told."""
        before = len(self._slack.ephemerals(user))
        ack = self._slack.click(where, action, user=user)
        assert ack.status == 200, ack
        self._slack.wait(lambda: len(self._slack.ephemerals(user)) > before)
        self.shown(f"**{NAMES[user]}** {how}, and alone sees", self._slack.ephemerals(user)[-1])

    def opens(self, user: str, how: str, do: Callable[[], Ack]) -> View:
        """A modal."""
        view = opened(self._slack, user, do)
        self.shown(f"**{NAMES[user]}** {how}, and a form opens", view)
        return view

    def submits(self, view: View, button: str, values: dict[str, str]) -> None:
        """What is filled in, and what it becomes."""
        ack = self._slack.submit(view, values)
        assert ack.body["response_action"] == "update", ack
        filled = ", ".join(f"({name}) {value}" for name, value in values.items())
        self.shown(f"**{NAMES[view.user]}** fills in `{filled}`, presses `[{button}]`, and the form becomes", view)

    def told(self, user: str, request_id: str) -> Message:
        """The message about a request that Gatehouse sends somebody."""

        def about() -> list[Message]:
            return [m for m in self._slack.messages(user) if request_id in m.words]

        self._slack.wait(about)
        self.shown(f"**{NAMES[user]}** gets a message from Gatehouse", about()[0])
        return about()[0]

    def text(self) -> str:
        """The page, with ids, codes and times replaced."""
        whole = "\n".join(self._parts)
        for number, name in enumerate(dict.fromkeys(_UUID.findall(whole)), 1):
            whole = whole.replace(name, f"id-{number}")
        return _CODE.sub("K7QF-2M9X", _TIME.sub("2027-01-31 09:30 UTC", whole))


def drawn(thing: Message | View) -> list[str]:
    """What somebody sees, line by line."""
    body: dict[str, Any] = thing.body if isinstance(thing, View) else {"blocks": thing.blocks}
    lines = [f"**{body['title']['text']}**"] if "title" in body else []
    for block in body["blocks"]:
        lines += ["", *_block(block)] if lines else _block(block)
    ends = [f"[{body[part]['text']}]" for part in ("submit", "close") if body.get(part)]
    return [*lines, *(["", " ".join(ends)] if ends else [])]


def _block(block: dict[str, Any]) -> list[str]:
    if block["type"] == "divider":
        return ["---"]
    if block["type"] == "input":
        hint = f": {block['hint']['text']}" if "hint" in block else ""
        return [f"({block['label']['text']}){' (optional)' if block.get('optional') else ''}{hint}"]
    if block["type"] == "actions":
        return [" ".join(f"[{e['text']['text']}]" for e in block["elements"])]
    if block["type"] == "context":
        return [f"_{e['text']}_" for e in block["elements"]]
    if "fields" in block:
        return ["  ".join(f["text"].replace("\n", " ") for f in block["fields"])]
    return [f"{line}" for line in str(block["text"]["text"]).splitlines()]


def main() -> None:
    """Write the page."""
    with (
        simulation.simulated_aws() as aws,
        tempfile.TemporaryDirectory() as folder,
        fake_slack() as slack,
        slack_lab(Databases(Path(folder), _no_postgres, aws), slack, aws, with_worker=True) as lab,
    ):
        link(lab, slack, PI, "pi")
        PAGE.write_text(transcript(lab, slack))
    sys.stdout.write(f"{PAGE}\n")


def _no_postgres() -> URL:
    raise AssertionError("the transcript is made on SQLite")


if __name__ == "__main__":
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    log.configure(json_lines=True, level="ERROR")
    main()
