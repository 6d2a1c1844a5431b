"""Whether a document has the form that IAM takes for an identity policy. Pure.

IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".
"""

import re
from collections.abc import Iterator

from app.domain.lint import statements
from app.domain.lint.findings import Finding, of_document, quote
from app.domain.lint.reading import Node
from app.domain.words import Severity

VERSION = "2012-10-17"
_TOP = ("Version", "Id", "Statement")
_PRINCIPALS = ("Principal", "NotPrincipal")
_ELEMENTS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_SID = re.compile(r"[A-Za-z0-9]*")
_REFUSED = "AWS refuses the document."


def check(document: Node) -> Iterator[Finding]:
    """Everything about the form, the whole document first."""
    if document.members is None:
        yield _document("not_an_object", document.line, "It is no JSON object.", "Write an object: {…}.")
        return
    yield from _top(document)
    found = document.get("Statement")
    if found is None:
        yield _document("statement_missing", document.line, "There is no Statement.", "Add at least one statement.")
        return
    if not found.listed():
        yield _document("statement_missing", found.line, "Statement is empty.", "Add at least one statement.")
    sids: set[str] = set()
    for number, node in enumerate(found.listed(), 1):
        yield from _statement(node, statements.name_of(node, number), sids)


def _document(code: str, line: int, evidence: str, remedy: str) -> Finding:
    return of_document(Severity.HIGH, code, line, evidence, _REFUSED, remedy)


def _top(document: Node) -> Iterator[Finding]:
    version = document.get("Version")
    use = f'Write "Version": "{VERSION}".'
    if version is None:
        yield _document("version", document.line, "There is no Version.", use)
    elif version.value != VERSION:
        yield _document("version", version.line, f"The Version is {_shown(version)}.", use)
    for key, line, _ in document.members or ():
        if key not in _TOP:
            yield _document("unknown_element", line, f"There is no element {quote(key)}.", _meant(key, _TOP))


def _statement(node: Node, name: str, sids: set[str]) -> Iterator[Finding]:
    def refused(code: str, line: int, evidence: str, remedy: str) -> Finding:
        return Finding(Severity.HIGH, code, name, line, evidence, _REFUSED, remedy)

    if node.members is None:
        yield refused("statement_form", node.line, "A statement is no object.", "Write an object: {…}.")
        return
    for key, line, _ in node.members:
        if key in _PRINCIPALS:
            remedy = "Leave it out: who gets the policy is its principal."
            yield refused("principal", line, f"{key} stands in a policy for a user or a group.", remedy)
        elif key not in _ELEMENTS:
            yield refused("unknown_element", line, f"There is no element {quote(key)}.", _meant(key, _ELEMENTS))
    effect = node.get("Effect")
    if effect is None or effect.value not in {statements.ALLOW, statements.DENY}:
        said = "There is no Effect." if effect is None else f"The Effect is {_shown(effect)}."
        yield refused("effect", (effect or node).line, said, "Write Allow or Deny, in these letters.")
    sid = node.get("Sid")
    if sid is not None:
        yield from _sid(sid, name, sids)
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        yield from _either(node, name, one, other)
    condition = node.get("Condition")
    if condition is not None and not _is_condition(condition):
        remedy = 'Write {"operator": {"key": "value"}}.'
        yield refused("condition_form", condition.line, "The Condition has another form than IAM's.", remedy)


def _sid(sid: Node, name: str, sids: set[str]) -> Iterator[Finding]:
    if not isinstance(sid.value, str) or not _SID.fullmatch(sid.value):
        evidence, remedy = f"The Sid is {_shown(sid)}.", "Use the letters A-Z and a-z and digits only."
        yield Finding(Severity.HIGH, "sid_form", name, sid.line, evidence, _REFUSED, remedy)
    elif sid.value and sid.value in sids:
        evidence, remedy = f"The Sid {quote(sid.value)} stands twice.", "Give each statement a name of its own."
        yield Finding(Severity.HIGH, "sid_twice", name, sid.line, evidence, _REFUSED, remedy)
    else:
        sids.add(sid.value)


def _either(node: Node, name: str, one: str, other: str) -> Iterator[Finding]:
    code = one.lower()
    here = [(key, found) for key in (one, other) if (found := node.get(key)) is not None]
    if not here:
        remedy = f"Add {one}."
        yield Finding(Severity.HIGH, f"{code}_missing", name, node.line, f"There is no {one}.", _REFUSED, remedy)
    if len(here) > 1:
        evidence, remedy = f"Both {one} and {other} are there.", "Make two statements of it."
        yield Finding(Severity.HIGH, f"{code}_both", name, here[1][1].line, evidence, _REFUSED, remedy)
    for key, found in here:
        if not found.listed():
            evidence, remedy = f"{key} is an empty list.", f"Name at least one {code}."
            yield Finding(Severity.HIGH, f"{code}_missing", name, found.line, evidence, _REFUSED, remedy)
        for below in found.listed():
            if not isinstance(below.value, str):
                evidence, remedy = f"{key} holds {_shown(below)}.", "Write text or a list of texts."
                yield Finding(Severity.HIGH, f"{code}_form", name, below.line, evidence, _REFUSED, remedy)


def _is_condition(condition: Node) -> bool:
    if condition.members is None:
        return False
    return all(
        keys.members is not None and all(_is_value(value) for _, _, values in keys.members for value in values.listed())
        for _, _, keys in condition.members
    )


def _is_value(node: Node) -> bool:
    return node.items is None and node.members is None and not node.is_null()


def _shown(node: Node) -> str:
    if node.members is not None:
        return "an object"
    if node.items is not None:
        return "a list"
    return "null" if node.value is None else quote(node.value)


def _meant(key: str, known: tuple[str, ...]) -> str:
    for name in known:
        if name.lower() == key.lower():
            return f"Write {name}, in these letters."
    return f"Leave it out; there are {', '.join(known)}."
