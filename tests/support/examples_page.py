"""What the examples print: `python -m tests.support.examples_page` runs them and writes docs/examples.md."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx

from tests.support.examples_run import ROOT, Examples, Ran, all_of_them

PAGE = ROOT / "docs" / "examples.md"
_HEAD = """# What the examples print

The programs in [`examples/`](../examples), run as its README prints them, against a simulated lab with pi and alice
(admins), bob and carol. Written by `python -m tests.support.examples_page`, held to it by `tests/test_examples.py`.
"""


def page(ran: Iterable[tuple[str, Sequence[Ran]]]) -> str:
    """The page."""
    parts = [_HEAD]
    for title, lines in ran:
        shown = "".join(f"$ {ran.line}\n{ran.output}{_exit(ran.code)}" for ran in lines)
        parts.append(f"\n## {title}\n\n```console\n{shown}```\n")
    return "".join(parts)


def _exit(code: int) -> str:
    return f"exit code {code}\n" if code else ""


def register(url: str, token: str, name: str) -> None:
    """Somebody who will leave."""
    body = {"name": name, "email": f"{name}@lab.example"}
    headers = {"Authorization": f"Bearer {token}"}
    httpx.post(f"{url}/v1/users", json=body, headers=headers, timeout=30).raise_for_status()


def main() -> None:
    """Run them against a lab of their own."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("GATEHOUSE_", "AWS_"))}
    command = [str(Path(sys.executable).parent / "gatehouse"), "serve", "--simulate", "--port", "0", "--json"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=plain) as server,
    ):
        assert server.stdout is not None
        try:
            lab = json.loads(server.stdout.readline())
            register(lab["url"], lab["tokens"]["pi"], "carol")
            PAGE.write_text(page(all_of_them(Examples(lab["url"], lab["tokens"], Path(folder)))))
        finally:
            server.terminate()
            server.wait(40)
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
