"""The examples, run as their README prints them against a running Gatehouse, and what they print."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import gatehouse_client as gh

from tests.support.fake_slack import FakeSlack, fake_slack

ROOT = Path(__file__).parents[2]
README = ROOT / "examples" / "README.md"


def sections() -> dict[str, list[str]]:
    """The shell lines of each section of the README."""
    parts = re.split(r"^## (.+)$", README.read_text(), flags=re.MULTILINE)
    found = zip(parts[1::2], parts[2::2], strict=True)
    return {title: "".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)).splitlines() for title, text in found}


@dataclass
class Ran:
    """What came of one line."""

    line: str
    code: int
    output: str


@dataclass
class Examples:
    """Runs them.

    Args:
        tokens: Of pi and alice (admins) and of bob.
        folder: Where they run.
    """

    url: str
    tokens: dict[str, str] = field(repr=False)
    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "examples").symlink_to(ROOT / "examples")

    def person(self, name: str) -> gh.Gatehouse:
        """Gatehouse as somebody."""
        return gh.Gatehouse(self.url, self.tokens[name])

    def environment(self, who: str | None, **more: str) -> dict[str, str]:
        """Of a process of somebody's."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        token = {} if who is None else {"GATEHOUSE_TOKEN": self.tokens[who]}
        return {"PATH": programs, "GATEHOUSE_URL": self.url, **token, **more}

    def run_all(self, who: str, lines: list[str]) -> list[Ran]:
        """Run lines in turn, as somebody."""
        return [self.run(who, line) for line in lines]

    def run(self, who: str | None, line: str, **more: str) -> Ran:
        """Run a line as somebody."""
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            env=self.environment(who, **more),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(line, ran.returncode, ran.stdout)

    @contextlib.contextmanager
    def approving(self, who: str, group: str) -> Iterator[None]:
        """Somebody approves the next request for a group meanwhile."""
        over = threading.Event()

        def approve() -> None:
            with self.person(who) as approver:
                while not over.wait(0.1):
                    for request in approver.requests(to_approve=True, group=group):
                        approver.approve(request.id)
                        return

        thread = threading.Thread(target=approve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)

    def give_key(self, name: str) -> None:
        """Somebody gets an access key, in a credentials file."""
        with self.person(name) as person, self.person("alice") as alice:
            wish = gh.models.AskAccessKeyCreate(
                kind="access_key.create", change=gh.models.NoBody(), reason="for the cron job"
            )
            request = person.ask(wish)
            alice.approve(request.id)
            person.wait_until_applied(request, timeout=60)
            key = person.collect(next(person.secrets()).id)
            assert isinstance(key, gh.AccessKey)
        text = f"[default]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret_access_key}\n"
        (self.folder / "credentials").write_text(text)

    def write_people(self) -> None:
        """The bot's file: bob, alice and pi are U1, U2 and U3."""
        people = {"U1": "bob", "U2": "alice", "U3": "pi"}
        tokens = self.folder / "people.json"
        tokens.write_text(json.dumps({slack_id: self.tokens[name] for slack_id, name in people.items()}))

    @contextlib.contextmanager
    def bot(self, slack: FakeSlack, line: str) -> Iterator["subprocess.Popen[str]"]:
        """The Slack bot, connected."""
        env = self.environment(
            None,
            SLACK_BOT_TOKEN=slack.state.bot_token,
            SLACK_APP_TOKEN=slack.state.app_token,
            SLACK_API_URL=f"{slack.server.url}/api/",
        )
        with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", line],
            env=env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                slack.wait(lambda: slack.server.links or process.poll() is not None, 120)
                assert process.poll() is None, process.communicate()[0]
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)


def all_of_them(examples: Examples) -> Iterator[tuple[str, list[Ran]]]:
    """Title and outcome of each, in the order of the README. carol has to be known to Gatehouse before."""
    (day, asking), (leaving, nightly), (rotating, cron), (bot, chat) = sections().items()
    with examples.approving("alice", "LabUser"):
        yield day, examples.run_all("bob", asking)
    yield leaving, examples.run_all("pi", nightly)
    examples.give_key("bob")
    yield rotating, examples.run_all("bob", cron)
    examples.write_people()
    *before, last = chat
    first = examples.run_all("bob", before)
    with fake_slack() as slack, examples.bot(slack, last):
        yield bot, [*first, Ran(last, 0, "".join(f"{line}\n" for line in talk(slack)))]


def talk(slack: FakeSlack) -> Iterator[str]:
    """alice asks for EC2 and is refused what nobody may, nor bob; pi decides. What they see."""
    channel = "C0LAB"

    def types(user: str, name: str, text: str) -> Iterator[str]:
        seen, shown = len(slack.ephemerals(user)), len(slack.messages(channel))
        slack.command("/ec2", text, user=user)
        slack.wait(lambda: len(slack.ephemerals(user)) > seen or len(slack.messages(channel)) > shown)
        yield f"{name} types: /ec2 {text}".rstrip()
        if len(slack.messages(channel)) > shown:
            yield f"    in the channel: {slack.messages(channel)[-1].text}"
        else:
            yield f"    only {name} sees: {slack.ephemerals(user)[-1].text}"

    def clicks(user: str, name: str, button: str) -> Iterator[str]:
        seen, before = len(slack.ephemerals(user)), slack.messages(channel)[-1].text
        slack.click(slack.messages(channel)[-1], button, user=user)
        slack.wait(lambda: len(slack.ephemerals(user)) > seen or slack.messages(channel)[-1].text != before)
        yield f"{name} clicks {button}"
        if slack.messages(channel)[-1].text != before:
            yield f"    the message becomes: {slack.messages(channel)[-1].text}"
        else:
            yield f"    only {name} sees: {slack.ephemerals(user)[-1].text}"

    yield from types("U4", "a stranger", "let me in")
    yield from types("U2", "alice", "")
    slack.fail("chat.postMessage", error="not_in_channel", times=1)
    yield from types("U2", "alice", "RNA-seq")
    yield from types("U2", "alice", "RNA-seq, <!channel>")
    yield from clicks("U2", "alice", "approve")
    yield from clicks("U1", "bob", "approve")
    yield from clicks("U4", "a stranger", "approve")
    yield from clicks("U3", "pi", "approve")
