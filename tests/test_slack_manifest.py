"""`slack/manifest.json` and its twin for HTTP say what the code listens to and calls, and nothing more."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from slack_bolt import App

from app.api.slack import router
from app.config import Settings
from app.db import Database
from app.slack import listeners
from app.slack.house import SlackHouse

ROOT = Path(__file__).parent.parent
SOCKET, HTTP = (json.loads((ROOT / "slack" / name).read_text()) for name in ("manifest.json", "manifest.http.json"))
SCOPES = {
    "apps_connections_open": set[str](),  # the app token's own
    "auth_test": set[str](),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_open": {"im:write"},
    "users_info": {"users:read"},
    "views_open": set[str](),
    "views_publish": set[str](),
    "views_push": set[str](),
    "views_update": set[str](),
}
"""What each method of the Web API needs: docs.slack.dev/reference/methods."""
LENGTHS = {
    ("display_information", "name"): 35,
    ("display_information", "description"): 140,
    ("features", "bot_user", "display_name"): 80,
    ("features", "slash_commands", "command"): 32,
    ("features", "slash_commands", "description"): 2000,
    ("features", "slash_commands", "usage_hint"): 1000,
}
"""docs.slack.dev/reference/app-manifest; both files were also held against slackapi/manifest-schema, 1.0.0."""


class Heard:
    """Stands where the Bolt app stands and writes down what is listened to: `found["command"]`, and so on."""

    def __init__(self) -> None:
        self.found: defaultdict[str, list[Any]] = defaultdict(list)

    def __getattr__(self, kind: str) -> Any:
        def listen(what: Any, *_more: Any, **_rest: Any) -> Any:
            self.found[kind].append(what)
            return lambda *_a, **_k: None

        return listen


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    settings = Settings.model_construct(
        slack_bot_token=SecretStr("xoxb-1"), slack_app_token=SecretStr("xapp-1"), slack_team_id="T1", slack_app_id="A1"
    )
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('never') / 'made.db'}", audit_key=b"")
    app = Heard()
    listeners.register(cast(App, app), SlackHouse(database, settings))
    return app.found


@pytest.mark.parametrize("manifest", [SOCKET, HTTP], ids=["socket", "http"])
def test_the_manifest_names_what_is_listened_to(heard: dict[str, list[Any]], manifest: Any) -> None:
    features, settings = manifest["features"], manifest["settings"]
    assert [c["command"] for c in features["slash_commands"]] == heard["command"]
    assert settings["event_subscriptions"]["bot_events"] == heard["event"]
    assert settings["interactivity"]["is_enabled"] is bool(heard["action"] or heard["view"])
    assert features["app_home"]["home_tab_enabled"] is ("app_home_opened" in heard["event"])


@pytest.mark.parametrize("manifest", [SOCKET, HTTP], ids=["socket", "http"])
def test_the_manifest_asks_for_the_scopes_that_our_calls_need(manifest: Any) -> None:
    code = "".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    called = set(re.findall(r"\.((?:apps|auth|chat|conversations|files|reactions|views)_[a-zA-Z]+|users_info)\(", code))
    assert called <= SCOPES.keys()
    needed = set().union(*(SCOPES[name] for name in called)) | {"commands"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed


@pytest.mark.parametrize("manifest", [SOCKET, HTTP], ids=["socket", "http"])
def test_slack_would_take_the_manifest(manifest: Any) -> None:
    def at(thing: Any, path: tuple[str, ...]) -> list[str]:
        if isinstance(thing, list):
            return [text for one in thing for text in at(one, path)]
        return [thing] if not path else at(thing[path[0]], path[1:])

    for path, most in LENGTHS.items():
        assert all(1 <= len(text) <= most for text in at(manifest, path)), path
    assert manifest["settings"]["org_deploy_enabled"] is False  # team ids are pinned: one workspace
    assert manifest["settings"]["token_rotation_enabled"] is False  # the bot's token is a setting


def test_the_two_differ_in_where_slack_sends_and_in_nothing_else() -> None:
    url = f"https://gatehouse.lab.example{router.routes[0].path}"  # type: ignore[attr-defined] # an APIRoute
    text = json.dumps(SOCKET, sort_keys=True)
    expected = json.loads(text)
    expected["features"]["slash_commands"][0]["url"] = url
    expected["settings"]["event_subscriptions"]["request_url"] = url
    expected["settings"]["interactivity"]["request_url"] = url
    expected["settings"]["socket_mode_enabled"] = False
    assert expected == HTTP
    assert SOCKET["settings"]["socket_mode_enabled"] is True
    assert "http" not in text
