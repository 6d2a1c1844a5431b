"""A policy document as a request brings it: as an object, or as text whose lines the refusals name. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain import canonical, documents, lint
from app.domain.lint import Finding, Use
from app.domain.rulings import Refusal

PolicyDocument = str | dict[str, Any]
"""The `document` of a body."""
_SAID = 3
_SHOWN = 20


def content(document: str | Mapping[str, Any]) -> dict[str, Any] | None:
    """What it says; None where it is no JSON object, which `refusals` then says."""
    try:
        found = documents.read(document)
        canonical.dumps(found)
    except (RecursionError, TypeError, ValueError):
        return None
    return found


def fingerprint(document: str | Mapping[str, Any]) -> str | None:
    """The hash that a digest covers; None where it is no JSON object."""
    found = content(document)
    return None if found is None else documents.fingerprint(found)


def written(document: str | Mapping[str, Any]) -> str:
    """As it is sent to AWS, without white space."""
    return json.dumps(content(document), separators=(",", ":"), ensure_ascii=False)


def refusals(document: str | Mapping[str, Any], use: Use) -> list[Refusal]:
    """Why AWS would not take it, with line and reason; advice is for `POST /v1/policies/lint`.

    Args:
        use: Where it goes, which decides how large it may be.
    """
    found = lint.refusals(lint.check(document, use=use))
    if not found:
        return [] if content(document) is not None else [_refusal("It is no JSON object.", 1)]
    return [_refusal(" ".join(map(_short, found[:_SAID])), found[0].line, [in_words(one) for one in found[:_SHOWN]])]


def _short(finding: Finding) -> str:
    return f"Line {finding.line}: {finding.evidence} {finding.reason}"


def in_words(finding: Finding) -> str:
    """A finding in full, with what to do about it."""
    parts = [_short(finding), finding.remedy or ""]
    if finding.scoped_form is not None:
        parts.append(f"For example {json.dumps(finding.scoped_form)}")
    return " ".join(part for part in parts if part)


def _refusal(said: str, line: int, each: Sequence[str] = ()) -> Refusal:
    where = ["body", "change", "document"]
    errors = [{"loc": where, "msg": text, "type": "value_error"} for text in each or [said]]
    extra = {"line": str(line), "errors": errors}
    return Refusal(422, "policy_refused", f"AWS would refuse this document. {said}", extra)
