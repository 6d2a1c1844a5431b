"""Notices where something is odd: two processes at the same copy, and addresses that are more than addresses."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typing_extensions import override

from app.clients.slack import web_client
from app.domain.actors import Caller
from app.domain.notices import Topic
from app.domain.people import Person
from app.domain.words import Verdict
from app.models import AccessRequest, User
from app.services import audit, notices
from app.telling.parcels import Parcel
from app.telling.sending import Outcome, Sender
from tests.conftest import Databases
from tests.support.fake_slack import fake_slack
from tests.support.post_office import PostOffice, post_office
from tests.support.told import Desk, desk, until_quiet


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as found:
        yield found


@pytest.fixture
def at(databases: Databases, office: PostOffice) -> Iterator[Desk]:
    made = desk(databases.prepared("sqlite")[0], **office.settings())
    made.telling()
    yield made
    made.database.close()


def test_who_did_it_is_said_where_no_reason_was_given(at: Desk, office: PostOffice) -> None:
    request = at.ask()
    with at.database.write() as tx:
        row = tx.session.get_one(AccessRequest, request)
        audit.of_request(tx, "access_request.cancelled", row, by=Caller("pi", person=Person("pi")))
    telling = at.telling()
    until_quiet(telling)
    at.hurry()
    until_quiet(telling)
    assert "was cancelled: by pi." in office.of("bob")[0].text


class Slow(Sender):
    """Sends, and something happens before pi has it, or before that is noted."""

    def __init__(self, at: Desk, **meanwhile: Callable[[], object]) -> None:
        super().__init__(web_client(at.settings.slack(), retries=0), None)
        self._meanwhile = meanwhile

    @override
    def send(self, parcel: Parcel) -> Outcome:
        meanwhile = self._meanwhile if parcel.rows[0].whom == "pi" else {}
        meanwhile.pop("sending", int)()
        outcome = super().send(parcel)
        meanwhile.pop("noting", int)()
        return outcome


@pytest.mark.parametrize("name", ["=?utf-8?q?a=0aBcc?=@lab.example", "a@=?utf-8?q?b=0aBcc=3A_evil=40x?=.example"])
def test_an_address_that_a_header_would_read_otherwise_is_not_written_to(
    at: Desk, office: PostOffice, name: str
) -> None:
    with at.database.write() as tx:
        tx.session.get_one(User, "alice").email = name
    at.ask()
    until_quiet(at.telling())
    assert [mail.to for mail in office.mails] == ["pi@lab.example"]
    assert {row.failure for row in at.rows() if row.whom == "alice"} == {"bad_address"}


@pytest.mark.parametrize(("before", "moment"), [(False, "noting"), (True, "sending")], ids=["new", "changed"])
def test_a_copy_is_true_in_the_end_whichever_process_is_slow(at: Desk, before: bool, moment: str) -> None:  # noqa: FBT001
    with fake_slack() as slack:
        at.settings = at.settings.model_copy(update=slack.settings())
        at.link("pi", "U3")
        at.rule("LabGuest", required_approvals=2, slack="decide")
        fast, request = at.telling(), at.ask()
        if before:
            until_quiet(fast)
            at.decide("alice", request, Verdict.APPROVE)

        def denied() -> None:
            at.decide("pi", request, Verdict.DENY)
            until_quiet(fast)

        until_quiet(at.telling(Slow(at, **{moment: denied})))
        assert ["Denied" in message.words for message in slack.messages("U3")] == [True]


class Counts(Sender):
    """Counts what it is asked to send."""

    asked = 0

    @override
    def send(self, parcel: Parcel) -> Outcome:
        self.asked += 1
        return super().send(parcel)


def test_what_waits_for_slack_is_not_looked_at_again_one_by_one(at: Desk) -> None:
    with fake_slack() as slack:
        at.settings = at.settings.model_copy(update=slack.settings())
        at.link("pi", "U3")
        request = at.ask()
        given: dict[str, Any] = {"whom": "pi", "topic": Topic.TO_DECIDE, "about": request, "text": "a test"}
        with at.database.write() as tx:
            notices.add(tx, [notices.make(tx, key=f"test/{number}", **given) for number in range(40)])
        slack.down()
        sender = Counts(web_client(at.settings.slack(), retries=0), None, away=60.0)
        telling = at.telling(sender)
        until_quiet(telling)
        first = sender.asked
        for _ in range(3):
            at.hurry()
            until_quiet(telling)
        assert first > 40
        assert sender.asked - first <= 3 * 2  # those that found out themselves
        slack.up()
        at.hurry()
        until_quiet(at.telling())
        assert len([m for m in slack.messages("U3") if request in m.words]) == 41
