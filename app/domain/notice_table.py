"""Who is told of what, in which words: data. `docs/notices.md` shows it as a table, which a test compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain.notices import Topic


class Whom(StrEnum):
    """To whom a line goes. Services are told nothing; who owns them is."""

    SUBJECT = "who it is for"
    PARTIES = "who it is for, and who asked"
    APPROVERS = "who can approve it now"
    CHANNEL = "the channel"
    ADMINS = "admins"
    EVERYONE = "everyone"
    OLD_ACCOUNT = "the Slack account before"


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        event: Of the audit.
        words: What is said, with the facts of `services/announcing.py` in it.
        actor_too: Also to the one who did it: they may not have.
        only: Facts that must be as given here.
    """

    event: str
    topic: Topic
    whom: Whom
    words: str
    actor_too: bool = False
    only: tuple[tuple[str, Any], ...] = ()


_DECIDE = "{requester} asks {what}. Look at it and decide: gatehouse show {request}"

TABLE: tuple[Line, ...] = (
    Line("access_request.asked", Topic.TO_DECIDE, Whom.APPROVERS, _DECIDE, only=(("pending", True),)),
    Line("access_request.asked", Topic.TO_DECIDE, Whom.CHANNEL, _DECIDE, only=(("pending", True),)),
    Line("access_request.approvals_void", Topic.TO_DECIDE, Whom.APPROVERS, _DECIDE, only=(("pending", True),)),
    Line("access_request.approvals_void", Topic.TO_DECIDE, Whom.CHANNEL, _DECIDE, only=(("pending", True),)),
    Line(
        "access_request.approvals_void",
        Topic.DECIDED,
        Whom.PARTIES,
        "The approvals of the request {what} are void: {reason}. It has to be approved again; you need do nothing.",
    ),
    Line(
        "access_request.approved",
        Topic.DECIDED,
        Whom.PARTIES,
        "The request {what} was approved. Gatehouse carries it out and says when it is done.",
    ),
    Line(
        "access_request.denied",
        Topic.DECIDED,
        Whom.PARTIES,
        "{actor} denied the request {what}: {comment}. Talk to them, or ask again with what was missing.",
    ),
    Line(
        "access_request.applied",
        Topic.APPLIED,
        Whom.PARTIES,
        "Done: the request {what} was carried out.",
        only=(("gives", False),),
    ),
    Line(
        "access_request.failed",
        Topic.FAILED,
        Whom.PARTIES,
        "The request {what} could not be carried out: {detail} An admin can retry it; you need do nothing.",
    ),
    Line(
        "access_request.failed",
        Topic.FAILED,
        Whom.ADMINS,
        "{subject}'s request {what} failed: {detail} Mend the cause, then retry it (request {request}).",
    ),
    Line("access_request.cancelled", Topic.CLOSED, Whom.PARTIES, "The request {what} was cancelled: {reason}."),
    Line(
        "access_request.lapsed",
        Topic.CLOSED,
        Whom.PARTIES,
        "The request {what} has lapsed: nobody decided in time, or it could not be carried out in time. Ask again.",
    ),
    Line("grant.started", Topic.APPLIED, Whom.PARTIES, "{subject} has {access} now, until {until}."),
    Line(
        "grant.ended",
        Topic.ENDED,
        Whom.SUBJECT,
        "Your access to {access} has ended ({reason}). Ask again if you still need it.",
        only=(("continued_by", None),),
    ),
    Line(
        "grant.end_failed",
        Topic.FAILED,
        Whom.ADMINS,
        "{subject}'s access to {access} could not be taken away: {detail} Gatehouse goes on trying.",
    ),
    Line(
        "grant.reviewed",
        Topic.POWER,
        Whom.ADMINS,
        "{subject}'s administrator power by {access} has ended. IAM changes made under it: {count}. Read them in the"
        " audit (event grant.reviewed).",
    ),
    Line(
        "secret.waiting",
        Topic.SECRET,
        Whom.SUBJECT,
        "A new {kind} waits for you. Collect it before {until}: POST /v1/secrets/{secret}/collect",
        actor_too=True,
    ),
    Line(
        "secret.expired",
        Topic.SECRET,
        Whom.SUBJECT,
        "The {kind} that waited for you was not collected in time and is not kept. Ask for a new one.",
    ),
    Line(
        "access_key.overlap_begun",
        Topic.ROTATION,
        Whom.SUBJECT,
        "Your old access key {old_key} works until {until}. Put the new one in place before that.",
        actor_too=True,
    ),
    Line(
        "access_key.still_used",
        Topic.ROTATION,
        Whom.SUBJECT,
        "Your old access key {old_key} was used again at {used}. Find what still uses it: it will be deleted.",
    ),
    Line(
        "access_key.deactivated",
        Topic.ROTATION,
        Whom.SUBJECT,
        "Your old access key {old_key} is inactive now. It will be deleted after {until}.",
    ),
    Line(
        "access_key.rotation_ended",
        Topic.ROTATION,
        Whom.SUBJECT,
        "The rotation of your access key {old_key} is over ({outcome}).",
    ),
    Line(
        "access_key.rotation_failed",
        Topic.FAILED,
        Whom.ADMINS,
        "The rotation of {subject}'s access key {old_key} does not get on ({detail}). See request {request}.",
    ),
    Line(
        "enrolment.code_handed_out",
        Topic.ENROLMENT,
        Whom.SUBJECT,
        "{actor} was given a code to sign you in to Gatehouse anew. If you did not ask for that, tell another admin.",
        only=(("enrolled", True),),
    ),
    Line(
        "enrolment.redeemed",
        Topic.NEWCOMER,
        Whom.ADMINS,
        "{subject} has signed in with a code from {by}. If you know that it is them, vouch:"
        " POST /v1/users/{subject}/vouch",
        only=(("vouching", True),),
    ),
    Line(
        "slack.linked",
        Topic.LINKED,
        Whom.SUBJECT,
        "The Slack account {slack_name} ({slack}) can act as you in Gatehouse now. If that was not you, tell an admin"
        " at once, and end the link: DELETE /v1/me/slack",
        actor_too=True,
    ),
    Line(
        "slack.unlinked",
        Topic.LINKED,
        Whom.OLD_ACCOUNT,
        "This Slack account was {subject}'s in Gatehouse, and is not any more: another was linked. If that was not you,"
        " tell an admin at once.",
        actor_too=True,
        only=(("reason", "replaced"),),
    ),
    Line(
        "owner.recovery_code_made",
        Topic.RECOVERED,
        Whom.EVERYONE,
        "On Gatehouse's own machine somebody made a new code for the owner, {subject}. If {subject} does not know of"
        " it, tell everybody at once.",
        actor_too=True,
    ),
    Line(
        "webhook.disabled",
        Topic.FAILED,
        Whom.SUBJECT,
        "Your webhook to {host} was turned off: {off}. Mend it, then turn it on again: PATCH /v1/webhooks/{webhook}",
    ),
    Line(
        "restoration.noticed",
        Topic.RESTORED,
        Whom.ADMINS,
        "Gatehouse runs on a restored backup. Only removals are carried out until two admins confirm it: look at the"
        " drift report, then POST /v1/restoration/confirm",
    ),
)

BY_EVENT: Mapping[str, tuple[Line, ...]] = {
    event: tuple(line for line in TABLE if line.event == event)
    for event in dict.fromkeys(line.event for line in TABLE if line.topic != Topic.RESTORED)
}
"""What a follower of the audit goes by. Of a restored backup is told at the next start (`telling/rounds.py`)."""

RESTORED_WORDS = next(line.words for line in TABLE if line.topic == Topic.RESTORED)
ENDING_WORDS = "Your access to {access} ends at {until}. Ask for a later end now if you still need it."

SUBJECTS: Mapping[Topic, str] = {
    Topic.TO_DECIDE: "a request waits for your decision",
    Topic.REMINDER: "a request still waits for a decision",
    Topic.DECIDED: "a request was decided",
    Topic.APPLIED: "it is done",
    Topic.FAILED: "something needs a person",
    Topic.CLOSED: "a request is closed",
    Topic.ENDED: "access has ended",
    Topic.ENDING: "your access ends soon",
    Topic.SECRET: "a secret waits for you",
    Topic.ROTATION: "your access key",
    Topic.NEWCOMER: "somebody new has signed in",
    Topic.POWER: "administrator power has ended",
    Topic.LINKED: "your Slack account",
    Topic.RECOVERED: "the owner was given a new code",
    Topic.ENROLMENT: "your code",
    Topic.RESTORED: "a restored backup waits to be confirmed",
}
"""Of mails, and above messages: words of ours alone."""


def said(line: Line, facts: Mapping[str, Any]) -> str | None:
    """What a line says of these facts; None where it does not hold for them."""
    if any(facts.get(name) != value for name, value in line.only):
        return None
    return line.words.format_map(_Facts(facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"
