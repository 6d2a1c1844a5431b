"""What Slack tells twice, to two processes at once, is done once; on both databases."""

import concurrent.futures
import itertools
from typing import Any

from app.config import Settings
from app.services import slack_links
from app.slack.desk import Desk, make_desk
from app.slack.house import SlackHouse
from tests.conftest import BOTH
from tests.support.lab import Lab

_numbers = itertools.count(1)
TEAM, APP = "T0LAB", "A0GATE"


def desks(lab: Lab) -> list[Desk]:
    """Two processes beside one database, as far as Slack can tell."""
    given = {
        "slack_bot_token": "xoxb-1",
        "slack_signing_secret": "s",
        "slack_team_id": TEAM,
        "slack_app_id": APP,
        "slack_api_url": "http://127.0.0.1:9/api/",
    }
    settings = Settings.model_validate({**lab.settings.model_dump(), **given})
    return [make_desk(SlackHouse(lab.running.database, settings)) for _ in range(2)]


def linked(lab: Lab, name: str, user: str) -> None:
    with lab.running.database.write() as tx:
        code = slack_links.new_code(tx, user, name, TEAM)
    lab.post(name, "/v1/me/slack", {"code": code, "slack_user_id": user})


def command(text: str, user: str) -> dict[str, Any]:
    about = {"api_app_id": APP, "team_id": TEAM, "command": "/access", "trigger_id": f"{next(_numbers)}.1"}
    return {**about, "text": text, "user_id": user, "user_name": "x", "channel_id": "C1"}


def button(action: str, value: str, user: str) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "api_app_id": APP,
        "team": {"id": TEAM},
        "user": {"id": user, "username": "x", "team_id": TEAM},
        "trigger_id": f"{next(_numbers)}.1",
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value}],
    }


def at_once(told: list[tuple[Desk, dict[str, Any]]]) -> list[Any]:
    with concurrent.futures.ThreadPoolExecutor(len(told)) as pool:
        return [answer.body for answer in pool.map(lambda one: one[0].take(one[1], "http"), told)]


@BOTH
def test_told_to_two_processes_at_once_it_is_done_once(kind: str, fresh_on: Lab) -> None:
    assert kind
    one, two = desks(fresh_on)
    for name, user in (("bob", "U1"), ("alice", "U2"), ("pi", "U3")):
        linked(fresh_on, name, user)
    asked = command("request LabGuest for 7d because once", "U1")
    first, second = at_once([(one, asked), (two, asked)])
    assert first == second
    assert "You asked" in first
    [request] = fresh_on.get("bob", "/v1/access-requests?kind=group.join")["items"]
    value = f"{request['id']} {request['plan']['digest']}"
    at_once([(desk, button("approve", value, user)) for user in ("U2", "U3") for desk in (one, two)])
    row = fresh_on.get("bob", f"/v1/access-requests/{request['id']}")
    assert row["decision"] == "approved"
    [made] = row["decisions"]
    assert made["channel"] == "slack"
    refused = fresh_on.get("pi", "/v1/audit-events?event=attempt.refused")["items"]
    assert {(e["data"]["code"], e["data"]["method"]) for e in refused} == {("not_pending", "SLACK")}
