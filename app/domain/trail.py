"""What CloudTrail says of one event, cut down to what a report may keep (rule 30). Pure.

Every answer is untrusted: texts are bounded and printable, and of the request's parameters only names of what was
touched are kept. What a call answered is never kept: it may hold a secret.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Change = dict[str, Any]

SOURCE = "iam.amazonaws.com"
_READING = ("Generate", "Get", "List", "Simulate")
"""How those of IAM's calls begin that change nothing, for an event that does not say so itself."""
_NAMES = frozenset(
    {
        "AWSServiceName",
        "AccessKeyId",
        "CertificateId",
        "GroupName",
        "InstanceProfileName",
        "NewGroupName",
        "NewPath",
        "NewUserName",
        "OpenIDConnectProviderArn",
        "PermissionsBoundary",
        "PolicyArn",
        "PolicyName",
        "RoleName",
        "SAMLProviderArn",
        "SSHPublicKeyId",
        "SerialNumber",
        "ServerCertificateName",
        "ServiceSpecificCredentialId",
        "Status",
        "UserName",
        "VersionId",
        "VirtualMFADeviceName",
    }
)
"""Parameters that name what a call touches (IAM API reference). No document, no password, no tag."""
_TEXT = 200
_TOKEN = 8192


@dataclass(frozen=True)
class Page:
    """One answer.

    Attributes:
        changes: Those of its events that changed IAM, the newest first.
        token: What the next page is asked for with; None: this was the last.
    """

    changes: tuple[Change, ...]
    token: str | None = None


def page(events: Iterable[Mapping[str, Any]], token: object = None) -> Page:
    """The page with these events as LookupEvents has them.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: It is not what AWS promises.
    """
    if token is not None and (not isinstance(token, str) or not 0 < len(token) <= _TOKEN):
        raise ValueError("a token of no use")
    found = (_change(event) for event in events)
    return Page(tuple(change for change in found if change is not None), token)


def _change(event: Mapping[str, Any]) -> Change | None:
    """What is kept of one event; None where it changed nothing in IAM."""
    name = _text(event["EventName"])
    whole = _whole(event.get("CloudTrailEvent"))
    if _text(event.get("EventSource", whole.get("eventSource"))) != SOURCE:
        return None
    reads = str(event.get("ReadOnly", whole.get("readOnly"))).lower()
    if reads == "true" or (reads != "false" and name.startswith(_READING)):
        return None
    identity, given = _mapping(whole.get("userIdentity")), _mapping(whole.get("requestParameters"))
    named = {key[:1].upper() + key[1:]: value for key, value in given.items() if isinstance(value, str)}
    made: Change = {
        "event": name,
        "at": _moment(event["EventTime"]),
        "touched": {key: _text(named[key]) for key in sorted(_NAMES & named.keys())},
    }
    more = {"error": whole.get("errorCode"), "from": whole.get("sourceIPAddress"), "as": identity.get("type")}
    return made | {key: _text(value) for key, value in more.items() if value is not None}


def _whole(written: object) -> Mapping[str, Any]:
    """The event's own JSON. One that cannot be read hides nothing: the event is reported without it."""
    try:
        return _mapping(json.loads(written)) if isinstance(written, str) else {}
    except (RecursionError, ValueError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def printable(value: object, most: int) -> str:
    """A text from outside, made fit to be kept: no control characters, which PostgreSQL does not all store."""
    return "".join(c for c in str(value)[:most] if c.isprintable())


def _text(value: object) -> str:
    return printable(value, _TEXT)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
