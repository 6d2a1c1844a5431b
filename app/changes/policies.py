"""`policy.create`, `policy.update` and `policy.delete`: the lab's own managed policies, under `/lab/`.

A policy gives nothing by itself. Where it is attached to groups, changing it changes what their members have.
"""

from collections.abc import Iterable
from typing import Annotated

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.orm import Session
from sqlmodel import col
from typing_extensions import override

from app.changes import policy_calls as calls
from app.changes.attaching import attach
from app.changes.base import Body, Wish
from app.changes.policy_change import PolicyChange, arn_of, missing
from app.changes.policy_document import PolicyDocument, fingerprint
from app.domain.lab_policies import LabPolicy, SeenLab
from app.domain.names import key
from app.domain.plans import CannotCarryOut, Operation
from app.domain.policy_names import PolicyName
from app.domain.rulings import Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind
from app.models import Group

Description = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""IAM API Reference, CreatePolicy: up to 1000 characters, none that controls. It cannot be changed later."""


class PolicyCreateBody(Body):
    """A new policy of the lab's own."""

    name: PolicyName
    document: PolicyDocument
    description: Description = ""


class PolicyUpdateBody(Body):
    """Its new document. The description stays what it was made with."""

    name: PolicyName
    document: PolicyDocument
    description: Description | None = None


class PolicyDeleteBody(Body):
    """Which policy."""

    name: PolicyName


class PolicyCreate(PolicyChange):
    """A new policy, attached to nothing."""

    kind = Kind.POLICY_CREATE
    body = PolicyCreateBody

    @override
    def against(self, wish: Wish) -> list[Refusal]:
        """A name that the lab has, or that a group uses for one of AWS's policies."""
        name = key(wish.body.name)
        if name not in wish.names.ours and name not in wish.names.used:
            return []
        return [Refusal(409, "name_taken", f"There is a policy named {wish.body.name} already; choose another name.")]

    @override
    def remaining(self, wish: Wish, seen: Seen, lab: LabPolicy | None) -> Iterable[Operation]:
        """One call; none where IAM has it with this document, as after a lost answer."""
        if lab is None:
            return (calls.create(wish.body.name, wish.body.document, wish.body.description),)
        if seen.fresh and lab.policy.sha256 != fingerprint(wish.body.document):
            text = f"IAM has a policy named {wish.body.name} that says something else. Choose another name."
            raise CannotCarryOut("name_taken", text)
        return ()

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Delete what was made, as long as nobody uses it."""
        lab = seen.lab if isinstance(seen, SeenLab) else None
        ours = lab is not None and lab.policy.sha256 == fingerprint(wish.body.document) and wish.lab is None
        unused = lab is not None and not lab.groups and not lab.others() and len(lab.versions) == 1
        return (calls.delete(arn_of(wish)),) if ours and unused else ()


class PolicyUpdate(PolicyChange):
    """Another document: a new version that counts from then on."""

    kind = Kind.POLICY_UPDATE
    body = PolicyUpdateBody

    @override
    def members_gain(self, wish: Wish, seen: Seen) -> bool:
        """Whatever changes may give more."""
        return bool(wish.managed)

    @override
    def against(self, wish: Wish) -> list[Refusal]:
        """None of that name, an equal document, another description."""
        lab, description = wish.lab, wish.body.description
        if lab is None:
            return missing(wish)
        refused = []
        if lab.policy.sha256 == fingerprint(wish.body.document):
            refused.append(Refusal(409, "nothing_to_change", f"{wish.body.name} says so already."))
        if lab.description and description not in {None, lab.description}:
            text = "AWS keeps the description that a policy was made with; leave it out."
            refused.append(Refusal(422, "description_stays", text))
        return refused

    @override
    def remaining(self, wish: Wish, seen: Seen, lab: LabPolicy | None) -> Iterable[Operation]:
        """A new version, after the oldest where there are five; none where the document is equal."""
        if lab is None:
            if not seen.fresh:
                return ()
            text = f"IAM has no policy {arn_of(wish)}. Ask for policy.create instead."
            raise CannotCarryOut("no_such_policy", text)
        if lab.policy.sha256 == fingerprint(wish.body.document):
            return ()
        return calls.new_version(lab, wish.body.document)

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """What it said before, in a version of its own. Gatehouse's role may not let an earlier one count again."""
        lab, was = (seen.lab if isinstance(seen, SeenLab) else None), wish.lab
        if lab is None or was is None or was.policy.document is None:
            return ()
        if lab.policy.sha256 != fingerprint(wish.body.document) or was.policy.sha256 == lab.policy.sha256:
            return ()
        return calls.new_version(lab, was.policy.document)


class PolicyDelete(PolicyChange):
    """The end of a policy: first it is taken from everything that has it."""

    kind = Kind.POLICY_DELETE
    body = PolicyDeleteBody

    @override
    def members_gain(self, wish: Wish, seen: Seen) -> bool:
        """Where it forbids something, or nobody knows whether it does."""
        known = seen.policies.get(arn_of(wish))
        return bool(wish.managed) and (known is None or known.sha256 is None or known.has_deny)

    @override
    def against(self, wish: Wish) -> list[Refusal]:
        """None of that name, or a role that has it: roles are not Gatehouse's to touch."""
        if wish.lab is None:
            return missing(wish)
        return [Refusal(409, "policy_in_use", _in_use(wish.lab))] if wish.lab.roles else []

    @override
    def remaining(self, wish: Wish, seen: Seen, lab: LabPolicy | None) -> Iterable[Operation]:
        """Detach everywhere, other versions, the policy; a user whose boundary it is gets the lab's."""
        if lab is None:
            return ()
        if lab.roles and seen.fresh:
            raise CannotCarryOut("policy_in_use", _in_use(lab))
        if lab.bounds and seen.boundary is None and seen.fresh:
            text = "The account has no boundary to put in its place. Run gatehouse setup first."
            raise CannotCarryOut("guardrails_missing", text)
        return calls.take_away(lab, wish.boundary_arn)

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Attach it again to the groups that are to have it."""
        arn = arn_of(wish)
        if not isinstance(seen, SeenLab) or seen.lab is None:
            return ()
        should = [name for name, group in sorted(wish.managed.items()) if arn in group.policies and name in seen.groups]
        return tuple(attach(name, arn) for name in should if name not in seen.lab.groups)

    @override
    def save(self, session: Session, wish: Wish) -> None:
        """No group is to have it any more."""
        for group in session.scalars(sa.select(Group)):
            left = [policy for policy in group.policies if wish.names.arn(policy) != arn_of(wish)]
            if len(left) < len(group.policies):
                session.execute(
                    sa.update(Group)
                    .where(col(Group.name) == group.name)
                    .values(policies=left, version=Group.version + 1)
                    .execution_options(synchronize_session=False)
                )


def _in_use(lab: LabPolicy) -> str:
    return f"The role {', '.join(lab.roles)} has it, and Gatehouse changes no roles. Detach it there, then ask again."
