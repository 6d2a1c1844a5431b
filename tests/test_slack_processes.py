"""`gatehouse slack` as a process, and its settings: one line where it refuses, no secret in any log."""

import base64
import dataclasses
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import config
from app.errors import StartError
from tests.conftest import Databases
from tests.support.fake_slack import FakeSlack, fake_slack
from tests.support.site import Site, new_site, until
from tests.support.slack_lab import code_of

GOOD = {"BOT_TOKEN": "xoxb-1", "TEAM_ID": "T1", "APP_ID": "A1", "APP_TOKEN": "xapp-1"}


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with fake_slack() as found:
        yield found


def site_on(databases: Databases, kind: str, folder: Path, slack: FakeSlack) -> Site:
    """A prepared database of that kind, with its keys and Slack in the environment."""
    settings, tokens = databases.prepared(kind)
    folder.mkdir()
    site = new_site(folder, "http://127.0.0.1:1", settings.database_url)
    keys = {"GATEHOUSE_SECRET_KEY": settings.secret_key or b"", "GATEHOUSE_AUDIT_KEY": settings.audit_key or b""}
    written = {name: base64.urlsafe_b64encode(key).decode() for name, key in keys.items()}
    # The tests' own role may do everything, which `gatehouse slack` accepts of a simulation only (rule 37).
    return dataclasses.replace(site.but(**written, **slack.environment(), GATEHOUSE_SIMULATE="true"), tokens=tokens)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_gatehouse_slack_listens_beside_postgresql_and_leaves_when_told(
    databases: Databases, kind: str, tmp_path: Path, slack: FakeSlack
) -> None:
    site = site_on(databases, kind, tmp_path / "site", slack)
    slack.down()  # it starts without Slack, too
    with site.process("slack") as process:
        until(lambda: "slack_away" in site.said() or process.poll() is not None, said=site.said)
        slack.up()
        slack.wait_connected()
        assert slack.command("/access", "link", user="U1").status == 200
        code_of(slack, "U1")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0, site.said()
    assert [secret for secret in slack.secrets() if secret in site.said()] == []
    assert "Traceback" not in site.said()


def test_rule_34_gatehouse_slack_on_sqlite_is_refused_with_one_line(
    databases: Databases, tmp_path: Path, slack: FakeSlack
) -> None:
    site = site_on(databases, "sqlite", tmp_path / "site", slack)
    assert "gatehouse serve" in site.refused("slack")
    assert slack.calls("apps.connections.open") == []


def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, Any]) -> Any:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("GATEHOUSE_SLACK_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(f"GATEHOUSE_SLACK_{name}", value)
    return config.load().slack()


def test_slack_is_configured_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert loaded(monkeypatch, tmp_path, {}) is None
    assert loaded(monkeypatch, tmp_path, dict.fromkeys(GOOD, "")) is None
    found = loaded(monkeypatch, tmp_path, {**GOOD, "CHANNEL": "C1"})
    assert (found.team_id, found.api_url, found.signing_secret) == ("T1", "https://slack.com/api/", None)
    over_http = {**GOOD, "APP_TOKEN": "", "SIGNING_SECRET": "abc", "API_URL": "http://127.0.0.1:1/api"}
    assert loaded(monkeypatch, tmp_path, over_http).api_url == "http://127.0.0.1:1/api/"
    assert "xoxb-1" not in repr(found)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"BOT_TOKEN": ""}, "BOT_TOKEN"),
        ({"TEAM_ID": ""}, "TEAM_ID"),
        ({"APP_ID": ""}, "APP_ID"),
        ({"APP_TOKEN": ""}, "APP_TOKEN"),
        ({"BOT_TOKEN": "xoxp-1"}, "BOT_TOKEN"),
        ({"APP_TOKEN": "xoxb-1"}, "APP_TOKEN"),
        ({"TEAM_ID": "T 1"}, "TEAM_ID"),
        ({"API_URL": "http://slack.com/api/"}, "API_URL"),
        ({"API_URL": "https://[::1/"}, "API_URL"),
        ({"API_URL": "https://u:p@slack.com/api/"}, "API_URL"),
    ],
    ids=str,
)
def test_half_a_configuration_is_refused_in_one_line_without_its_values(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: dict[str, str], named: str
) -> None:
    with pytest.raises(StartError, match=rf"^GATEHOUSE_SLACK_{named} is (missing|not usable)") as refused:
        loaded(monkeypatch, tmp_path, {**GOOD, **change})
    assert re.search(r"xox.-1|u:p@", str(refused.value)) is None
