"""The terminal: what is asked, and what is shown. Text from elsewhere goes through `clean`, never through markup."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.plain import clean

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, in the API's own words.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether to go on.")]


def console() -> Console:
    """The way to stdout: as wide as the terminal, 80 columns elsewhere; colours only where they are wanted."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def give(document: Any, *, as_json: bool, show: Callable[[Console], None]) -> None:
    """Print the document as it is, or shown for people."""
    if as_json:
        typer.echo(json.dumps(document))
    else:
        show(console())


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """A table without lines or colours that matter: a piped one reads as well. Words are never cut off, only folded."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*(Text(clean(cell)) for cell in row))
    return made


def pairs(rows: Iterable[tuple[str, object]]) -> Table:
    """Names and what they are, one a line; what is nothing is left out."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value not in {None, ""}:
            made.add_row(name, Text(clean(value)))
    return made


def line(out: Console, text: object) -> None:
    """One line of text."""
    out.print(Text(clean(text)), soft_wrap=not out.is_terminal)


def can_ask() -> bool:
    """Whether anybody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()  # it may have been closed


def ask(question: str, default: str | None = None, *, hidden: bool = False) -> str:
    """Ask for a word, on stderr, since stdout may be somebody's file."""
    shown = clean(default) if default else None
    return str(typer.prompt(question, default=shown, hide_input=hidden, err=True)).strip()


def confirmed(question: str) -> None:
    """Go on, or end with nothing done.

    Raises:
        typer.Exit: They said no.
    """
    if not typer.confirm(clean(question), err=True):
        typer.echo("Nothing was done.", err=True)
        raise typer.Exit(1)


def notice(out: Console) -> Console:
    """Where to show what a question is about: on stderr, where the question is too."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False, width=out.width)
