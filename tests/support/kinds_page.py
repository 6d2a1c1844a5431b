"""Every kind, as a table for people: `python -m tests.support.kinds_page` writes it into docs/kinds.md."""

import sys
from pathlib import Path

from tests.support.iam_ports import BACKENDS
from tests.support.kinds import LIVES
from tests.support.lives import Deviation

PAGE = Path(__file__).parents[2] / "docs" / "kinds.md"
BEGIN, END = "<!-- The table is written by python -m tests.support.kinds_page -->", "<!-- End of the table -->"


def table() -> str:
    """The table for people."""
    heads = ("kind", "who approves", "calls, in order", "undo", "a refused one, and its code", *BACKENDS)
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for kind, life in LIVES.items():
        calls = "; ".join(_counted(life.calls)) or "none in AWS"
        refused = f"{life.refused.when}: `{life.refused.code}`"
        refused += f" ({life.refused.status})" if life.refused.status else " (failed)"
        cells = (_in_words(life.deviations.get(backend)) for backend in BACKENDS)
        lines.append(f"| {' | '.join((f'`{kind}`', life.approvers, calls, life.undo, refused, *cells))} |")
    return "\n".join(lines)


def _counted(calls: tuple[str, ...]) -> list[str]:
    many = {call: calls.count(call) for call in calls}
    return [f"`{call}`" + (f" ×{n}" if n > 1 else "") for call, n in many.items()]  # noqa: RUF001 - times


def _in_words(deviation: Deviation | None) -> str:
    if deviation is None:
        return ""
    parts = [deviation.shows, *(f"no `{call}`" for call in deviation.without)]
    return "; ".join([part for part in parts if part] + [f"finding: {finding}" for finding in deviation.findings])


def written(page: str) -> str:
    """The page with the table as it should be."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
    sys.stdout.write(f"{PAGE}\n")
