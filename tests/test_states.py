"""Every ordered pair of states, against the contract's tables written down a second time (rules 18 and 19)."""

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col

from app.db import Database, Tx
from app.domain.states import DecisionState, GrantState, Provisioning, RequestState, can_grant_move, can_move
from app.errors import Conflict
from app.models import AccessRequest, Account, Grant, Group, User
from app.services.moves import move_grant, move_request, note_grant, note_request

NOW = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)

# `decision/provisioning`, and where it may go. What is not here is no state of a request at all.
REQUEST = """
pending/none      -> approved/none approved/queued denied/none cancelled/none lapsed/none
approved/none     -> approved/queued pending/none cancelled/none lapsed/none
approved/queued   -> approved/applying approved/failed pending/none cancelled/none lapsed/none
approved/applying -> approved/applied approved/failed
approved/applied  ->
approved/failed   -> approved/queued pending/none cancelled/failed lapsed/failed
denied/none       ->
cancelled/none    ->
lapsed/none       ->
cancelled/failed  ->
lapsed/failed     ->
"""
GRANT = """
scheduled     -> applying revoked
applying      -> active revoking
active        -> revoking
revoking      -> revoked revoke_failed
revoke_failed -> revoking
revoked       ->
"""


def _table(text: str) -> dict[str, set[str]]:
    lines = [line.split("->") for line in text.strip().splitlines()]
    return {was.strip(): set(to.split()) for was, to in lines}


REQUEST_TABLE, GRANT_TABLE = _table(REQUEST), _table(GRANT)
COMBINATIONS = [RequestState(d, p) for d, p in itertools.product(DecisionState, Provisioning)]
REQUEST_PAIRS = list(itertools.product(COMBINATIONS, COMBINATIONS))
GRANT_PAIRS = list(itertools.product(GrantState, GrantState))


def _allowed(was: RequestState, to: RequestState) -> bool:
    return "/".join(to) in REQUEST_TABLE.get("/".join(was), set())


def test_the_expectation_is_whole() -> None:
    assert len(REQUEST_PAIRS) == 625
    assert len(GRANT_PAIRS) == 36
    assert set(GRANT_TABLE) == set(GrantState)
    assert {"/".join(s) for s in COMBINATIONS} > set(REQUEST_TABLE)
    assert sum(map(len, REQUEST_TABLE.values())) == sum(_allowed(*pair) for pair in REQUEST_PAIRS) == 20


@pytest.mark.parametrize("was", COMBINATIONS, ids="/".join)
def test_rule_18_every_pair_of_request_states(was: RequestState) -> None:
    for to in COMBINATIONS:
        assert can_move(was, to) == _allowed(was, to), (was, to)


@pytest.mark.parametrize("was", GrantState)
def test_rule_19_every_pair_of_grant_states(was: GrantState) -> None:
    for to in GrantState:
        assert can_grant_move(was, to) == (to in GRANT_TABLE[was]), (was, to)


def test_rule_18_what_is_over_or_begun_is_neither_cancelled_nor_lapsed_nor_asked_again() -> None:
    for was, to in REQUEST_PAIRS:
        if was.provisioning in {"applying", "applied"} or was.decision in {"denied", "cancelled", "lapsed"}:
            assert not (can_move(was, to) and to.decision != "approved"), (was, to)
            assert not (can_move(was, to) and was.decision != "approved"), (was, to)


def test_rule_18_nothing_is_carried_out_without_approval() -> None:
    for was, to in REQUEST_PAIRS:
        if can_move(was, to) and to.provisioning in {"applying", "applied"}:
            assert (was.decision, to.decision) == ("approved", "approved")


def test_rule_19_no_grant_is_revoked_without_revoking_unless_it_never_began() -> None:
    assert {was for was in GrantState if can_grant_move(was, GrantState.REVOKED)} == {"scheduled", "revoking"}
    assert not any(can_grant_move(GrantState.REVOKED, to) for to in GrantState)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path_factory.mktemp('states') / 'states.db'}", audit_key=bytes(32))
    SQLModel.metadata.create_all(found.engine)
    with found.write() as tx:
        tx.session.add(Account(name="default"))
        tx.session.add(
            User(name="bob", name_key="bob", email="b@x.y", email_key="b@x.y", roles=["member"], created_at=NOW)
        )
        tx.session.add(
            Group(name="G", name_key="g", description="", path="/lab/", policies=[], rule={}, created_at=NOW)
        )
        tx.session.flush()
        tx.session.add(_request())
        tx.session.flush()
        tx.session.add(
            Grant(
                id="g",
                access_request_id="r",
                account="default",
                user="bob",
                group="G",
                duration_seconds=60,
                created_at=NOW,
            )
        )
    yield found
    found.close()


def _request() -> AccessRequest:
    return AccessRequest(
        id="r",
        kind="group.join",
        account="default",
        user="bob",
        requester="bob",
        change={},
        reason="test",
        ruling={},
        rules_asked={},
        plan={},
        plan_digest="sha256:0",
        created_at=NOW,
        lapses_at=NOW,
        same_change="the same",
    )


class _Undo(Exception):
    pass


@contextlib.contextmanager
def _trial(database: Database) -> Iterator[Tx]:
    """A writing transaction that leaves nothing behind."""
    with contextlib.suppress(_Undo), database.write() as tx:
        yield tx
        raise _Undo


def _stored(tx: Tx, model: type[SQLModel]) -> tuple[object, ...]:
    table = model.__table__  # type: ignore[attr-defined]
    return tuple(tx.session.execute(sa.select(table)).one())


def _at_request(tx: Tx, was: RequestState) -> AccessRequest:
    values = {"decision": was.decision, "provisioning": was.provisioning}
    tx.session.execute(sa.update(AccessRequest).values(values))
    row = tx.session.get_one(AccessRequest, "r")
    tx.session.refresh(row)
    return row


@pytest.mark.parametrize("was", COMBINATIONS, ids="/".join)
def test_rule_18_move_request_makes_exactly_the_moves_of_the_table(database: Database, was: RequestState) -> None:
    for to in COMBINATIONS:
        with _trial(database) as tx:
            row = _at_request(tx, was)
            before, version = _stored(tx, AccessRequest), row.version
            if _allowed(was, to):
                move_request(tx, row, to, voids=7)
                tx.session.refresh(row)
                assert (row.state, row.version, row.voids) == (to, version + 1, 7)
                assert tx.touched == {"r"}
                over = to.decision in {"denied", "cancelled", "lapsed"} or to.provisioning in {"applied", "failed"}
                assert (row.same_change is None) == over, to
            else:
                with pytest.raises(Conflict) as refused:
                    move_request(tx, row, to, voids=7)
                assert refused.value.code == "not_possible_now"
                assert _stored(tx, AccessRequest) == before
                assert not tx.touched


@pytest.mark.parametrize(("was", "to"), GRANT_PAIRS)
def test_rule_19_move_grant_makes_exactly_the_moves_of_the_table(
    database: Database, was: GrantState, to: GrantState
) -> None:
    with _trial(database) as tx:
        tx.session.execute(sa.update(Grant).values(state=was, due_at=NOW))
        row = tx.session.get_one(Grant, "g")
        tx.session.refresh(row)
        before, version = _stored(tx, Grant), row.version
        if to in GRANT_TABLE[was]:
            move_grant(tx, row, to, attempts=3)
            tx.session.refresh(row)
            assert (row.state, row.version, row.attempts) == (to, version + 1, 3)
            assert tx.touched == {"g", "r"}
            over = to == GrantState.REVOKED
            assert (row.ended_at is not None, row.due_at is None) == (over, over)
        else:
            with pytest.raises(Conflict) as refused:
                move_grant(tx, row, to, attempts=3)
            assert refused.value.code == "not_possible_now"
            assert _stored(tx, Grant) == before


def _move_request(tx: Tx, request: AccessRequest, _grant: Grant) -> None:
    move_request(tx, request, RequestState(DecisionState.CANCELLED, Provisioning.NONE))


def _note_request(tx: Tx, request: AccessRequest, _grant: Grant) -> None:
    note_request(tx, request, voids=1)


def _move_grant(tx: Tx, _request: AccessRequest, grant: Grant) -> None:
    move_grant(tx, grant, GrantState.APPLYING)


def _note_grant(tx: Tx, _request: AccessRequest, grant: Grant) -> None:
    note_grant(tx, grant, attempts=1)


@pytest.mark.parametrize("write", [_move_request, _note_request, _move_grant, _note_grant])
@pytest.mark.parametrize("meanwhile", ["version", "decision", "provisioning"])
def test_whoever_read_an_older_row_loses(database: Database, write: object, meanwhile: str) -> None:
    assert callable(write)
    with _trial(database) as tx:
        request, grant = tx.session.get_one(AccessRequest, "r"), tx.session.get_one(Grant, "g")
        tx.session.refresh(request)
        tx.session.refresh(grant)
        changes: dict[type[SQLModel], dict[str, object]]
        if meanwhile == "version":
            changes = {AccessRequest: {"version": request.version + 1}, Grant: {"version": grant.version + 1}}
        else:
            to = {"decision": "denied", "provisioning": "queued"}[meanwhile]
            changes = {AccessRequest: {meanwhile: to}, Grant: {"state": "revoked"}}
        for model, values in changes.items():
            done = sa.update(model).where(col(model.id).in_(["r", "g"])).values(values)  # type: ignore[attr-defined]
            tx.session.execute(done.execution_options(synchronize_session=False))
        before = _stored(tx, AccessRequest), _stored(tx, Grant)
        with pytest.raises(Conflict) as lost:
            write(tx, request, grant)
        assert lost.value.code == "changed_meanwhile"
        assert (_stored(tx, AccessRequest), _stored(tx, Grant)) == before
        assert not tx.touched


def test_a_move_that_fails_takes_the_whole_transaction_with_it(database: Database) -> None:
    def both() -> None:
        with database.write() as tx:
            note_request(tx, tx.session.get_one(AccessRequest, "r"), voids=5)
            move_grant(tx, tx.session.get_one(Grant, "g"), GrantState.ACTIVE)

    with pytest.raises(Conflict):
        both()
    with database.read() as tx:
        assert tx.session.get_one(AccessRequest, "r").voids == 0
