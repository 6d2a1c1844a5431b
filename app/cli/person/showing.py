"""Requests, previews and grants as people read them."""

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.person import screen
from app.cli.person.words import held, lasts, now, said_in_a_line, shortened, standing, time_left, when, wish

_LINES = 200
"""Of one change at most."""


def request(out: Console, row: dict[str, Any], events: Iterable[dict[str, Any]] = ()) -> None:
    """Everything about one access request."""
    out.print(
        screen.pairs(
            [
                ("Request", row["id"]),
                ("State", standing(row)),
                ("Who", row["user"]),
                ("Asked by", row["requester"] if row["requester"] != row["user"] else None),
                ("What", wish(row)),
                ("For", lasts(row["duration"])),
                ("From", when(row["starts_at"])),
                ("Why", row["reason"]),
                ("Asked at", when(row["created_at"])),
                ("Grant", row["grant_id"]),
            ]
        )
    )
    change(out, row)
    ruling(out, row)
    if row["decisions"]:
        out.print()
        rows = [(d["approver"], _verdict(d), d["channel"], when(d["at"]), d["comment"]) for d in row["decisions"]]
        out.print(screen.table(("Decided by", "Verdict", "By way of", "At", "Comment"), rows))
    shown = [(when(event["at"]), event["event"], event["actor"]) for event in events]
    if shown:
        out.print()
        out.print(screen.table(("At", "What happened", "By"), shown))


def change(out: Console, row: dict[str, Any]) -> None:
    """All that is wished for, where a line does not say it: whoever approves a policy has to see it."""
    if not row["change"] or said_in_a_line(row):
        return
    # Escaped by JSON: nothing that a terminal would act on is left in it.
    lines = json.dumps(row["change"], indent=2).splitlines()
    out.print()
    for text in lines[:_LINES]:
        out.print(Text(text), soft_wrap=not out.is_terminal)
    if len(lines) > _LINES:
        screen.line(out, f"… and {len(lines) - _LINES} more lines: gatehouse show {row['id']} --json has all.")


def _verdict(decision: dict[str, Any]) -> str:
    said = "approved" if decision["verdict"] == "approve" else "denied"
    return f"{said} (void: {decision['void']})" if decision["void"] else said


def ruling(out: Console, row: dict[str, Any]) -> None:
    """Who must approve and why, and what would be done, in words."""
    rule = row["ruling"]
    out.print()
    needs = rule["required_approvals"]
    people = ", ".join(rule["eligible_approvers"]) or "nobody"
    screen.line(out, f"Approvals needed: {needs}, of {people}." if needs else "No person has to approve this.")
    for reason in rule["reasons"]:
        screen.line(out, f"- {reason}")
    steps = row["plan"]["operations"]
    if steps:
        screen.line(out, "What is done in AWS:")
        for number, step in enumerate(steps, 1):
            screen.line(out, f"{number}. {step['summary']}")


def preview(out: Console, seen: dict[str, Any]) -> None:
    """What asking would come to."""
    rows = [("Who", seen["user"]), ("What", wish(seen)), ("For", lasts(seen["duration"]))]
    out.print(screen.pairs(rows))
    ruling(out, seen)
    refusals(out, seen)


def refusals(out: Console, seen: dict[str, Any]) -> None:
    """Why it would be refused."""
    for no in seen["refusals"]:
        screen.line(out, f"It would be refused: {no['detail']} ({no['code']})")


def requests(out: Console, rows: list[dict[str, Any]], *, of_others: bool) -> None:
    """A list of access requests; of others, or my own."""
    out.print(listed(rows, of_others=of_others))


def listed(rows: list[dict[str, Any]], *, of_others: bool) -> Table:
    """The same as a table."""
    short = shortened(row["id"] for row in rows)
    if of_others:
        others = [(short[r["id"]], r["user"], wish(r), lasts(r["duration"]), standing(r), r["reason"]) for r in rows]
        return screen.table(("Id", "Who", "What", "For", "State", "Why"), others)
    mine = [(short[r["id"]], wish(r), r["user"], lasts(r["duration"]), standing(r)) for r in rows]
    return screen.table(("Id", "What", "Who", "For", "State"), mine)


def grants(out: Console, rows: list[dict[str, Any]]) -> None:
    """What somebody holds, with the time left."""
    short, at = shortened(row["id"] for row in rows), now()
    cells = [(held(g), g["state"], time_left(g, at), when(g["ends_at"]), short[g["id"]]) for g in rows]
    out.print(screen.table(("Access", "State", "Time left", "Ends", "Id"), cells))
