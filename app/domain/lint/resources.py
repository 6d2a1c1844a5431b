"""Whether the resources are ARNs, and of a type that the statement's actions take.

Only what can be read off the names: an ARN of the right type for a thing that does not exist looks the same.
"""

import re
from collections.abc import Iterable, Iterator

from app.domain.lint import actions, knowledge, patterns
from app.domain.lint.findings import Finding, quote, several
from app.domain.lint.statements import At, Statement
from app.domain.words import Severity

_ARN_PARTS = 6
_PARTITION = re.compile(r"aws[a-z-]*|\*")
_SERVICE = re.compile(r"[A-Za-z0-9-]+")
_UNFILLED = re.compile(r"<[A-Za-z0-9 _-]+>")
_REFUSED = "AWS refuses the document."


def check(statement: Statement) -> Iterator[Finding]:
    """What is wrong with the resources by themselves, and then with how they fit the actions."""
    sound = True
    for resource in (*statement.resources, *statement.not_resources):
        for finding in _form(statement, resource):
            sound = False
            yield finding
    if sound and statement.actions and statement.resources:
        yield from _fit(statement)


def _form(statement: Statement, resource: At) -> Iterator[Finding]:
    if resource.text == "*":
        return
    parts = resource.text.split(":", _ARN_PARTS - 1)
    shown = f"The resource is {quote(resource.text)}."
    if parts[0] != "arn" or len(parts) < _ARN_PARTS:
        remedy = "Write * or an ARN like arn:aws:s3:::bucket/*, with all its colons."
        yield statement.finding(Severity.HIGH, "resource_form", resource.line, shown, _REFUSED, remedy)
    elif not _PARTITION.fullmatch(parts[1]) or not _SERVICE.fullmatch(parts[2]):
        remedy = "Write the partition (aws, or *) and the service in full: arn:aws:s3:…"
        yield statement.finding(Severity.HIGH, "resource_form", resource.line, shown, _REFUSED, remedy)
    elif _UNFILLED.search(resource.text):
        reason = "It matches nothing as long as the place in <…> is not filled in."
        yield statement.finding(
            Severity.HIGH, "placeholder", resource.line, shown, reason, "Put the real name in the place of <…>."
        )


def _fit(statement: Statement) -> Iterator[Finding]:
    if any(pattern.text in {"*", "*:*"} for pattern in statement.actions):
        return
    named = {pattern: actions.named(pattern.text) for pattern in statement.actions}
    does = "gives" if statement.allows else "denies"
    known: dict[tuple[str, str], bool] = {}
    for pattern, found in named.items():
        if found and not any(_takes(action, statement, known) for action in found):
            yield _never(statement, pattern, found, does)
    if not all(named.values()):
        return  # of an action that is not known, its types are not known either
    wanted = {
        (action.name.split(":")[0], kind) for found in named.values() for action in found for kind in action.types
    }
    remedy = f"Take it out, or name one of: {several(sorted(_arns(wanted)))}." if wanted else "Take it out."
    for resource in statement.resources:
        if resource.text != "*" and not any(fits(service, kind, resource.text) for service, kind in wanted):
            yield statement.finding(
                Severity.MEDIUM,
                "resource_fits_no_action",
                resource.line,
                f"No action of the statement takes {quote(resource.text)}.",
                f"The statement {does} nothing on it.",
                remedy,
            )


def _takes(action: knowledge.Action, statement: Statement, known: dict[tuple[str, str], bool]) -> bool:
    if statement.on_everything:
        return True
    service = action.name.split(":")[0]
    for kind in action.types:
        key = (service, kind)
        if key not in known:
            known[key] = any(fits(service, kind, resource.text) for resource in statement.resources)
        if known[key]:
            return True
    return False


def _never(statement: Statement, pattern: At, found: tuple[knowledge.Action, ...], does: str) -> Finding:
    kinds = _kinds(found)
    if kinds:
        reason = f"It takes other resources than these, so the statement {does} nothing with it."
        remedy = f"Name one of: {several(sorted(_arns(kinds)))}."
        code = "action_fits_no_resource"
    else:
        reason = f'It takes no resource, so the statement {does} nothing with it unless the resource is "*".'
        remedy = 'Give it a statement of its own with "Resource": "*".'
        code = "action_needs_star"
    return statement.finding(
        Severity.MEDIUM,
        code,
        pattern.line,
        f"{quote(pattern.text)} stands with {several(quote(resource.text) for resource in statement.resources)}.",
        reason,
        remedy,
    )


def _kinds(found: Iterable[knowledge.Action]) -> set[tuple[str, str]]:
    return {(action.name.split(":")[0], kind) for action in found for kind in action.types}


def fits(service: str, kind: str, resource: str) -> bool:
    """Say whether an ARN, or a pattern for some, can be of a type."""
    found = knowledge.resource_types(service).get(kind)
    if found is None:
        return True
    if (service, kind) == ("s3", "bucket") and "/" in resource:
        return False  # the type's pattern would take objects for buckets, and a bucket has no slash in its name
    # A quick look first: a statement may have hundreds of resources, and hundreds of types to compare each with.
    head = resource.split(":", _ARN_PARTS - 1)[-1].partition("*")[0]
    if "?" not in head and not (found.head.startswith(head) or head.startswith(found.head)):
        return False
    return patterns.arn_overlap(found.pattern, resource)


def shown(arn: str) -> str:
    """An ARN of AWS's pages with places to fill in, which the lint notices as long as they are not."""
    return re.sub(r"\$\{([^}]*)\}", r"<\1>", arn.replace("${Partition}", "aws"))


def _arns(kinds: set[tuple[str, str]]) -> set[str]:
    types = (knowledge.resource_types(service).get(kind) for service, kind in kinds)
    return {shown(found.arn) for found in types if found}
