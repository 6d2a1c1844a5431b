"""What gives more than it seems to: stars, and everything-but lists; with the scoped form where there is one. Pure."""

from collections.abc import Iterator

from app.domain.lint import actions, knowledge, patterns, resources
from app.domain.lint.findings import Finding, quote, several
from app.domain.lint.statements import At, Statement
from app.domain.words import Severity

SERIAL_CONSOLE = "ec2-instance-connect:SendSerialConsoleSSHPublicKey"
EVERY = ("*", "*:*")


def check(statement: Statement) -> Iterator[Finding]:
    """What an Allow gives too widely; a Deny cannot."""
    if not statement.allows:
        return
    if statement.not_actions:
        yield statement.finding(
            Severity.HIGH,
            "allow_not_action",
            statement.not_actions[0].line,
            "The Allow has NotAction.",
            "It gives everything else, also what AWS adds tomorrow.",
            "Name what is given with Action.",
        )
    if statement.not_resources:
        yield statement.finding(
            Severity.MEDIUM,
            "allow_not_resource",
            statement.not_resources[0].line,
            "The Allow has NotResource.",
            "It gives everything else, also what is made tomorrow.",
            "Name what is given with Resource.",
        )
    yield from _every_action(statement)
    for pattern in statement.actions:
        yield from _pattern(statement, pattern)
    yield from _serial_console(statement)
    if statement.on_everything and not statement.conditional:
        yield from _everywhere(statement)


def _every_action(statement: Statement) -> Iterator[Finding]:
    whole = [pattern for pattern in statement.actions if pattern.text.rpartition(":")[2] == "*"]
    every = next((pattern for pattern in whole if pattern.text in EVERY), None)
    if every:
        yield statement.finding(
            Severity.HIGH,
            "every_action",
            every.line,
            "The Allow gives every action.",
            "It also gives all of IAM, and what AWS adds tomorrow.",
            "Name the services and actions that are needed.",
        )
    elif whole:
        yield statement.finding(
            Severity.MEDIUM,
            "every_action_of_a_service",
            whole[0].line,
            f"The Allow gives every action of {several(quote(p.text.partition(':')[0]) for p in whole)}.",
            "It also gives what the service adds tomorrow.",
            "Name the actions that are needed, or parts of their names such as Describe*.",
        )


def _pattern(statement: Statement, pattern: At) -> Iterator[Finding]:
    name = pattern.text.partition(":")[2]
    if name == "*" or not patterns.has_wildcard(name):
        return
    writing = sorted(action.name for action in actions.named(pattern.text) if action.writes)
    if writing:
        yield statement.finding(
            Severity.LOW,
            "wildcard_writes",
            pattern.line,
            f"{quote(pattern.text)} takes in {len(writing)} actions that change something: {several(writing, 3)}.",
            "A pattern also gives what fits it tomorrow.",
            "Name those that are needed.",
        )


def _serial_console(statement: Statement) -> Iterator[Finding]:
    """The guide's own example, `iam-facts.md`, "Policy lint"."""
    pattern = next((a for a in statement.actions if _gives(a, SERIAL_CONSOLE)), None)
    wide = next((r for r in statement.resources if _many_instances(r.text)), None)
    if pattern is None or wide is None or pattern.text in EVERY:
        return
    yield statement.finding(
        Severity.MEDIUM if statement.conditional else Severity.HIGH,
        "serial_console_everywhere",
        wide.line,
        f"{SERIAL_CONSOLE} is given on {'every instance' if wide.text == '*' else 'more than one instance'}.",
        "Whoever may send a key to the serial console can sign in as root there, past network and security groups.",
        "Give it on the one instance that needs it.",
        _scoped(knowledge.actions("ec2-instance-connect")[SERIAL_CONSOLE.partition(":")[2].lower()]),
    )


def _many_instances(resource: str) -> bool:
    return resource == "*" or (
        patterns.has_wildcard(resource.rpartition("/")[2])
        and resources.fits("ec2-instance-connect", "instance", resource)
    )


def _gives(pattern: At, action: str) -> bool:
    return patterns.matches(pattern.text.lower(), action.lower())


def _everywhere(statement: Statement) -> Iterator[Finding]:
    """Actions on the bare star that could be given on something smaller: one finding a statement and severity."""
    line = next(resource.line for resource in statement.resources if resource.text == "*")
    single = {
        action.name: action
        for pattern in statement.actions
        if not patterns.has_wildcard(pattern.text)
        for action in actions.named(pattern.text)
        if action.types and action.name != SERIAL_CONSOLE
    }
    for severity, writes in ((Severity.MEDIUM, True), (Severity.LOW, False)):
        found = [action for action in single.values() if action.writes is writes]
        if found:
            yield statement.finding(
                severity,
                "resource_wildcard",
                line,
                f"On every resource: {several(action.name for action in found)}.",
                "These can be given on single resources." if writes else "These can be read from single resources.",
                "Name the resources.",
                _scoped(*found[:20]),
            )


def _scoped(*found: knowledge.Action) -> dict[str, object]:
    """A statement for these actions, with the ARNs of what they must have, or of the first that they can have."""
    arns: dict[str, None] = {}
    for action in found:
        service = action.name.partition(":")[0]
        for kind in action.required or action.types[:1]:
            known = knowledge.resource_types(service).get(kind)
            if known is not None:
                arns[resources.shown(known.arn)] = None
    names = [action.name for action in found]
    where = list(arns)
    return {
        "Effect": "Allow",
        "Action": names[0] if len(names) == 1 else names,
        "Resource": where[0] if len(where) == 1 else where,
    }
