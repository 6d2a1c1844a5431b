"""The policies of a group that is being changed: what it has, what it shall have, and what is known of them. Pure."""

from typing import Any

from app.changes.base import Managed, Wish
from app.domain.rules import Rule
from app.domain.sightings import Seen, SeenPolicy


def managed(wish: Wish) -> Managed:
    """The group as it is managed now."""
    return wish.managed[wish.body.name]


def before(wish: Wish) -> list[str]:
    """The ARNs that the group should have now."""
    group = managed(wish)
    return _with_mfa(group, group.policies, group.rule)


def target(wish: Wish) -> list[str]:
    """The ARNs that the group shall have then."""
    group, body = managed(wish), wish.body
    policies = group.policies if body.policies is None else tuple(dict.fromkeys(group.arn(p) for p in body.policies))
    return _with_mfa(group, policies, body.rule or group.rule)


def _with_mfa(group: Managed, policies: tuple[str, ...], rule: Rule) -> list[str]:
    return [*policies, group.force_mfa] if rule.requires_mfa and group.force_mfa is not None else [*policies]


def attached(wish: Wish, seen: Seen) -> list[str]:
    """The ARNs that were seen attached. Inline policies have none."""
    group = seen.groups.get(wish.body.name)
    return [p.name for p in group.policies if p.name.startswith("arn:")] if group is not None else []


def documents(wish: Wish, seen: Seen, arns: set[str]) -> list[SeenPolicy]:
    """What is known of these policies; of one that was never seen, its name."""
    group = seen.groups.get(wish.body.name)
    known = {**seen.policies, **{p.name: p for p in (group.policies if group is not None else ())}}
    return [known.get(arn) or SeenPolicy(arn, None) for arn in sorted(arns)]


def policies_state(wish: Wish, seen: Seen) -> list[dict[str, Any]]:
    """The policies of the end state: those that stay with the hashes of their documents, new ones by name.

    A document that the group does not have yet was never seen when the request is made, since asking makes no AWS call.
    """
    group = seen.groups.get(wish.body.name)
    hashes = {p.name: p.sha256 for p in group.policies} if group is not None else {}
    stay = set(before(wish))
    return [{"name": arn, "sha256": hashes.get(arn) if arn in stay else None} for arn in sorted(target(wish))]
