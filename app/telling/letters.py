"""Mails in plain text. Pure. Text of people stands on lines that begin with `>`, so that it cannot look like ours."""

import hashlib
from collections.abc import Sequence

from app.clients.mail import Letter
from app.domain.durations import in_words
from app.domain.notice_table import SUBJECTS
from app.domain.notices import Topic
from app.slack.cards import RequestFacts, at, outcome

_FOOTER = "Gatehouse, which gives and ends access to AWS here. What you are told of: GET and PUT /v1/me/notices"
_MOST = 2000
"""Characters of somebody's text."""


def plain(ids: Sequence[str], to: str, topics: Sequence[Topic], name: str, texts: Sequence[str]) -> Letter:
    """One mail of one or several notices."""
    subject = SUBJECTS[topics[0]] if len(set(topics)) == 1 else f"{len(texts)} things to know"
    said = texts[0] if len(texts) == 1 else "\n\n".join(f"* {text}" for text in texts)
    return _letter(ids, to, subject, name, said)


def request(ids: Sequence[str], to: str, topic: Topic, name: str, facts: RequestFacts) -> Letter:
    """A request, for whoever can decide on it."""
    whom = f", for {facts.user}" if facts.user != facts.requester else ""
    long = f" for {in_words(facts.duration)}" if facts.duration else ""
    plan = "\n".join(f"- {_one_line(step)}" for step in facts.plan[:20]) or "- nothing: it is so already"
    where = facts.url or f"gatehouse show {facts.id}"
    said = (
        f"{facts.requester} asks {_one_line(facts.what)}{long}{whom}, in the account {facts.account}. They say why:\n\n"
        f"> {_one_line(facts.reason)}\n\n"
        f"What will be done:\n\n{plan}\n\n"
        f"It needs {facts.required_approvals} approval{'' if facts.required_approvals == 1 else 's'},"
        f" and lapses at {at(facts.lapses_at)}. Decide: {where}"
    )
    if facts.decision != "pending":
        said += f"\n\nIt is decided by now: {outcome(facts)}."
    return _letter(ids, to, SUBJECTS[topic], name, said)


def code(ids: Sequence[str], to: str, name: str, text: str, secret: str, url: str | None) -> Letter:
    """A code for somebody's first token."""
    where = f" at {url}" if url else ""
    said = (
        f"{text}\n\n    {secret}\n\nUse it{where}: gatehouse login, or POST /v1/enrolments/redeem"
        ' with {"code": "…"}. Nobody else needs it, whatever they say.'
        " If you do not expect this, tell whoever runs Gatehouse."
    )
    return _letter(ids, to, SUBJECTS[Topic.ENROLMENT], name, said)


def _letter(ids: Sequence[str], to: str, subject: str, name: str, said: str) -> Letter:
    same = hashlib.sha256(" ".join(sorted(ids)).encode()).hexdigest()[:32]
    return Letter(f"gatehouse.{same}", to, f"Gatehouse: {subject}", f"Hello {name},\n\n{said}\n\n-- \n{_FOOTER}\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MOST]
