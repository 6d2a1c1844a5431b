"""What webhooks tell of: a table from audit events to public types, and what of each is said. Pure.

Ids, names and words of ours, never what somebody wrote (reasons, comments, documents) and never a secret. A field that
is not listed here is not sent, so a new one in the audit stays in the audit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PING = "webhook.ping"
_GRANT = ("grant_id", "group", "policy")
_KEYS = ("old_key_id", "new_key_id")
_UTC = "+00:00"
_SECRET = ("secret_id", "kind")


@dataclass(frozen=True)
class Told:
    """How one audit event is told.

    Attributes:
        fields: What of its data is said, where it is there.
        also: What is said besides.
    """

    type: str
    fields: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)


def _as_it_is(name: str, *fields: str) -> tuple[str, Told]:
    return name, Told(name, fields)


TOLD: Mapping[str, Told] = {
    **dict(
        [
            _as_it_is("access_request.asked", "duration", "starts_at", "extends"),
            _as_it_is("access_request.applied"),
            _as_it_is("access_request.failed", "failure"),
            _as_it_is("access_request.cancelled"),
            _as_it_is("access_request.lapsed"),
            _as_it_is("access_request.retried"),
            _as_it_is("decision.made", "verdict"),
            _as_it_is("decision.withdrawn"),
            _as_it_is("grant.started", *_GRANT, "duration", "ends_at"),
            _as_it_is("grant.end_asked", *_GRANT, "reason"),
            _as_it_is("grant.ended", *_GRANT, "reason", "ended_by", "continued_by"),
            _as_it_is("grant.end_failed", *_GRANT, "failure"),
            _as_it_is("grant.reviewed", *_GRANT, "count"),
            _as_it_is("user.registered", "owner"),
            _as_it_is("user.vouched"),
            _as_it_is("user.imported", "account"),
            _as_it_is("user.suspended"),
            _as_it_is("user.resumed"),
            _as_it_is("user.deleted"),
            _as_it_is("group.created", "group"),
            _as_it_is("group.deleted", "group"),
            _as_it_is("secret.waiting", *_SECRET, "expires_at"),
            _as_it_is("secret.collected", *_SECRET),
            _as_it_is("secret.expired", *_SECRET),
            _as_it_is("access_key.rotation_begun", *_KEYS, "collect_until"),
            _as_it_is("access_key.overlap_begun", *_KEYS),
            _as_it_is("access_key.rotation_ended", *_KEYS, "outcome"),
            _as_it_is("account.imported", "account", "users", "groups", "memberships"),
            _as_it_is("restoration.noticed"),
            _as_it_is("restoration.confirmed"),
            _as_it_is("webhook.disabled", "webhook_id", "why"),
        ]
    ),
    "access_request.approved": Told("access_request.decided", also={"decision": "approved"}),
    "access_request.denied": Told("access_request.decided", also={"decision": "denied"}),
    "access_request.approvals_void": Told("access_request.reopened"),
}
"""By the audit's name of the event."""

TYPES = tuple(sorted({told.type for told in TOLD.values()}))
WORDS = ("*", *sorted({f"{name.partition('.')[0]}.*" for name in TYPES}), *TYPES)
"""What a webhook may ask for."""
EventName: Any = Literal.__getitem__(WORDS)


def heard(wanted: Iterable[str], type_: str) -> bool:
    """Whether somebody who asked for these hears of that type."""
    return not {"*", f"{type_.partition('.')[0]}.*", type_}.isdisjoint(wanted)


def data(
    told: Told,
    said: Mapping[str, Any],
    *,
    actor: str,
    user: str | None,
    access_request: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What is sent.

    Args:
        said: The data of the audit event.
        actor: Who did it.
        user: Whom it is about.
        access_request: What its request is, by the same rule: ids, names and words.
    """
    found = {name: value for name in told.fields if (value := _plain(said.get(name))) is not None}
    return {"actor": actor, "user": user, **(access_request or {}), **told.also, **found}


def _plain(value: Any) -> Any:
    """The value where it is one; of what went wrong its code; a time as everywhere else in the API."""
    if isinstance(value, Mapping):
        value = value.get("code")
    if isinstance(value, str) and value.endswith(_UTC):
        return value.removesuffix(_UTC) + "Z"
    return value if isinstance(value, (str, int)) else None
