"""The history check finds what it is there to find, and finds nothing in two short runs."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.conftest import BOTH
from tests.history.accounts import latest_end
from tests.history.by_hand import clock, right
from tests.history.check import check
from tests.history.collecting import unexpected
from tests.history.record import Disturbance
from tests.history.run import run
from tests.history.spoils import SPOILS, Spoil

SEED = 20_260_101
SECONDS = 10.0
_EACH = [
    pytest.param(name, spoil, text, id=f"{name}-{which}")
    for name, spoils in SPOILS.items()
    for which, (spoil, text) in spoils.items()
]


def test_a_right_history_has_no_violation() -> None:
    assert check(right().history()) == []


@pytest.mark.parametrize(("name", "spoil", "text"), _EACH)
def test_what_is_spoilt_in_one_place_is_found_by_its_check(name: str, spoil: Spoil, text: str) -> None:
    story = right()
    spoil(story)
    violations = check(story.history())
    assert [v for v in violations if v.check == name and text in v.text], violations


def test_a_mistake_that_a_process_logged_is_found(tmp_path: Path) -> None:
    (tmp_path / "1-serve.log").write_text(
        '{"event": "working"}\n{"event": "reconcile_failed", "exception": "Traceback\\nKeyError: 1"}\nFatal\n', "utf-8"
    )
    logged = unexpected(tmp_path)
    assert logged == ["1-serve.log: reconcile_failed: KeyError: 1", "1-serve.log: Fatal"]
    story = right()
    story.logged.extend(logged)
    assert [(v.check, v.text) for v in check(story.history())] == [("logged", line) for line in logged]


def test_what_a_kill_explains_is_no_violation() -> None:
    story = right()
    story.note(50, "away", "pi", "look", status=503)
    story.note(50, "lost", "pi", "ask", status=None)
    story.disturbances.append(Disturbance("killed", "server", clock(48), clock(49)))
    assert check(story.history()) == []


def test_a_late_write_that_is_taken_back_is_no_violation() -> None:
    story = right()
    story.write(12, "AddUserToGroup", "dora", "LabGuest")
    story.write(20, "RemoveUserFromGroup", "dora", "LabGuest")
    story.event(20.1, "access.taken_again")
    assert check(story.history()) == []


def test_a_loss_to_a_late_write_that_is_noticed_is_no_violation() -> None:
    story = right()
    story.asked(10, "again", "dora")
    story.decided(11, "again", "pi")
    story.approved(11, "again", 60)
    story.given(12, "again")
    story.write(13, "RemoveUserFromGroup", "dora", "LabGuest")  # the stopped worker's, for `runs-out`
    story.ended(20, "again", "removed_outside", call=False)
    story.members.discard(("dora", "LabGuest"))
    assert check(story.history()) == []


def test_the_latest_end_is_the_one_that_was_due_longest() -> None:
    story = right()
    assert latest_end(story.history()) == dt.timedelta(seconds=0.4)
    story.grants["g-runs-out"]["ended_at"] = clock(12).isoformat()
    assert latest_end(story.history()) == dt.timedelta(seconds=3.8)


@BOTH
def test_a_short_run_has_no_violation(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown where it fails: python -m tests.history --seed runs it again
    result = run(kind, SECONDS, SEED, tmp_path, lambda: postgres_of(request))
    assert result.violations == [], result.figures
    history = result.history
    assert history.events_named("grant.started")
    assert history.writes
    assert history.disturbances


def postgres_of(request: pytest.FixtureRequest) -> URL:
    found: URL = request.getfixturevalue("postgres")
    return found
