"""What is wrong, or wider than it seems, in a policy document. Pure rules; nothing is asked of AWS.

Sources: `iam-facts.md`, "Policy lint" and "Limits", and AWS's pages as each module says.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from app.domain.lint import actions, breadth, conditions, escalation, reading, resources, shape, sizes, statements
from app.domain.lint.findings import Finding, of_document, several, worst_first
from app.domain.lint.methods import METHODS
from app.domain.lint.sizes import Use
from app.domain.lint.statements import Statement
from app.domain.words import Severity

__all__ = ["Finding", "Use", "check", "refusals"]

_COLLECTED = 1000
"""More are not even looked for: what is shown is a hundred."""

_REFUSING = frozenset(
    {
        *("not_json", "duplicate_key", "not_an_object", "statement_missing", "version", "unknown_element", "character"),
        *("statement_form", "effect", "sid_form", "sid_twice", "principal", "condition_form", "condition_operator"),
        *("action_missing", "action_both", "action_form", "resource_missing", "resource_both", "resource_form"),
    }
)


def check(
    document: str | Mapping[str, Any], *, use: Use | None = None, boundary: Mapping[str, Any] | None = None
) -> list[Finding]:
    """Everything worth saying about a document, worst first. Never raises.

    Args:
        document: As text, whose lines the findings name, or as an object, whose lines are those of its form indented
            by two.
        use: Where it will go; it decides how large it may be.
        boundary: Of whoever will have it; None is unbounded.
    """
    found = worst_first(islice(_findings(document, use, boundary), _COLLECTED))
    return [*found, _not_asked()]


def refusals(found: Iterable[Finding]) -> list[Finding]:
    """Those findings for which AWS would not take the document, or two readers would read two documents.

    Everything else is advice, an action that is not known above all.
    """
    return [
        one for one in found if one.code in _REFUSING or (one.code == "too_large" and one.severity == Severity.HIGH)
    ]


def _findings(
    document: str | Mapping[str, Any], use: Use | None, boundary: Mapping[str, Any] | None
) -> Iterator[Finding]:
    text = reading.bare(document)
    yield from sizes.check(text, use)
    if sizes.size(text) > sizes.LARGEST:
        yield _not_looked_at()  # before it is read: what AWS takes nowhere is not worth a second
        return
    read = reading.read(document)
    yield from read.findings
    yield from sizes.characters(read.text)
    if read.node is None:
        return
    yield from shape.check(read.node)
    found = statements.of(read.node)
    yield from _escalation(escalation.openings(found, boundary))
    budget = actions.new_budget()
    for statement in found:
        yield from breadth.check(statement)
        yield from conditions.check(statement)
        yield from resources.check(statement)
        yield from actions.check(statement, budget)


def _escalation(found: list[escalation.Opening]) -> Iterator[Finding]:
    """One finding a statement, since a wide one opens dozens of ways."""
    by_statement: dict[tuple[bool, Statement], list[escalation.Opening]] = {}
    for opening in found:
        by_statement.setdefault((opening.method.by_iam, opening.statements[0]), []).append(opening)
    for (by_iam, statement), openings in by_statement.items():
        everything = len(openings) == sum(method.by_iam is by_iam for method in METHODS)
        yield statement.finding(
            Severity.CRITICAL if by_iam else Severity.HIGH,
            "privilege_escalation" if by_iam else "role_takeover",
            openings[0].resources[0].line,
            f"{'Every' if everything else len(openings)} known way{'' if len(openings) == 1 or everything else 's'}: "
            f"{several((opening.method.name for opening in openings), 8)}.",
            f"Whoever has this {openings[0].method.gains}.",
            "Leave these actions out, or name the resources they are needed on.",
        )


def _not_looked_at() -> Finding:
    reason = "AWS takes a document of this size nowhere."
    return of_document(Severity.INFO, "not_looked_at", 1, "Nothing else was checked.", reason, "Split it first.")


def _not_asked() -> Finding:
    evidence = "AWS itself was not asked: this is not checked by AWS."
    reason = "These are Gatehouse's own rules; AWS's Access Analyzer knows more."
    return Finding(Severity.INFO, "not_checked_by_aws", "document", 1, evidence, reason)
