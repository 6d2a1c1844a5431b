"""Notices where something is odd: two processes at the same copy, and addresses that are more than addresses."""

from collections.abc import Callable, Iterator

import pytest
from typing_extensions import override

from app.clients.slack import web_client
from app.domain.words import Verdict
from app.models import User
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
