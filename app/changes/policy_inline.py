"""`policy.inline`: a one-off permission for one user, always with an end, as an inline policy of theirs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from app.changes import policy_document
from app.changes.base import Body, Change, Wish, boundary_state
from app.changes.credentials import require_capped
from app.clients.iam import Iam
from app.domain import canonical, documents, inline, lint, names, power
from app.domain.access import Access
from app.domain.inline import InlineName, InlinePolicy
from app.domain.lint import Finding, Use
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind, Severity

_WARNED = frozenset({Severity.CRITICAL, Severity.HIGH})
_TEXT = 32_768
"""Characters of a document as text, white space too: sixteen times what IAM takes."""


class PolicyInlineBody(Body):
    """What the policy is called, and its document: as an object, or as text, whose lines the findings then name."""

    name: InlineName
    document: Annotated[str, Field(max_length=_TEXT)] | dict[str, Any]


class PolicyInline(Change):
    """A policy of one user's own, for a time."""

    kind = Kind.POLICY_INLINE
    body = PolicyInlineBody
    gives_access = True

    @override
    def gives(self, body: PolicyInlineBody) -> tuple[Access, ...]:
        """The one policy."""
        return (Access("policy", body.name),)

    @override
    def same(self, body: PolicyInlineBody) -> str:
        """Its name: two documents of one name would be one policy."""
        return names.key(body.name)

    @override
    def has_power(self, wish: Wish, seen: Seen) -> bool:
        """Whether it is administrator power by itself, or makes it of what the user has by other ways."""
        cap = [_boundary(seen)]
        given = [read(wish.body), *(one.document for one in wish.one_offs)]
        if power.of_documents(given, cap):
            return True
        by_groups = [policy.document for policy in seen.of_groups]
        # What their groups are by themselves is no news. Unread, a document is nothing before and may be all after.
        had = power.of_documents([document for document in by_groups if document is not None], cap)
        return not had and power.of_documents([*given, *by_groups], cap)

    @override
    def needs(self, case: Case) -> list[Need]:
        """One admin who is neither asker nor subject; two where it is administrator power (rule 13)."""
        return [Need(self.kind, 2 if case.power else 1, (("role:admin",),))]

    @override
    def by_rule(self, _case: Case) -> tuple[str, str] | None:
        """Never: access itself always needs a second person (rule 7)."""
        return None

    @override
    def warnings(self, wish: Wish, seen: Seen) -> list[str]:
        """What the lint thinks dangerous, so that whoever approves reads it."""
        found = _lint(wish, seen)
        refused = lint.refusals(found)
        grave = [one for one in found if one.severity in _WARNED and one not in refused]
        said = [policy_document.in_words(one) for one in grave]
        if self.has_power(wish, seen):
            capped = _boundary(seen) is not None
            within = "within the boundary" if capped else "and no boundary that caps it is known"
            said.insert(0, f"{wish.user} would have administrator power by it, {within}")
        if documents.has_deny(read(wish.body)):
            said.append("it also forbids things, so only an admin can end it early")
        return said

    @override
    def refusals(self, wish: Wish, _case: Case, seen: Seen) -> list[Refusal]:
        """What AWS would refuse, and a name or a size that cannot be, as far as was seen."""
        refused: list[Refusal] = []
        if badly := policy_document.refusals(wish.body.document, Use.USER):
            refused += badly
        elif (many := _total(wish, seen)) > inline.MOST:
            refused.append(Refusal(422, "policy_too_large", _too_large(wish, many)))
        ours = {names.key(one.name) for one in wish.one_offs}
        there = _other(wish, seen)
        if there is not None and names.key(there.name) not in ours:  # what grants give is looked at with their ids
            refused.append(Refusal(409, "name_taken", _name_taken(wish, there)))
        return refused

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Also the user's inline policies."""
        return replace(super().observe(iam, wish), inline=iam.inline(wish.user))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again. Under our name after our own call, another document is only shown still."""
        found = iam.inline(wish.user)
        ours = (p for p in found or () if p.name != wish.body.name or p.sha256 == fingerprint(wish.body))
        return replace(super().read_back(iam, wish, before), inline=None if found is None else tuple(ours))

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Write the policy, if it is not there already."""
        notes = _check(wish, seen) if seen.fresh else ()
        end_state = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "policy": {"name": wish.body.name, "sha256": fingerprint(wish.body)},
            "boundary": boundary_state(seen),
        }
        found = _named(wish, seen)
        there = found is not None and found.sha256 == fingerprint(wish.body)
        return Plan(end_state, () if there else (put_policy(wish.user, wish.body.name, read(wish.body)),), notes)


def read(body: PolicyInlineBody) -> dict[str, Any]:
    """The document; empty where it cannot be read, which is refused when it is asked for."""
    return policy_document.content(body.document) or {}


def fingerprint(body: PolicyInlineBody) -> str:
    """The hash of the document, which approvals name and IAM is compared with."""
    return documents.fingerprint(read(body))


def put_policy(user: str, name: str, document: Mapping[str, Any]) -> Operation:
    """Give an inline policy, or write over one of that name."""
    parameters = {"UserName": user, "PolicyName": name, "PolicyDocument": inline.written(document)}
    return Operation("iam", "PutUserPolicy", parameters, f"give {user} the one-off permission {name}")


def delete_policy(user: str, name: str) -> Operation:
    """Take an inline policy away."""
    parameters = {"UserName": user, "PolicyName": name}
    return Operation("iam", "DeleteUserPolicy", parameters, f"take the one-off permission {name} from {user}")


def _check(wish: Wish, seen: Seen) -> tuple[str, ...]:
    notes = require_capped(wish, seen)
    if (there := _other(wish, seen)) is not None:
        raise CannotCarryOut("name_taken", _name_taken(wish, there))
    if (many := _total(replace(wish, one_offs=()), seen)) > inline.MOST:
        raise CannotCarryOut("limit_exceeded", _too_large(wish, many))
    return notes


def _named(wish: Wish, seen: Seen) -> InlinePolicy | None:
    """The policy of that name, as far as was seen; the case does not matter."""
    key = names.key(wish.body.name)
    return next((p for p in seen.inline or () if names.key(p.name) == key), None)


def _other(wish: Wish, seen: Seen) -> InlinePolicy | None:
    """What has the name already and says something else."""
    found = _named(wish, seen)
    same = found is None or (found.name == wish.body.name and found.sha256 == fingerprint(wish.body))
    return None if same else found


def _name_taken(wish: Wish, there: InlinePolicy) -> str:
    return (
        f"IAM shows another inline policy {there.name} on {wish.user}, which is not overwritten."
        " Choose another name, or take that one away first."
    )


def _total(wish: Wish, seen: Seen) -> int:
    others = inline.total(seen.inline or (), wish.one_offs, but=wish.body.name)
    return others + inline.size(read(wish.body))


def _too_large(wish: Wish, many: int) -> str:
    return (
        f"All inline policies of {wish.user} together would have {many} characters without white space, and AWS allows"
        f" {Use.USER.limit}, of which {inline.KEPT_FREE} stay free for a suspension. Shorten it, or end another first."
    )


def _boundary(seen: Seen) -> Mapping[str, Any] | None:
    """The document of the boundary that the user was seen to have; None: it is not known, so nothing is capped."""
    arn = seen.user.boundary if seen.user is not None else None
    known = [seen.boundary] if seen.boundary is not None else []
    return next((p.document for p in (*known, *seen.policies.values()) if p.name == arn), None)


def _lint(wish: Wish, seen: Seen) -> tuple[Finding, ...]:
    sent, cap = wish.body.document, _boundary(seen)
    text = sent if isinstance(sent, str) else json.dumps(sent, indent=2, ensure_ascii=False)
    return _linted(text, None if cap is None else canonical.dumps(cap))


@lru_cache(maxsize=256)
def _linted(text: str, boundary: str | None) -> tuple[Finding, ...]:
    """A request is judged again and again, its document stays the same."""
    cap: Mapping[str, Any] | None = None if boundary is None else json.loads(boundary)
    return tuple(lint.check(text, use=Use.USER, boundary=cap))
