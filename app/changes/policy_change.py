"""What the changes of the lab's own policies share: who must agree, what is looked at, what is approved."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session
from typing_extensions import override

from app.changes.base import Change, Wish, group_needs, sole_admin
from app.changes.group_policies import caps_of
from app.changes.policy_document import content, fingerprint, refusals
from app.clients.iam import Iam
from app.domain.lab_policies import LabPolicy, SeenLab
from app.domain.lint import Use
from app.domain.names import key
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.policy_names import GUARDRAILS
from app.domain.power import of_documents
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen

POLICY_LANE = "policy:"
"""What the lane of a policy begins with, beside those of users and groups (rule 32)."""


class PolicyChange(Change):
    """What the three share: who must agree, what is looked at, what the digest covers."""

    of_group = True
    of_policy = True
    gone_is_done = True

    @override
    def lane(self, user: str, change: Mapping[str, Any]) -> str:
        """The policy's own. No user is called so: a user's name has no colon."""
        return f"{POLICY_LANE}{change['name']}"

    @override
    def same(self, body: Any) -> str:
        """The policy, and its document whatever its white space."""
        document = getattr(body, "document", None)
        return f"{body.name} {None if document is None else fingerprint(document)}"

    @override
    def policies(self, wish: Wish) -> tuple[str, ...]:
        """The one."""
        return (arn_of(wish),)

    @override
    def has_power(self, wish: Wish, seen: Seen) -> bool:
        """Whether its document, old or new, is power by itself or with what else a group has (rule 13)."""
        alone = [None if seen.boundary is None else seen.boundary.document]
        if wish.lab is not None and wish.lab.others():
            alone.append(None)  # whoever else has it, nobody here looks after what caps them
        documents = self.documents(wish, seen)
        return any(of_documents([document], alone) for document in documents) or any(
            _group_has_power(wish, seen, name, document) for name in wish.managed for document in documents
        )

    def documents(self, wish: Wish, seen: Seen) -> list[Mapping[str, Any] | None]:
        """What it says now and what it would say; None is a document that nobody has read."""
        known = seen.policies.get(arn_of(wish))
        now = [known.document if known is not None else None] if wish.lab is not None else []
        new = content(wish.body.document) if hasattr(wish.body, "document") else None
        return now if new is None else [*now, new]

    @override
    def needs(self, case: Case) -> list[Need]:
        """One admin, two where there is power (rule 13); the rule of each group whose members gain (rule 4)."""
        admins = Need(self.kind, 2 if case.power else 1, (("role:admin",),))
        return [admins, *(group_needs(case) if case.gain else ())]

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """While only one admin has ever been, and that admin asks, without administrator power (rule 7)."""
        return None if case.power else sole_admin(case)

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """What cannot be, as far as was seen."""
        name, refused = wish.body.name, []
        if case.asker.name != case.subject.name:
            text = f"{wish.kind} is for a policy and not for a user; leave user out."
            refused.append(Refusal(422, "user_not_used", text))
        if key(name) in GUARDRAILS:
            text = f"{name} is one of Gatehouse's guardrails; only gatehouse setup writes it. Choose another name."
            refused.append(Refusal(422, "guardrail_policy", text))
        if hasattr(wish.body, "document"):
            refused += refusals(wish.body.document, Use.MANAGED)
        return [*refused, *self.against(wish)]

    @abstractmethod
    def against(self, wish: Wish) -> list[Refusal]:
        """What else speaks against it."""

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """The policy, and every group that it is attached to or was seen attached to."""
        return self._read(iam, wish, super().observe(iam, wish))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again."""
        return self._read(iam, wish, before)

    def _read(self, iam: Iam, wish: Wish, seen: Seen) -> SeenLab:
        lab = iam.lab_policy(arn_of(wish))
        found = {name: iam.group(name) for name in {*wish.attached, *(lab.groups if lab else ())}}
        return SeenLab(
            user=seen.user,
            groups={name: group for name, group in found.items() if group is not None},
            boundary=seen.boundary,
            policies={} if lab is None else {lab.policy.name: lab.policy},
            fresh=True,
            emulated=seen.emulated,
            lab=lab,
        )

    @override
    def save(self, session: Session, wish: Wish) -> None:
        """Nothing: what IAM shows is kept as it was seen."""

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """The document's hash, and whom it reaches: the groups that it is attached to, and what else has it."""
        lab = seen.lab if isinstance(seen, SeenLab) else wish.lab
        if seen.fresh and wish.names.account_id is None:
            raise CannotCarryOut("guardrails_missing", "The account is not set up. Run gatehouse setup first.")
        attached = {*wish.attached, *(lab.groups if lab else ())}
        others = {*(wish.lab.others() if wish.lab else ()), *(lab.others() if lab else ())}
        document = getattr(wish.body, "document", None)
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "policy": arn_of(wish),
            "description": getattr(wish.body, "description", None),
            "sha256": None if document is None else fingerprint(document),
            "attached_to": sorted(attached),
            "others": sorted(others),
        }
        known = lab if seen.fresh or lab is None else replace(lab, groups=tuple(sorted(attached)))
        return Plan(end_state, tuple(self.remaining(wish, seen, known)))

    @abstractmethod
    def remaining(self, wish: Wish, seen: Seen, lab: LabPolicy | None) -> Iterable[Operation]:
        """The calls that are missing.

        Args:
            lab: The policy as it was read, or last seen; None: there is none.
        """


def arn_of(wish: Wish) -> str:
    """The policy's ARN."""
    return wish.names.lab_arn(wish.body.name)


def _group_has_power(wish: Wish, seen: Seen, name: str, document: Mapping[str, Any] | None) -> bool:
    group, managed = seen.groups.get(name), wish.managed[name]
    if group is None:
        return True  # nobody has seen what it gives
    beside = [p.document for p in group.policies if p.name not in {arn_of(wish), managed.force_mfa}]
    return of_documents([document, *beside], caps_of(managed.path, seen, name))


def missing(wish: Wish) -> list[Refusal]:
    """That there is no such policy, as far as was seen."""
    if wish.lab is not None:
        return []
    return [Refusal(404, "policy_not_found", f"There is no policy named {wish.body.name} that Gatehouse has seen.")]
