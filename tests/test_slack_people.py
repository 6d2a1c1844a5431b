"""What people do in Slack, from end to end: a fake Slack, a running Gatehouse with its worker, both transports."""

import concurrent.futures
from collections.abc import Iterator

import pytest

from tests.conftest import Databases
from tests.support.fake_slack import CHANNEL, FakeSlack
from tests.support.fake_slack_telling import Ack
from tests.support.lab import Lab
from tests.support.slack_lab import link, slack_lab
from tests.support.slack_people import (
    ALICE,
    BOB,
    PI,
    STRANGER,
    after,
    home,
    home_says,
    newest,
    opened,
    refusals,
    typed,
    waiting_for,
)
from tests.support.slack_transcript import PAGE, transcript


@pytest.fixture(scope="module")
def lab(databases: Databases, slack: FakeSlack, aws: str) -> Iterator[Lab]:
    with slack_lab(databases, slack, aws, with_worker=True) as found:
        for user, name in ((BOB, "bob"), (ALICE, "alice"), (PI, "pi")):
            link(found, slack, user, name)
        yield found


@pytest.fixture
def clean(lab: Lab) -> Iterator[None]:
    """Leave nothing pending and nothing held to the next test."""
    yield
    for request in lab.get("pi", "/v1/access-requests?decision=pending&limit=200")["items"]:
        lab.post(request["requester"], f"/v1/access-requests/{request['id']}/cancel")
    for grant in lab.get("pi", "/v1/grants?user=bob")["items"]:
        if grant["state"] != "revoked":
            lab.call("pi", "POST", f"/v1/grants/{grant['id']}/revoke", {"reason": "the test is over"})
            lab.grant_until(grant["id"], "revoked")


pytestmark = pytest.mark.usefixtures("clean")


def test_a_request_is_made_decided_used_and_given_back_in_slack(lab: Lab, slack: FakeSlack) -> None:
    answer = typed(slack, "request labguest for 7d because counting cells", BOB)
    request = newest(lab, user="bob", decision="pending")
    assert request["id"] in answer
    assert "0 of 1 approval given. Who can approve: `alice`, `pi`" in answer
    assert (request["change"], request["duration"], request["reason"]) == (
        {"group": "LabGuest"},
        "P7D",
        "counting cells",
    )
    card = waiting_for(slack, ALICE)
    assert "bob asks to join LabGuest for 7 days. Why: counting cells" in card.words
    told = after(slack, ALICE, lambda: slack.click(card, "approve", user=ALICE))
    assert f"You approved access request {request['id']}" in told

    applied = lab.applied(request["id"])
    [decision] = applied["decisions"]
    assert (decision["approver"], decision["channel"]) == ("alice", "slack")
    assert lab.groups_in_iam("bob") == ["LabGuest"]
    assert "LabGuest in default, until 20" in typed(slack, "mine", BOB)
    why = typed(slack, "why", BOB)
    assert "asked by bob, approved by alice, until 20" in why
    assert "because: counting cells" in why

    assert "to leave LabGuest" in typed(slack, "return LabGuest because done", BOB)
    lab.grant_until(applied["grant_id"], "revoked")
    assert lab.groups_in_iam("bob") == []
    assert "Nothing." in typed(slack, "mine", BOB)


def test_the_form_asks_and_says_what_is_wrong_where_it_is(lab: Lab, slack: FakeSlack) -> None:
    modal = opened(slack, BOB, lambda: slack.command("/access", "", user=BOB))
    wish = {"group": "LabGuest", "duration": "for ever", "reason": "cells & <!channel>"}
    assert slack.submit(modal, wish).body["errors"] == {"duration": "Write a duration like 7d, 4h or 90m."}
    too_long = slack.submit(modal, {**wish, "duration": "999d"}).body["errors"]
    assert list(too_long) == ["duration"]
    assert "longer than the rule allows" in too_long["duration"]
    done = slack.submit(modal, {**wish, "duration": "2 days"})
    assert done.body["response_action"] == "update"
    request = newest(lab, decision="pending")
    assert request["id"] in modal.words
    assert request["reason"] == "cells & <!channel>"
    assert "cells &amp; &lt;!channel&gt;" in modal.words
    assert slack.again(done).status == 200
    assert len(lab.get("pi", "/v1/access-requests?decision=pending")["items"]) == 1


def test_a_denial_says_why_and_ends_it(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob")
    card = waiting_for(slack, PI)
    modal = opened(slack, PI, lambda: slack.click(card, "deny", user=PI))
    assert "bob asks to join LabGuest" in modal.words
    ack = slack.submit(modal, {"comment": "not _now_"})
    assert ack.body["response_action"] == "update"
    row = lab.get("bob", f"/v1/access-requests/{request['id']}")
    assert row["decision"] == "denied"
    assert row["decisions"][0]["comment"] == "not _now_"
    late = after(slack, ALICE, lambda: slack.click(card, "approve", user=ALICE))
    assert "not pending any more: it is denied" in late


def test_an_approval_may_carry_a_note(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob")
    card = waiting_for(slack, ALICE)
    modal = opened(slack, ALICE, lambda: slack.click(card, "note_approve", user=ALICE))
    slack.submit(modal, {"comment": "for the course"})
    row = lab.get("bob", f"/v1/access-requests/{request['id']}")
    assert [(d["approver"], d["comment"]) for d in row["decisions"]] == [("alice", "for the course")]


def test_rule_2_nobody_decides_on_their_own_request_in_slack(lab: Lab, slack: FakeSlack) -> None:
    typed(slack, "request LabGuest because mine", ALICE)
    request = newest(lab, user="alice", decision="pending")
    card = waiting_for(slack, PI)  # shown to pi, and pressed by alice
    told = after(slack, ALICE, lambda: slack.click(card, "approve", user=ALICE))
    assert "Nobody decides on a request they made" in told
    told = after(slack, ALICE, lambda: slack.click(card, "deny", user=ALICE))
    assert "Nobody decides on a request they made" in told
    assert slack.modals(ALICE) == [] or "alice asks" not in slack.modals(ALICE)[-1].words
    assert refusals(lab)[:2] == [("alice", "own_request")] * 2
    row = lab.get("pi", f"/v1/access-requests/{request['id']}")
    assert (row["decision"], row["decisions"]) == ("pending", [])


def test_strangers_and_those_who_are_not_linked_decide_and_ask_nothing(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob")
    card = waiting_for(slack, ALICE)
    assert "You are not linked to Gatehouse yet" in after(
        slack, STRANGER, lambda: slack.click(card, "approve", user=STRANGER)
    )
    for words in ("request LabGuest because x", "mine", "pending", "why", "return LabGuest", ""):
        assert "You are not linked to Gatehouse yet" in typed(slack, words, STRANGER)
    slack.open_home(STRANGER)
    home_says(slack, STRANGER, "You are not linked", "/access link")
    # Linked, and nobody's approver: not even that the request is there is said.
    lab.register("carol", vouched_by="alice")
    link(lab, slack, STRANGER, "carol")
    told = after(slack, STRANGER, lambda: slack.click(card, "approve", user=STRANGER))
    assert "There is no such access request" in told
    lab.call("carol", "DELETE", "/v1/me/slack")
    assert lab.get("pi", f"/v1/access-requests/{request['id']}")["decisions"] == []


def test_a_double_click_is_one_decision_and_two_approvers_at_once_are_too(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob")
    card = waiting_for(slack, ALICE)

    def press(user: str) -> Ack:
        return slack.click(card, "approve", user=user)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        acks = list(pool.map(press, [ALICE, ALICE, PI, PI]))
    assert [ack.status for ack in acks] == [200] * 4
    row = lab.applied(request["id"])
    assert len([d for d in row["decisions"] if d["verdict"] == "approve" and d["void"] is None]) == 1
    events = lab.get("pi", f"/v1/access-requests/{request['id']}/events")["items"]
    assert len([e for e in events if e["event"] == "decision.made"]) == 1


def test_a_button_of_another_plan_or_of_nothing_decides_nothing(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob")
    card = waiting_for(slack, ALICE)
    [value] = [e["value"] for b in card.blocks for e in b.get("elements", []) if e.get("action_id") == "approve"]
    for forged, said in (
        (f"{request['id']} sha256:{'0' * 64}", "The plan changed since you looked"),
        (request["id"], "cannot be read"),
        ("", "nothing that can be read"),
        (f"{value[:-3]}", "The plan changed"),
        (f"nothing sha256:{'0' * 64}", "There is no such access request"),
    ):
        for block in card.blocks:
            for element in block.get("elements", []):
                if element.get("action_id") == "approve":
                    element["value"] = forged
        told = after(slack, ALICE, lambda: slack.click(card, "approve", user=ALICE))
        assert "Not done" in told, said
    assert lab.get("pi", f"/v1/access-requests/{request['id']}")["decisions"] == []


def test_a_rule_that_does_not_say_decide_refuses_a_forged_button(lab: Lab, slack: FakeSlack) -> None:
    asked = lab.ask("bob", "LabUser")
    card = waiting_for(slack, ALICE)
    assert f"gatehouse show {asked['id']}" in card.words
    assert "approve" not in [e.get("action_id") for b in card.blocks for e in b.get("elements", [])]
    value = f"{asked['id']} {asked['plan']['digest']}"
    forged = [{"type": "button", "action_id": "approve", "value": value, "text": {"type": "plain_text", "text": "A"}}]
    message = slack.state.new_message(CHANNEL, {"text": "x", "blocks": [{"type": "actions", "elements": forged}]})
    told = after(slack, ALICE, lambda: slack.click(message, "approve", user=ALICE))
    assert "does not let it be decided in Slack" in told
    assert refusals(lab)[0] == ("alice", "not_in_slack")
    assert lab.get("pi", f"/v1/access-requests/{asked['id']}")["decisions"] == []
    # The strictest of several groups binds.
    groups = {"email": "dave@lab.example", "groups": ["LabGuest", "LabUser"]}
    wish = {"kind": "user.create", "user": "dave", "change": groups, "reason": "both"}
    both = lab.post("pi", "/v1/access-requests", wish, expect=201)
    words = waiting_for(slack, ALICE).words
    assert f"gatehouse show {both['id']}" in words


def test_a_link_that_may_only_ask_asks_and_does_not_decide(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob")
    card = waiting_for(slack, PI)
    body = {"name": "asks", "scopes": ["requests:read", "requests:write"], "expires_in": "P1D"}
    lab.tokens["alice-asks"] = lab.post("alice", "/v1/tokens", body, expect=201)["token"]
    link(lab, slack, ALICE, "alice-asks")
    told = after(slack, ALICE, lambda: slack.click(card, "approve", user=ALICE))
    assert "This link may ask, and not decide" in told
    own = waiting_for(slack, ALICE)
    assert "Your link may not decide" in own.words
    assert "approve" not in [e.get("action_id") for b in own.blocks for e in b.get("elements", [])]
    assert "to join LabGuest" in typed(slack, "request LabGuest because I may ask", ALICE)
    assert lab.get("pi", f"/v1/access-requests/{request['id']}")["decisions"] == []
    link(lab, slack, ALICE, "alice")


def test_what_slack_tells_again_is_done_once(lab: Lab, slack: FakeSlack) -> None:
    first = slack.command("/access", "request LabGuest for 1d because once", user=BOB)
    again = slack.again(first)
    assert again.body == first.body
    assert len(lab.get("pi", "/v1/access-requests?decision=pending&user=bob")["items"]) == 1
    # Typed again by a person, it is another wish, and says which one is in its way.
    assert "The same change is already asked for" in typed(slack, "request LabGuest for 1d because twice", BOB)


def test_asking_for_another_needs_what_the_api_asks_for(lab: Lab, slack: FakeSlack) -> None:
    assert "You can ask for yourself" in typed(slack, "request LabGuest for @alice for 1d because x", BOB)
    assert "alice asks for bob to join LabGuest" in typed(
        slack, f"request LabGuest for <@{BOB}|bob> for 1d because course", ALICE
    )
    assert newest(lab, decision="pending")["user"] == "bob"


def test_the_home_tab_shows_what_i_hold_and_what_waits_and_its_buttons_work(lab: Lab, slack: FakeSlack) -> None:
    grant = lab.join("bob")
    slack.open_home(BOB)
    home_says(slack, BOB, "LabGuest in default, until")
    modal = opened(slack, BOB, lambda: slack.click(home(slack, BOB), "extend", user=BOB))
    wish = {"duration": "1h", "reason": "a longer course"}
    assert "already lasts longer" in slack.submit(modal, wish).body["errors"]["duration"]
    assert slack.submit(modal, {**wish, "duration": "30d"}).body["response_action"] == "update"
    extension = newest(lab, decision="pending")
    assert (extension["extends"], extension["duration"]) == (grant["id"], "P30D")

    slack.open_home(ALICE)
    home_says(slack, ALICE, extension["id"])
    slack.click(home(slack, ALICE), "approve", user=ALICE)
    home_says(slack, ALICE, "You approved access request")
    assert "a longer course" not in home(slack, ALICE).words.split("What waits for you")[1]
    new = lab.applied(extension["id"])["grant_id"]
    slack.open_home(BOB)
    slack.wait(lambda: home(slack, BOB).words.count("LabGuest in default") == 2)
    slack.click(home(slack, BOB), f"return:{new}", user=BOB)
    for one in (grant["id"], new):
        lab.grant_until(one, "revoked")
    home_says(slack, BOB, "is being taken away")


def test_hostile_text_is_shown_and_not_read(lab: Lab, slack: FakeSlack) -> None:
    slack.over_http(lab.url)
    said = "<!channel> <@U2> @here <https://evil.example|docs> *b* `c` \u202e https://evil.example"
    answer = typed(slack, f"request LabGuest because {said}", BOB)
    shown = waiting_for(slack, ALICE).words
    for words in (answer, shown):
        assert "<!channel>" not in words
        assert "&lt;!channel&gt; &lt;@" in words
        assert "https://evil" not in words
        assert "@here" not in words
        assert "\u202e" not in words
    slack.over_socket()


def test_help_and_what_cannot_be_read_say_how_it_is_used(slack: FakeSlack) -> None:
    for words in ("help", "frobnicate <!here>", "request LabGuest"):
        answer = typed(slack, words, STRANGER)
        assert "/access request GROUP for 7d because" in answer
        assert "<!here>" not in answer


def test_the_transcript_is_what_happens(lab: Lab, slack: FakeSlack) -> None:
    assert PAGE.read_text() == transcript(lab, slack), "python -m tests.support.slack_transcript writes it"
