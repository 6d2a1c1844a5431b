"""Whether the actions are any that AWS has. What the data does not know is a warning: AWS adds actions every week."""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache

from app.domain.lint import knowledge, patterns
from app.domain.lint.findings import Finding, quote
from app.domain.lint.statements import At, Statement
from app.domain.words import Severity

_FORM = re.compile(r"\*|[A-Za-z0-9.-]+:[A-Za-z0-9*?_-]+|\*:\*")
_SUGGESTED = 10
"""Looking for a name that is near costs milliseconds, so only the first few wrong ones get one."""


@lru_cache(maxsize=2048)
def named(pattern: str) -> tuple[knowledge.Action, ...]:
    """The actions that a pattern names, of one service; none for the bare star."""
    service, _, name = pattern.lower().partition(":")
    known = knowledge.actions(service)
    if not patterns.has_wildcard(name):
        return (known[name],) if name in known else ()
    return tuple(known[key] for key in patterns.matching(name, known))


def check(statement: Statement, budget: list[int]) -> Iterator[Finding]:
    """What is wrong with the names of actions.

    Args:
        budget: How many names may still be compared with all others; shared by the statements of a document.
    """
    for action in (*statement.actions, *statement.not_actions):
        if not _FORM.fullmatch(action.text):
            yield statement.finding(
                Severity.HIGH,
                "action_form",
                action.line,
                f"The action is {quote(action.text)}.",
                "AWS refuses the document: an action is a service, one colon and a name.",
                "Write it like s3:GetObject.",
            )
        elif action.text not in {"*", "*:*"} and not named(action.text):
            yield _unknown(statement, action, budget)


def _unknown(statement: Statement, action: At, budget: list[int]) -> Finding:
    service, _, name = action.text.partition(":")
    dated = f"AWS's data of {knowledge.data_date()}"
    if not knowledge.is_service(service):
        evidence = f"{dated} has no service {quote(service)}."
        code, near = "unknown_service", None
    elif patterns.has_wildcard(name):
        evidence = f"{quote(action.text)} matches no action in {dated}."
        code, near = "action_matches_nothing", None
    else:
        evidence = f"{dated} has no action {quote(action.text)}."
        code, near = "unknown_action", _near(service, name, budget)
    remedy = f"Did you mean {near}?" if near else "Look the name up in AWS's Service Authorization Reference."
    reason = "If the name is wrong, the statement does nothing for it. If it is new, all is well."
    return statement.finding(Severity.MEDIUM, code, action.line, evidence, reason, remedy)


def _near(service: str, name: str, budget: list[int]) -> str | None:
    if budget[0] <= 0 or len(name) > 100:  # noqa: PLR2004 - longer than any action's name
        return None
    budget[0] -= 1
    known = knowledge.actions(service)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.8)
    return known[close[0]].name if close else None


def new_budget() -> list[int]:
    """For one document."""
    return [_SUGGESTED]
