"""What people write, shown in Slack without being read by it; and what they type, read."""

import json
import re
import string
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import wishes
from app.domain.rules import Rule
from app.domain.states import DecisionState, Provisioning
from app.domain.words import Kind, Verdict
from app.services import catalogue
from app.slack import command, home, pages
from app.slack.cards import Card, DecisionFacts, EndingFacts, RequestFacts, ending_card, notice_card, request_card
from app.slack.command import Ask, Return, Show, Unknown, parse
from app.slack.pages import Held, Reason
from app.slack.text import code, one_line, safe
from tests.support.slack_blocks import problems_of_blocks, problems_of_view

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HOSTILE = "<!channel> <@U1> <https://evil.example|safe> @here @everyone & *bold* `x` \u202egnp\u202c a\u200bb\n\n>quote https://evil.example"
anything = st.text(st.characters(codec="utf-8"), max_size=1200)


def facts(**but: Any) -> RequestFacts:
    given: dict[str, Any] = {
        "id": "0199aaaa-0000-7000-8000-000000000001",
        "user": "bob",
        "requester": "bob",
        "what": "to join LabGuest",
        "account": "default",
        "reason": "counting cells",
        "duration": timedelta(days=7),
        "plan_digest": "sha256:" + "a" * 64,
        "plan": ("Add bob to LabGuest",),
        "eligible": ("alice", "pi"),
        "decision": DecisionState.PENDING,
        "provisioning": Provisioning.NONE,
        "lapses_at": NOW,
        "decides_here": True,
        **but,
    }
    return RequestFacts(**given)


def said(card: Card) -> str:
    return json.dumps([card.text, card.as_json()], ensure_ascii=False)


def texts(thing: Any) -> list[str]:
    """Every text that Slack would read."""
    if isinstance(thing, dict):
        own = [thing["text"]] if isinstance(thing.get("text"), str) else []
        return own + [t for v in thing.values() for t in texts(v)]
    return [t for v in thing for t in texts(v)] if isinstance(thing, list) else []


def assert_harmless(card: Card) -> None:
    for text in [card.text, *texts(card.as_json())]:
        assert "<" not in text
        assert ">" not in text
        assert not re.search(r"&(?!(amp|lt|gt);)", text), text
        assert not re.search(r"@(here|channel|everyone)", text)
        assert not re.search(r"[\u200b-\u200f\u202a-\u202e]", text)
    assert problems_of_blocks(card.as_json()) == []


def test_what_people_write_pings_nobody_links_nowhere_and_stays_on_its_line() -> None:
    card = request_card(facts(reason=HOSTILE, decisions=(DecisionFacts("pi", Verdict.APPROVE, HOSTILE),)))
    assert_harmless(card)
    assert "&lt;!channel&gt;" in said(card)
    assert "://evil" not in said(card)
    [why] = [t for t in texts(card.as_json()) if t.startswith("Why: ")]
    assert "\n" not in why
    plain = [b["text"]["type"] for b in card.as_json() if "Why: " in b.get("text", {}).get("text", "")]
    assert plain == ["plain_text"]  # where *, _, ~ and ` are letters like any other


@given(anything)
def test_any_text_in_any_place_of_a_card_is_harmless_and_within_slacks_limits(text: str) -> None:
    decisions = tuple(DecisionFacts(text, Verdict.APPROVE, text, void=text) for _ in range(12))
    many = (text,) * 30
    for decision in (DecisionState.PENDING, DecisionState.DENIED):
        card = request_card(
            facts(
                user=text,
                reason=text,
                what=text,
                account=text,
                plan=many,
                eligible=many,
                decisions=decisions,
                decision=decision,
                provisioning=Provisioning.NONE,
                failure=text,
            )
        )
        assert_harmless(card)
    assert_harmless(notice_card(text))
    assert_harmless(ending_card(EndingFacts("g" * 36, text, text, text, NOW), NOW))


@given(anything, st.integers(1, 300))
def test_safe_text_is_no_longer_than_it_may_be_and_says_when_it_was_cut(text: str, limit: int) -> None:
    cut = safe(text, limit)
    assert len(cut) <= limit
    whole = safe(text, 100_000)
    assert cut == whole or cut.endswith("…")


@given(anything)
def test_a_name_as_code_cannot_end_the_code(text: str) -> None:
    assert code(text).count("`") == 2


def test_what_nobody_sees_is_not_there() -> None:
    assert one_line("a\u200bb\u2060c\u202ed\ufeff e\u0000f\tg\r\nh") == "abcd ef g h"
    assert one_line("Z" + "\u0300" * 50) == "Z" + "\u0300" * 3
    assert one_line("\u3164\u2800 ") == ""


def test_long_lists_say_what_they_leave_out() -> None:
    card = request_card(facts(plan=tuple(f"Add bob to G{n}" for n in range(12)), eligible=("a",) * 30))
    assert "… and 4 more" in said(card)
    assert "and 20 more" in said(card)


def test_a_card_has_buttons_only_where_its_groups_let_it_be_decided_in_slack() -> None:
    def actions(card: Card) -> list[str]:
        return [e["action_id"] for b in card.as_json() for e in b.get("elements", []) if "action_id" in e]

    assert actions(request_card(facts())) == ["approve", "note_approve", "deny"]
    elsewhere = request_card(facts(decides_here=False))
    assert actions(elsewhere) == []
    assert "gatehouse show 0199aaaa-0000-7000-8000-000000000001" in said(elsewhere)
    assert actions(request_card(facts(decides_here=False, url="https://g.example/x"))) == ["open_link"]
    assert actions(request_card(facts(), asker=True)) == []
    assert actions(ending_card(EndingFacts("g", "bob", "LabGuest", "default", NOW), NOW)) == ["extend"]
    for state in DecisionState:
        if state != DecisionState.PENDING:
            assert actions(request_card(facts(decision=state))) == []


def test_no_group_is_decided_in_slack_unless_its_rule_says_so() -> None:
    assert Rule().slack == "notify"
    assert {g.name: g.rule.slack for g in catalogue.read(None).group} == {
        "LabAdmin": "notify",
        "LabUser": "notify",
        "LabGuest": "decide",
    }


def test_a_decided_card_says_what_became_of_it() -> None:
    denied = facts(decision=DecisionState.DENIED, decisions=(DecisionFacts("alice", Verdict.DENY, "not now"),))
    assert "Denied" in said(request_card(denied))
    assert "alice denied: not now" in said(request_card(denied))
    approved = facts(decision=DecisionState.APPROVED, provisioning=Provisioning.APPLIED)
    assert "Approved and carried out" in said(request_card(approved))


def test_the_longest_pages_are_within_slacks_limits() -> None:
    long = "<&>" * 300
    held = [Held("g" * 36, long, long, "active", is_group=True, ends_at=NOW, may_extend=True)] * home.HELD
    waiting = [facts(reason=long, requester=long)] * pages.SHOWN
    shown = home.HomeFacts(held, waiting, more_held=3, more_waiting=True)
    assert problems_of_view(home.view(shown, note=long).to_dict()) == []
    assert problems_of_view(home.view(home.HomeFacts()).to_dict()) == []
    for card in (
        pages.mine(held, waiting, more_held=1, more_asked=True),
        pages.pending(waiting[: pages.WITH_BUTTONS], may_decide=True, more=True),
        pages.pending(waiting[: pages.WITH_BUTTONS], may_decide=False, more=True),
        pages.why([Reason(long, long)] * 20, more=4),
        pages.usage("Why not."),
    ):
        assert problems_of_blocks(card.as_json()) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_sentence(kind: Kind) -> None:
    change = {"group": "LabGuest", "name": "p", "groups": ["LabGuest"], "roles": ["admin"]}
    assert wishes.in_a_sentence(kind, change).startswith("to ")
    assert wishes.in_a_sentence(kind, {}, timedelta(days=1)).endswith("for 1 day")


READ = {
    "": Show("form"),
    "   ": Show("form"),
    "mine": Show("mine"),
    "PENDING": Show("pending"),
    "why": Show("why"),
    "link": Show("link"),
    "help": Show("help"),
    "request LabGuest for 7d because cells": Ask("LabGuest", "cells", timedelta(days=7)),
    "request LabGuest because cells for a friend": Ask("LabGuest", "cells for a friend"),
    "Request LabGuest FOR P7D Because x": Ask("LabGuest", "x", timedelta(days=7)),
    "request LabGuest for 4h because it's\nurgent": Ask("LabGuest", "it's\nurgent", timedelta(hours=4)),
    "request LabGuest for 2 weeks because x": Ask("LabGuest", "x", timedelta(days=14)),
    "request LabGuest for 1d12h because x": Ask("LabGuest", "x", timedelta(hours=36)),
    "request `LabGuest` for @carol for 1d because x": Ask("LabGuest", "x", timedelta(days=1), user="carol"),
    "request LabGuest for <@U42|carol> because x": Ask("LabGuest", "x", slack_user_id="U42"),
    "request LabGuest because <@U42|carol> &amp; I read <https://x.example/a|x.example/a> in <#C1|lab>": Ask(
        "LabGuest", "@carol & I read https://x.example/a in #lab"
    ),
    "return LabGuest": Return("LabGuest"),
    "return LabGuest because done": Return("LabGuest", "done"),
}


@pytest.mark.parametrize("typed", READ)
def test_what_is_typed_is_read(typed: str) -> None:
    assert parse(typed) == READ[typed]


@pytest.mark.parametrize(
    "typed",
    [
        "frobnicate",
        "request",
        "request LabGuest",
        "request LabGuest for 7d",
        "request LabGuest for 7d because",
        "request LabGuest for ever because x",
        "request LabGuest for 0d because x",
        "request LabGuest for 1d for 2d because x",
        "request LabGuest 7d because x",
        "request LabGuest for 99999999d because x",
        f"request LabGuest because {'x' * 1001}",
        "return",
        "return LabGuest LabUser",
        "mine too",
    ],
)
def test_what_cannot_be_read_is_answered_with_why(typed: str) -> None:
    read = parse(typed)
    assert isinstance(read, Unknown)
    assert read.why.endswith(".")


@given(st.text(max_size=300) | st.from_regex(r"(request|return) \w+ (for \w+ )?(because .*)?"))
def test_anything_typed_is_read_without_failing_and_keeps_its_promises(typed: str) -> None:
    read = parse(typed)
    if isinstance(read, Ask):
        assert 0 < len(read.reason) <= 1000
        assert read.reason.strip() == read.reason
        assert "\x00" not in read.reason
        assert read.group.split() == [read.group]
        assert read.duration is None or read.duration > timedelta(0)


@given(st.text(string.printable, max_size=12))
def test_a_duration_is_read_or_refused_in_a_sentence(text: str) -> None:
    said = ""
    try:
        found = command.duration(text)
    except ValueError as refused:
        found, said = timedelta(0), str(refused)
    assert found > timedelta(0) or (said[0].isupper() and said.endswith("."))


def test_however_many_spaces_are_typed_they_are_read_at_once() -> None:
    # Anybody in the workspace can type them, and whoever reads them reads nothing else meanwhile: it took minutes.
    typed = ("'request a' + ' ' * 60_000 + 'b'", "'request a for 1d' + ' ' * 60_000 + 'b'")
    script = f"from app.slack.command import parse; parse({typed[0]}); parse({typed[1]})"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
