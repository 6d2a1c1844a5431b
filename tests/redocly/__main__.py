"""`python -m tests.redocly lint|diff|release NODE…`. Exit code 1 when something is wrong.

`lint` holds the document to the rules of `redocly.yaml`. `diff` fails on what breaks clients of the last release,
unless CHANGELOG.md says so in the very words of redocly. `release` makes today's document the released one.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.redocly import released

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOW = ROOT / "openapi" / "openapi.json"
RELEASED = ROOT / "openapi" / "released.json"
CHANGELOG = ROOT / "CHANGELOG.md"
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def _redocly(node: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*node, str(HERE / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"), *arguments],
        cwd=ROOT,
        env={**os.environ, **_QUIET},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lint(node: list[str]) -> list[str]:
    """What is wrong with the document."""
    ran = _redocly(node, "lint", str(NOW), "--config", str(HERE / "redocly.yaml"), "--max-problems", "50")
    return [] if ran.returncode == 0 else [ran.stdout, ran.stderr]


def diff(node: list[str]) -> list[str]:
    """What breaks clients of the last release and is not said in the changelog, or is said there and is not so."""
    ran = _redocly(node, "diff", str(RELEASED), str(NOW), "--format", "json", "--fail-on", "none")
    if ran.returncode != 0:
        return [ran.stdout, ran.stderr]
    return released.unsaid(ran.stdout, CHANGELOG.read_text()) + _as_tagged()


def _as_tagged() -> list[str]:
    """A checkout that has tags tells whether the copy is the last release's; one without (a shallow one) cannot."""
    found = _git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    if found is None:
        return []
    tag = found.strip()
    return released.not_as_tagged(tag, _git("show", f"{tag}:openapi/openapi.json"), RELEASED.read_text())


def _git(*arguments: str) -> str | None:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    return ran.stdout if ran.returncode == 0 else None


def release(_node: list[str]) -> list[str]:
    """Keep today's document as the released one."""
    RELEASED.write_bytes(NOW.read_bytes())
    return []


def main(command: str, *node: str) -> int:
    """Run it."""
    wrong = {"lint": lint, "diff": diff, "release": release}[command](list(node))
    for line in wrong:
        print(line, file=sys.stderr)  # noqa: T201 - a program's output
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
