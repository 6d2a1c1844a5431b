"""What is known of a run when it is over: all that the checks look at, and nothing else."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.support.write_log import Write

Row = Mapping[str, Any]
Access = tuple[str, str]
"""A user, and what they get: a group's name, or `inline:` with the name of a policy of their own."""
ADMIN_GROUPS = frozenset({"LabAdmin"})
"""Whose members live under `/lab-admin/`."""
ADDS, REMOVES = frozenset({"AddUserToGroup", "PutUserPolicy"}), frozenset({"RemoveUserFromGroup", "DeleteUserPolicy"})


def access(user: str, group: str | None, policy: str | None) -> Access:
    """What a grant, a wish or a write is about: a group, or a policy."""
    return user, group if group is not None else f"inline:{policy}"


"""A user and a group."""
KILLED, STOPPED, OVERTAKEN = "killed", "stopped", "killed in the middle of a write"
"""What is done to a process."""


def moment(text: str) -> dt.datetime:
    """A time as the API, the audit and the log of writes say it."""
    return dt.datetime.fromisoformat(text)


def maybe(text: str | None) -> dt.datetime | None:
    """The same where there may be none."""
    return None if text is None else moment(text)


@dataclass(frozen=True)
class Violation:
    """Something that must not be.

    Attributes:
        check: Which check found it.
    """

    check: str
    text: str


@dataclass(frozen=True)
class Note:
    """One call of a client's, as the client saw it.

    Attributes:
        key: Unique to what was wanted: its idempotency key, and the reason of what was asked for. A repeat has it too.
        verb: `ask`, `leave`, `extend`, `approve`, `deny`, `cancel`, `withdraw`, `retry`, `revoke` or `look`.
        target: The id of the request or grant it was about; empty where something new was asked for.
        status: None: no answer came, so nobody knows whether it was done.
        code: Of a refusal, or the name of what went wrong with the connection.
        made: The id in the answer.
    """

    key: str
    who: str
    verb: str
    target: str
    began: dt.datetime
    ended: dt.datetime
    status: int | None
    code: str | None = None
    made: str | None = None

    @property
    def done(self) -> bool:
        """It was said to be done."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def unknown(self) -> bool:
        """It may have been done or not."""
        return self.status is None or self.status >= 500


@dataclass(frozen=True)
class Disturbance:
    """What was done to a process, and from when until when it was not itself."""

    what: str
    process: str
    began: dt.datetime
    ended: dt.datetime


@dataclass(frozen=True)
class People:
    """Who is who.

    Attributes:
        owners: Everybody; the person a service belongs to, None for a person.
        strangers: Pairs of admin and newcomer who are one hand: that admin's approval does not count there (rule 8).
    """

    owners: Mapping[str, str | None]
    admins: frozenset[str]
    strangers: frozenset[tuple[str, str]] = frozenset()

    def person(self, name: str) -> str:
        """The person that a name counts as."""
        return self.owners.get(name) or name


@dataclass(frozen=True)
class History:
    """A run.

    Attributes:
        late: How long after a takeover a write of the one before may still arrive: a lease and the worst call.
        approvals: How many each group's rule wants.
        requests: Those of the run; what was asked for while the site was made is left out.
        events: The whole audit, oldest first.
        members: Who is in which group, as IAM says it.
        logged: What the processes logged that nobody expects.
    """

    late: dt.timedelta
    people: People
    approvals: Mapping[str, int]
    requests: Sequence[Row]
    grants: Sequence[Row]
    events: Sequence[Row]
    verified: Row
    members: frozenset[Access]
    writes: Sequence[Write]
    notes: Sequence[Note]
    disturbances: Sequence[Disturbance] = field(default=())
    logged: Sequence[str] = field(default=())
    settled: bool = True

    @cached_property
    def by_id(self) -> Mapping[str, Row]:
        """Requests and grants by their ids."""
        return {row["id"]: row for row in (*self.requests, *self.grants)}

    @cached_property
    def of_request(self) -> Mapping[str, list[Row]]:
        """The events of each request, in order."""
        found: dict[str, list[Row]] = {row["id"]: [] for row in self.requests}
        for event in self.events:
            if event["access_request_id"] in found:
                found[event["access_request_id"]].append(event)
        return found

    def events_named(self, *names: str) -> list[Row]:
        """The events of these names, in order."""
        return [event for event in self.events if event["event"] in names]
