"""The policies of a group that is being changed: what it has, what it shall have, and what is known of them. Pure."""

from collections.abc import Iterable
from typing import Any

from app.changes.base import Managed, Wish
from app.domain.guardrails import ADMIN_PATH
from app.domain.power import Document, holds_power
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


def documents(wish: Wish, seen: Seen, arns: Iterable[str]) -> list[SeenPolicy]:
    """What is known of these policies; of one that was never seen, its name."""
    group = seen.groups.get(wish.body.name)
    known = {**seen.policies, **{p.name: p for p in (group.policies if group is not None else ())}}
    return [known.get(arn) or SeenPolicy(arn, None) for arn in sorted(arns)]


def power(wish: Wish, seen: Seen) -> bool:
    """Whether the group holds administrator power now, or would then (rule 13)."""
    group, force_mfa = seen.groups.get(wish.body.name), managed(wish).force_mfa
    inline = [p for p in group.policies if not p.name.startswith("arn:")] if group is not None else []
    now = {*managed(wish).policies, *attached(wish, seen)} if group is None else {*attached(wish, seen)}
    caps = caps_of(managed(wish).path, seen, wish.body.name)
    # The policy that forces MFA only forbids, and lets people set up their own device.
    return any(
        holds_power([*documents(wish, seen, arns - {force_mfa}), *inline], caps) for arns in (now, {*target(wish)})
    )


def caps_of(path: str, seen: Seen, group: str) -> tuple[Document | None, ...]:
    """The boundaries that bind in a group. Under `/lab-admin/` it is one that leaves nearly everything (rule 26)."""
    return (None,) if path == ADMIN_PATH else seen.caps.get(group, (None,))


def policies_state(wish: Wish, seen: Seen, *, new: bool) -> list[dict[str, Any]]:
    """The policies of the end state, with the hashes of their documents.

    Args:
        new: Also the hashes of those that the group did not have. A request names them where all of them were read
            before it was made, since asking makes no AWS call; otherwise none.
    """
    stay = set(before(wish))
    return [
        {"name": p.name, "sha256": p.sha256 if new or p.name in stay else None}
        for p in documents(wish, seen, target(wish))
    ]


def are_read(wish: Wish, seen: Seen) -> bool:
    """Whether the document of each policy that the group shall have is known."""
    return all(p.sha256 is not None for p in documents(wish, seen, target(wish)))
