"""Somebody at a terminal without a keyboard: `gatehouse …` in this process, with a home of their own."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from app import cli
from app.cli.exits import Exit


@dataclasses.dataclass
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@dataclasses.dataclass
class Person:
    """Who runs commands. `env` goes before what `login` stored."""

    home: Path
    env: dict[str, str] = dataclasses.field(default_factory=dict, repr=False)

    def run(self, *arguments: str, stdin: str = "", **env: str) -> Said:
        """Run a command to its end."""
        place = {"XDG_CONFIG_HOME": str(self.home), "COLUMNS": "80"}
        done = CliRunner().invoke(cli.app, arguments, input=stdin, env={**place, **self.env, **env})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def does(self, *arguments: str, stdin: str = "", **env: str) -> Said:
        """Run a command that must succeed."""
        done = self.run(*arguments, stdin=stdin, **env)
        assert done.code == Exit.DONE, (done.code, done.out, done.err)
        return done

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """The document of a command that must succeed."""
        return self.does(*arguments, "--json", stdin=stdin).json
