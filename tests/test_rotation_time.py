"""Rotating a key over its whole length with the clock in our hands; and what comes next, as a pure function."""

import datetime as dt
import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.domain.belongings import AccessKey
from app.domain.rotations import ROTATION_MOVES, Call, Outcome, RotationState, Sight, Turn, next_turn, shown
from app.errors import Conflict
from app.models import KeyRotation, Restoration, columns
from app.services.moves import move_rotation
from tests.conftest import Databases
from tests.support.fake_iam import BOUNDARY_ARN, Account
from tests.support.fake_users import Key
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam
from tests.test_rotation import ROTATE
from tests.test_rotation_faults import Late, Rotating
from tests.test_secret_faults import OLD
from tests.test_secrets import SECRETS, collect, waiting

HOUR = dt.timedelta(hours=1)
BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Clocked(Rotating):
    """A lab whose time goes on when a test says so."""

    now = BEFORE

    def after(self, hours: float) -> dict[str, bool]:
        """Let time go by and do what is due then; which keys are active."""
        self.now += HOUR * hours
        for _ in range(4):
            self.once()
        return {name: key.active for name, key in self.bob.keys.items()}


@pytest.fixture
def place(databases: Databases) -> Iterator[Clocked]:
    with databases.lab("sqlite", with_worker=False) as lab:
        iam = Late()
        boundary = boto_iam(lab).policy(BOUNDARY_ARN)
        assert boundary is not None
        iam.policies[BOUNDARY_ARN] = boundary  # as it was when the lab was set up
        iam.users["bob"] = Account(keys={OLD: Key("the old one", created=BEFORE)})
        place = Clocked(lab, iam)
        place.now = dt.datetime.now(dt.UTC)
        lab.running.database.clock = lambda: place.now
        yield place


def begun(place: Clocked) -> tuple[str, str]:
    """A rotation whose new key waits; its request and that key."""
    request_id = place.ask(ROTATE, key_id=OLD)
    place.work(request_id)
    [new] = set(place.bob.keys) - {OLD}
    return request_id, new


def test_a_day_of_overlap_and_a_week_of_silence(place: Clocked) -> None:
    request_id, new = begun(place)
    assert place.after(20) == {OLD: True, new: True}
    collect(place.lab)
    assert place.after(23.9) == {OLD: True, new: True}
    assert place.after(0.2) == {OLD: False, new: True}
    place.bob.keys[OLD].active = True  # by hand, since something stood still
    place.bob.keys[OLD].used = place.now + HOUR
    assert place.after(24 * 7 + 1) == {OLD: False, new: True}, "switched off again, and the week begins anew"
    place.bob.keys[OLD].used = place.now + HOUR * 100
    assert place.after(24 * 7) == {OLD: False, new: True}
    assert place.after(99) == {OLD: False, new: True}, "a week from when it was last used"
    assert place.after(2) == {new: True}
    assert place.outcome(request_id) == Outcome.ROTATED
    assert place.events(request_id) == [
        "rotation_begun",
        "overlap_begun",
        "deactivated",
        "deactivated",
        "still_used",
        "rotation_ended",
    ]


def test_after_72_hours_nobody_has_the_new_key_and_it_goes(place: Clocked) -> None:
    request_id, new = begun(place)
    assert place.after(71.9) == {OLD: True, new: True}
    assert len(waiting(place.lab)) == 1
    assert place.after(0.2) == {OLD: True}
    assert place.outcome(request_id) == Outcome.NEVER_COLLECTED
    assert place.iam.calls == ["CreateAccessKey", "DeleteAccessKey"]


def test_the_secret_of_an_old_key_that_nobody_collected_goes_with_it(place: Clocked) -> None:
    place.bob.keys.clear()
    place.done("access_key.create")
    [old] = place.bob.keys
    place.done(ROTATE, key_id=old)
    newest, _ = waiting(place.lab)
    place.lab.post("bob", f"{SECRETS}/{newest['id']}/collect")
    place.after(24)
    assert not place.bob.keys[old].active
    assert waiting(place.lab) == []


def test_rule_24_it_goes_on_while_its_user_is_suspended(place: Clocked) -> None:
    """What is left to do only takes away; what is taken for good is not given back."""
    request_id, new = begun(place)
    collect(place.lab)
    gone = place.lab.post("pi", "/v1/users/bob/suspend", {"reason": "a test"}, expect=202)
    place.work(gone["id"])
    assert place.after(24) == {OLD: False, new: False}
    back = place.lab.post("pi", "/v1/users/bob/resume", {"reason": "a test"}, expect=202)
    place.lab.approve("alice", back["id"])
    assert place.after(1) == {OLD: False, new: True}
    assert place.after(24 * 7) == {new: True}
    assert place.outcome(request_id) == Outcome.ROTATED


def test_rule_38_a_restored_backup_does_not_know_who_has_the_new_key(place: Clocked) -> None:
    request_id, new = begun(place)
    database = place.lab.running.database
    with database.write() as tx:
        tx.session.add(Restoration(why="behind", head_seq=1, noticed_at=tx.now))
    assert place.after(73) == {OLD: True, new: True}
    with database.write() as tx:
        tx.session.execute(sa.update(columns(Restoration)).values(confirmed_at=tx.now))
    place.after(0.1)
    assert place.outcome(request_id) == Outcome.NEVER_COLLECTED


ON, OFF = AccessKey("A", active=True, created=BEFORE), AccessKey("A", active=False, created=BEFORE)
USED = BEFORE + HOUR
_S, _C = RotationState, Call


@pytest.mark.parametrize(
    ("state", "sight", "expected"),
    [
        (_S.WAITING, Sight(ON, ON), Turn(_S.ABANDONING, call=_C.DELETE_NEW)),
        (_S.WAITING, Sight(ON, ON, USED), Turn(_S.OVERLAPPING)),
        (_S.WAITING, Sight(ON, None), Turn(_S.ENDED, Outcome.NEW_KEY_GONE)),
        (_S.OVERLAPPING, Sight(ON, ON), Turn(call=_C.SWITCH_OFF_OLD)),
        (_S.OVERLAPPING, Sight(None, ON), Turn(call=_C.SWITCH_OFF_OLD)),
        (_S.OVERLAPPING, Sight(OFF, OFF), Turn(_S.RETIRED)),
        (_S.OVERLAPPING, Sight(ON, None), Turn(_S.ENDED, Outcome.NEW_KEY_GONE)),
        (_S.RETIRED, Sight(OFF, ON), Turn(call=_C.DELETE_OLD)),
        (_S.RETIRED, Sight(OFF, None), Turn(call=_C.DELETE_OLD)),
        (_S.RETIRED, Sight(None, ON), Turn(call=_C.DELETE_OLD)),
        (_S.RETIRED, Sight(ON, ON), Turn(call=_C.SWITCH_OFF_OLD)),
        (_S.RETIRED, Sight(OFF, ON, BEFORE), Turn(call=_C.DELETE_OLD)),
        (_S.RETIRED, Sight(OFF, ON, USED), Turn()),
        (_S.ABANDONING, Sight(ON, ON), Turn(call=_C.DELETE_NEW)),
        (_S.ABANDONING, Sight(ON, None), Turn(call=_C.DELETE_NEW)),
        (_S.ENDED, Sight(ON, ON), Turn()),
    ],
)
def test_what_comes_next(state: RotationState, sight: Sight, expected: Turn) -> None:
    assert next_turn(state, sight, BEFORE) == expected


@pytest.mark.parametrize(
    ("call", "sight", "expected"),
    [
        (_C.SWITCH_OFF_OLD, Sight(OFF, ON), Turn(_S.RETIRED)),
        (_C.SWITCH_OFF_OLD, Sight(ON, ON), None),
        (_C.SWITCH_OFF_OLD, Sight(None, ON), Turn(_S.ENDED, Outcome.ROTATED)),
        (_C.DELETE_OLD, Sight(None, ON), Turn(_S.ENDED, Outcome.ROTATED)),
        (_C.DELETE_OLD, Sight(OFF, ON), None),
        (_C.DELETE_NEW, Sight(ON, None), Turn(_S.ENDED, Outcome.NEVER_COLLECTED)),
        (_C.DELETE_NEW, Sight(ON, ON), None),
    ],
)
def test_what_reading_back_comes_to(call: Call, sight: Sight, expected: Turn | None) -> None:
    assert shown(call, sight) == expected


MOVES = {
    "waiting": {"overlapping", "abandoning", "ended"},
    "overlapping": {"retired", "ended"},
    "retired": {"ended"},
    "abandoning": {"ended"},
    "ended": set[str](),
}


@pytest.mark.parametrize(("was", "to"), list(itertools.product(RotationState, RotationState)))
def test_every_move_of_a_rotation(still: Lab, was: RotationState, to: RotationState) -> None:
    assert (to in ROTATION_MOVES[was]) == (to in MOVES[was])
    with still.running.database.read() as tx:
        row = KeyRotation(
            access_request_id="-", account="-", user="bob", old_key_id="A", new_key_id="B", state=was, created_at=tx.now
        )
        if to not in MOVES[was]:
            with pytest.raises(Conflict, match="cannot become"):
                move_rotation(tx, row, to)
            return
        with pytest.raises(Conflict, match="Somebody else"):
            move_rotation(tx, row, to)  # it is not stored, so it is not what it was
