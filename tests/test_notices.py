"""Notices at least once: what a round does when processes die, meet, and are refused. On both databases."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest
from typing_extensions import override

from app.clients.mail import Mailer
from app.domain.actors import SYSTEM_ACTOR
from app.domain.notice_table import TABLE
from app.domain.notices import Topic
from app.domain.states import GrantState
from app.errors import Forbidden
from app.models import AccessRequest, Follower, Grant, NoticeState, Restoration, User
from app.services import announcing, audit, notice_choices, notices
from app.services.following import Event
from app.telling.parcels import Parcel
from app.telling.sending import Outcome, Sender
from tests.conftest import BOTH, Databases
from tests.support.fake_slack import fake_slack
from tests.support.post_office import PostOffice, post_office
from tests.support.told import BOB, Clock, Desk, desk, until_quiet


@pytest.fixture(scope="module")
def server() -> Iterator[PostOffice]:
    with post_office() as found:
        yield found


@pytest.fixture
def office(server: PostOffice) -> PostOffice:
    server.mails.clear()
    server.refused.clear()
    return server


@pytest.fixture
def at(databases: Databases, kind: str, office: PostOffice) -> Iterator[Desk]:
    made = desk(databases.prepared(kind)[0], **office.settings())
    made.telling()
    yield made
    made.database.close()


ON_SQLITE = pytest.mark.parametrize("kind", ["sqlite"])


class Dies(Sender):
    """Sends, and dies before it can say so."""

    @override
    def send(self, parcel: Parcel) -> Outcome:
        super().send(parcel)
        raise KeyboardInterrupt


@BOTH
def test_who_dies_between_sending_and_noting_it_tells_again(at: Desk, office: PostOffice) -> None:
    at.ask()
    mail = at.settings.mail()
    assert mail is not None
    dying = at.telling(Dies(None, Mailer(*mail)), lease=timedelta(0))
    with pytest.raises(KeyboardInterrupt):
        dying()
    until_quiet(at.telling())
    assert {mail.to for mail in office.mails} == {"alice@lab.example", "pi@lab.example"}
    assert len(office.mails) == 3
    twice = [mail.id for mail in office.mails if mail.to == office.mails[0].to]
    assert len(twice) == 2
    assert len(set(twice)) == 1  # whoever got it twice can see that it is the same


@BOTH
def test_several_processes_tell_each_thing_once(at: Desk, office: PostOffice) -> None:
    asked = [at.ask("LabGuest"), at.ask("LabUser")]
    processes = [threading.Thread(target=until_quiet, args=[at.telling()]) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    until_quiet(at.telling())
    assert len(office.mails) == 4
    assert all(sum(request in mail.text for mail in office.mails) == 2 for request in asked)
    assert {row.state for row in at.rows() if row.topic == Topic.TO_DECIDE} == {NoticeState.SENT}


@ON_SQLITE
def test_a_mail_server_that_refuses_delays_or_drops(at: Desk, office: PostOffice) -> None:
    office.refused.append("pi@lab.example")
    office.answers[:] = ["451 4.7.1 later", None]
    at.ask()
    telling = at.telling()
    for _ in range(4):
        until_quiet(telling)
        at.hurry()
    assert [mail.to for mail in office.mails] == ["alice@lab.example"]
    states = {row.whom: (row.state, row.failure) for row in at.rows()}
    assert states["pi"] == (NoticeState.GIVEN_UP, "smtp_550")
    assert states["alice"] == (NoticeState.SENT, None)


@ON_SQLITE
def test_while_nobody_answers_nothing_is_lost(at: Desk, office: PostOffice) -> None:
    office.close()
    at.ask()
    telling = at.telling()
    until_quiet(telling)
    assert {(row.state, row.failure) for row in at.rows()} == {(NoticeState.WAITING, "smtp_ConnectionRefusedError")}
    office.open()
    at.hurry()
    until_quiet(telling)
    assert len(office.mails) == 2


@ON_SQLITE
def test_whom_slack_does_not_know_is_told_by_mail(at: Desk, office: PostOffice) -> None:
    with fake_slack() as slack:
        at.settings = at.settings.model_copy(update=slack.settings())
        at.link("alice", "U2")
        at.link("pi", "U0GONE")
        request = at.ask()
        until_quiet(at.telling())
        assert [mail.to for mail in office.mails] == ["pi@lab.example"]
        assert any(request in message.words for message in slack.messages("U2"))


@ON_SQLITE
def test_where_slack_refuses_the_app_itself_mail_is_used_at_once(at: Desk, office: PostOffice) -> None:
    with fake_slack() as slack:
        at.settings = at.settings.model_copy(update=slack.settings())
        at.link("alice", "U2")
        slack.fail("chat.postMessage", error="token_revoked", times=100)
        at.ask()
        until_quiet(at.telling())
        assert "alice@lab.example" in [mail.to for mail in office.mails]


@ON_SQLITE
def test_where_a_rule_keeps_slack_out_mail_is_used(at: Desk, office: PostOffice) -> None:
    with fake_slack() as slack:
        at.settings = at.settings.model_copy(update=slack.settings())
        at.link("alice", "U2")
        at.rule("LabGuest", slack="off")
        at.ask()
        until_quiet(at.telling())
        assert slack.state.messages == []
        assert sorted(mail.to for mail in office.mails) == ["alice@lab.example", "pi@lab.example"]


@BOTH
def test_many_things_at_once_are_few_messages(at: Desk, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "SOON", timedelta(hours=1))  # three seconds may be over before all of it is read
    for _ in range(3):
        with at.database.write() as tx:
            for _ in range(20):
                audit.record(tx, "grant.ended", by=SYSTEM_ACTOR, subject="bob", group="LabGuest", reason="expired")
    telling = at.telling()
    until_quiet(telling)
    at.hurry()
    until_quiet(telling)
    until_quiet(telling)
    [mail] = office.mails
    assert mail.message["Subject"] == "Gatehouse: access has ended"
    assert mail.text.count("* Your access to LabGuest has ended") == 20


@BOTH
def test_rule_16_everybody_is_told_of_a_recovery(at: Desk, office: PostOffice) -> None:
    with at.database.write() as tx:
        audit.record(tx, "owner.recovery_code_made", by=SYSTEM_ACTOR, subject="pi")
    until_quiet(at.telling())
    assert sorted(mail.to for mail in office.mails) == [f"{name}@lab.example" for name in ("alice", "bob", "pi")]


@ON_SQLITE
def test_rule_14_a_token_that_can_make_nothing_cannot_silence_notices(at: Desk, office: PostOffice) -> None:
    proof = replace(BOB, may_mint=False)
    with at.database.write() as tx, pytest.raises(Forbidden):
        notice_choices.choose(tx, proof, {Topic.DECIDED: "off"})
    assert office.mails == []


@ON_SQLITE
def test_what_cannot_be_read_holds_nobody_up(at: Desk, office: PostOffice) -> None:
    with at.database.write() as tx:
        audit.record(tx, "grant.started", by=SYSTEM_ACTOR, subject="bob", ends_at="never", group="LabGuest")
    request = at.ask()
    telling = at.telling()
    until_quiet(telling)
    assert all(request in mail.text for mail in office.mails)
    assert len(office.mails) == 2
    other = at.ask("LabUser")
    with at.database.write() as tx:
        tx.session.get_one(AccessRequest, other).ruling = {"eligible_approvers": ["pi"]}
    office.mails.clear()
    until_quiet(telling)
    assert office.mails == []
    assert {row.failure for row in at.rows() if row.about == other} == {"not_packed"}


@ON_SQLITE
def test_rule_08_a_code_lies_encrypted_and_only_until_it_is_sent(at: Desk, office: PostOffice) -> None:
    code = "K7QF-2M9X-AAAA-BBBB-CCCC"
    with at.database.write() as tx:
        notices.mail_code(tx, "bob", "an-earlier-one", tx.now)
        notices.mail_code(tx, "bob", code, tx.now)
    first, second = at.rows()
    assert (first.state, first.sealed) == (NoticeState.DROPPED, None)
    assert second.sealed is not None
    assert code.encode() not in second.sealed
    until_quiet(at.telling())
    assert code in office.of("bob")[0].text
    assert {row.sealed for row in at.rows()} == {None}


@BOTH
def test_rule_38_a_restored_backup_tells_nothing_again_but_that_it_is_one(at: Desk, office: PostOffice) -> None:
    at.ask()
    until_quiet(at.telling())
    at.ask("LabUser")
    with at.database.write() as tx:
        row = tx.session.get_one(Follower, "notices")
        row.seq -= 1
        tx.session.add(Restoration(why="behind", noticed_at=tx.now, head_seq=row.seq))
    office.mails.clear()
    for _ in range(2):  # and it is said once, however often it is started
        until_quiet(at.telling())
    assert sorted(mail.to for mail in office.mails) == ["alice@lab.example", "pi@lab.example"]
    assert all("restored backup" in mail.text for mail in office.mails)


@ON_SQLITE
def test_what_is_too_old_is_not_told_and_who_is_gone_neither(at: Desk, office: PostOffice) -> None:
    clock = Clock()
    at.database.clock = clock
    at.ask()
    clock.passed = timedelta(days=1, minutes=1)
    until_quiet(at.telling())
    assert office.mails == []
    request = at.ask("LabUser")
    with at.database.write() as tx:
        tx.session.get_one(User, "alice").state = "suspended"  # type: ignore[assignment]
    until_quiet(at.telling())
    assert [mail.to for mail in office.mails] == ["pi@lab.example"]
    assert request in office.mails[0].text


@ON_SQLITE
def test_a_request_that_nobody_decides_is_reminded_of_and_then_goes_further(at: Desk, office: PostOffice) -> None:
    clock = Clock()
    at.database.clock = clock
    at.rule("LabGuest", approvers=["pi"], remind_after="PT1H", escalate_to=["alice", "bob"])
    request = at.ask()
    telling = at.telling()
    told = []
    for hours in (0, 1, 2, 3):
        clock.passed = timedelta(hours=hours, minutes=1)
        until_quiet(telling)
        until_quiet(telling)
        told.append([mail.to.partition("@")[0] for mail in office.mails])
        assert all(request in mail.text for mail in office.mails)
        office.mails.clear()
    assert told == [["pi"], ["pi"], ["alice"], []]  # never the asker


@ON_SQLITE
def test_every_line_of_the_table_names_facts_that_there_are(at: Desk, office: PostOffice) -> None:
    request = at.ask()
    body = json.dumps({"data": {}})
    event = Event(1, datetime.now(UTC), "enrolment.redeemed", "pi", "bob", request, body)
    with at.database.read() as tx:
        facts = set(announcing.facts_of(tx, event, tx.session.get_one(AccessRequest, request)))
    for line in TABLE:
        assert {name for _, name, _, _ in Formatter().parse(line.words) if name} <= facts, line
        assert {name for name, _ in line.only} <= facts, line
    assert office.mails == []


@BOTH
def test_an_end_is_said_once_and_in_time(at: Desk, office: PostOffice) -> None:
    long, lead = timedelta(days=30), timedelta(days=1)
    given = {"account": "default", "user": "bob", "state": GrantState.ACTIVE, "duration_seconds": long.total_seconds()}
    wanted = [
        ({"policy": "soon"}, lead - timedelta(minutes=1)),
        ({"policy": "later"}, lead + timedelta(hours=1)),
        ({"group": "LabGuest"}, lead / 2),  # extended already
        ({"group": "LabGuest"}, lead * 2),
    ]
    with at.database.write() as tx:
        for of, left in wanted:
            ends: dict[str, Any] = {"ends_at": tx.now + left, "due_at": tx.now + left, "created_at": tx.now}
            tx.session.add(Grant(**{**given, **of, **ends}))
    telling = at.telling()
    until_quiet(telling)
    until_quiet(telling)
    assert [mail.to for mail in office.mails] == ["bob@lab.example"]
    assert "Your access to soon ends at" in office.mails[0].text
