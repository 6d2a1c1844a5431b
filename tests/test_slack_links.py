"""Who is who in Slack: a code made there, confirmed by a person's own token, and ended with the person."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.db import utcnow
from app.domain.words import Channel, Scope
from app.services import directory, slack_links, tokens
from app.services.slack_links import TRIES
from tests.conftest import Databases
from tests.support.fake_slack import FakeSlack
from tests.support.lab import Lab
from tests.support.slack_lab import code_of, link, slack_lab

ASKS = {Scope.REQUESTS_READ, Scope.REQUESTS_WRITE}


@pytest.fixture(scope="module")
def lab(databases: Databases, slack: FakeSlack, aws: str) -> Iterator[Lab]:
    with slack_lab(databases, slack, aws, socket=False, with_worker=True) as found:
        slack.over_http(found.url)
        yield found


def code(slack: FakeSlack, user: str) -> str:
    assert slack.command("/access", "link", user=user).status == 200
    return code_of(slack, user)


def confirm(lab: Lab, who: str, text: str, user: str, *, expect: int = 200) -> Any:
    return lab.post(who, "/v1/me/slack", {"code": text, "slack_user_id": user}, expect=expect)


def caller(lab: Lab, user: str) -> tuple[str, set[Scope]] | None:
    with lab.running.database.read() as tx:
        found = slack_links.caller(tx, user, request_id="r")
    if found is None:
        return None
    assert (found.channel, found.request_id, found.may_mint) == (Channel.SLACK, "r", False)
    return found.name, set(found.scopes)


def said(lab: Lab, event: str, subject: str) -> list[Any]:
    found = lab.get("pi", f"/v1/audit-events?event={event}&subject={subject}&limit=200")["items"]
    return [item["data"] for item in found]


def narrow(lab: Lab, who: str, *scopes: str) -> str:
    """Another token of somebody's, with these scopes; the name to call with."""
    body = {"name": "narrow", "scopes": scopes, "expires_in": "P1D"}
    name = f"{who} with {' '.join(scopes)}"
    lab.tokens[name] = lab.post(who, "/v1/tokens", body, expect=201)["token"]
    return name


def test_rule_15_a_link_is_confirmed_by_a_persons_token_and_names_the_account(lab: Lab, slack: FakeSlack) -> None:
    assert caller(lab, "U2") is None
    text = code(slack, "U2")
    found = confirm(lab, "alice", text.lower().replace("-", " "), "U2")
    linked_at = found.pop("linked_at")
    expected = {"user": "alice", "slack_user_id": "U2", "slack_name": "alice", "team_id": "T0LAB", "may_decide": True}
    assert found == expected
    assert lab.get("alice", "/v1/me/slack") == {**expected, "linked_at": linked_at}
    assert caller(lab, "U2") == ("alice", ASKS | {Scope.REQUESTS_DECIDE})
    with lab.running.database.read() as tx:
        assert slack_links.slack_id_of(tx, ["alice", "bob", "nobody"]) == {"alice": "U2"}
    [told] = said(lab, "slack.linked", "alice")
    assert told == {"slack_user_id": "U2", "slack_name": "alice", "team_id": "T0LAB", "may_decide": True}


def test_rule_15_without_the_scope_that_decides_the_link_only_asks(lab: Lab, slack: FakeSlack) -> None:
    asking = narrow(lab, "bob", "requests:read", "requests:write")
    assert confirm(lab, asking, code(slack, "U1"), "U1")["may_decide"] is False
    assert caller(lab, "U1") == ("bob", ASKS)


def test_rule_15_a_new_link_replaces_the_old_one_at_both_ends(lab: Lab, slack: FakeSlack) -> None:
    link(lab, slack, "U1", "bob")
    slack.add_user("U7", "bob-at-home")
    link(lab, slack, "U7", "bob")
    assert (caller(lab, "U1"), lab.get("bob", "/v1/me/slack")["slack_name"]) == (None, "bob-at-home")
    assert said(lab, "slack.unlinked", "bob")[0] == {
        "slack_user_id": "U1",
        "slack_name": "bob",
        "team_id": "T0LAB",
        "reason": "replaced",
    }
    link(lab, slack, "U7", "pi")
    found = caller(lab, "U7")
    assert found is not None
    assert found[0] == "pi"
    assert lab.call("bob", "GET", "/v1/me/slack").json()["code"] == "not_linked"
    assert said(lab, "slack.unlinked", "bob")[0]["slack_user_id"] == "U7"


def test_rule_15_a_code_that_is_wrong_used_old_or_anothers_is_refused_in_one_way(lab: Lab, slack: FakeSlack) -> None:
    used = code(slack, "U1")
    confirm(lab, "bob", used, "U1")
    replaced, theirs = code(slack, "U1"), code(slack, "U4")
    old = code(slack, "U2")
    code(slack, "U1")
    database = lab.running.database
    database.clock = lambda: utcnow() + timedelta(minutes=10, seconds=1)
    answers = [lab.call("bob", "POST", "/v1/me/slack", {"code": old, "slack_user_id": "U2"})]
    database.clock = utcnow
    for text, user in ((used, "U1"), (replaced, "U1"), (theirs, "U1"), ("AAAA-AAAA", "U1"), (theirs, "U99")):
        answers.append(lab.call("bob", "POST", "/v1/me/slack", {"code": text, "slack_user_id": user}))
    told = [answer.json() for answer in answers]
    assert {(t["status"], t["code"], t["detail"]) for t in told} == {(400, "invalid_code", told[0]["detail"])}
    assert len(said(lab, "slack.link_refused", "bob")) == len(answers)


def test_rule_15_a_code_bears_few_guesses(lab: Lab, slack: FakeSlack) -> None:
    right = code(slack, "U4")
    for _ in range(TRIES):
        confirm(lab, "alice", "2222-2222", "U4", expect=400)
    confirm(lab, "alice", right, "U4", expect=400)
    confirm(lab, "alice", code(slack, "U4"), "U4")


def test_rule_14_and_15_no_service_no_aws_identity_and_no_narrow_token_links(lab: Lab, slack: FakeSlack) -> None:
    text = code(slack, "U1")
    lab.post("pi", "/v1/users", {"name": "robot", "email": "robot@lab.example", "roles": ["service"]}, expect=201)
    enrolment = lab.post("pi", "/v1/users/robot/enrolment", expect=201)["code"]
    lab.tokens["robot"] = lab.post(None, "/v1/enrolments/redeem", {"code": enrolment})["token"]
    with lab.running.database.write() as tx:
        user = directory.get_user(tx, "bob")
        by = tokens.authenticate(tx, lab.tokens["bob"], channel=Channel.API, request_id="r")
        _, lab.tokens["aws"] = tokens.issue(tx, user, name="aws", by=by, origin="aws", scopes=frozenset(ASKS))
    blind = narrow(lab, "bob", "requests:write")
    reading = narrow(lab, "bob", "requests:read")
    found = [confirm(lab, who, text, "U1", expect=403)["code"] for who in ("robot", "aws", blind, reading)]
    assert found == ["not_a_person", "token_cannot_link", "insufficient_scope", "insufficient_scope"]
    assert lab.call(None, "POST", "/v1/me/slack", {}).status_code == 401
    confirm(lab, "bob", text, "U1")


def test_ending_a_link(lab: Lab, slack: FakeSlack) -> None:
    link(lab, slack, "U1", "bob")
    assert lab.call("bob", "DELETE", "/v1/me/slack").status_code == 204
    assert caller(lab, "U1") is None
    assert lab.call("bob", "DELETE", "/v1/me/slack").status_code == 404
    assert said(lab, "slack.unlinked", "bob")[0]["reason"] == "asked"


def test_new_tokens_for_somebody_end_the_link_that_the_old_ones_made(lab: Lab, slack: FakeSlack) -> None:
    link(lab, slack, "U3", "pi")
    with lab.running.database.write() as tx:
        text, _ = tokens.recover(tx, "pi")
    lab.tokens["pi"] = lab.post(None, "/v1/enrolments/redeem", {"code": text})["token"]
    assert caller(lab, "U3") is None
    assert said(lab, "slack.unlinked", "pi")[0]["reason"] == "new_tokens"


def test_who_is_suspended_can_do_nothing_and_a_link_ends_with_its_person(lab: Lab, slack: FakeSlack) -> None:
    lab.register("carol", vouched_by="alice")
    slack.add_user("U8", "carol")
    link(lab, slack, "U8", "carol")
    assert caller(lab, "U8") == ("carol", ASKS | {Scope.REQUESTS_DECIDE})
    wish = {"user": "carol", "change": {}, "reason": "a test"}
    for verb in ("suspend", "resume"):
        request = lab.post("pi", "/v1/access-requests", {**wish, "kind": f"user.{verb}"}, expect=201)
        if request["decision"] == "pending":
            lab.approve("alice", request["id"])
        lab.applied(request["id"])
        assert (caller(lab, "U8") is None) is (verb == "suspend")
        with lab.running.database.read() as tx:
            assert ("carol" in slack_links.slack_id_of(tx, ["carol"])) is (verb == "resume")
    request = lab.post("pi", "/v1/access-requests", {**wish, "kind": "user.delete"}, expect=201)
    lab.approve("alice", request["id"])
    assert caller(lab, "U8") is None
    lab.applied(request["id"])
    assert said(lab, "slack.unlinked", "carol")[0]["reason"] == "deleted"


def test_no_code_stands_in_the_audit(lab: Lab, slack: FakeSlack) -> None:
    text = code(slack, "U4")
    every = lab.call("pi", "GET", "/v1/audit-events?limit=200").text
    assert text not in every
    assert lab.get("pi", "/v1/audit-events/verify")["valid"]
