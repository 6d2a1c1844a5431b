"""What follows a try that did not succeed: every case of the decision."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clients import aws
from app.domain.plans import CannotCarryOut
from app.domain.retries import (
    SETTLES,
    Fail,
    Failure,
    Pauses,
    Standing,
    TakeBack,
    Trouble,
    TryAgain,
    decide,
    is_settled,
    refused,
)
from app.services.backoff import Backoff
from app.services.outcomes import failure_of, words

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ZERO = dt.timedelta()
HOUR = dt.timedelta(hours=1)

spans = st.timedeltas(min_value=dt.timedelta(days=-8), max_value=dt.timedelta(days=8))
moments = spans.map(lambda span: NOW + span)
jitters = st.floats(0, 1)
pauses = st.builds(Pauses, first=st.floats(0.01, 10), longest=st.floats(10, 1000))
failures = st.builds(
    Failure,
    trouble=st.sampled_from(Trouble),
    code=st.sampled_from(["aws_unavailable", "limit_exceeded", "no_iam_user"]),
    detail=st.text(min_size=1, max_size=20),
    aws_code=st.none() | st.sampled_from(["Throttling", "AccessDenied"]),
)
standings = st.builds(
    Standing,
    now=st.just(NOW),
    attempts=st.integers(0, 10_000),
    begun=st.booleans(),
    only_takes_away=st.booleans(),
    made_at=st.none() | moments,
    lapses_at=st.none() | moments,
)


def failure(trouble: Trouble) -> Failure:
    return Failure(trouble, "a_code", "A detail.")


def decided(trouble: Trouble, jitter: float = 1.0, **standing: object) -> TryAgain | Fail | TakeBack:
    return decide(failure(trouble), Standing(NOW, **standing), Pauses(), jitter)  # type: ignore[arg-type] # by name


@given(failures, standings, pauses, jitters)
def test_a_decision_is_one_of_three_and_keeps_these_laws(
    why: Failure, where: Standing, long: Pauses, jitter: float
) -> None:
    found = decide(why, where, long, jitter)
    assert found == decide(why, where, long, jitter), "the same again"
    if where.only_takes_away:
        assert found == TryAgain(long.after(where.attempts, jitter)), "an end is tried for ever, whatever is wrong"
        return
    if isinstance(found, TryAgain):
        assert ZERO <= found.pause <= dt.timedelta(seconds=long.longest)
        assert why.trouble != Trouble.REFUSED, "what needs a person is not tried again"
        if where.lapses_at is not None:
            assert NOW + found.pause <= max(NOW, where.lapses_at), "it is looked at when it lapses"
            assert where.lapses_at > NOW or not where.begun
    else:
        assert isinstance(found, TakeBack) is where.begun, "what was begun is taken back before it fails"
        assert found.failure.detail == why.detail
        assert found.failure.code in {why.code, "took_too_long"}


@given(
    st.sampled_from([Trouble.BUSY, Trouble.CHANGED, Trouble.WAITING]), st.integers(0, 10_000), jitters, st.booleans()
)
def test_what_may_pass_is_tried_again_until_it_lapses(
    trouble: Trouble,
    attempts: int,
    jitter: float,
    begun: bool,  # noqa: FBT001 - drawn
) -> None:
    where = {"attempts": attempts, "begun": begun, "lapses_at": NOW + HOUR}
    assert decided(trouble, jitter, **where) == TryAgain(Pauses().after(attempts, jitter))


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.CHANGED, Trouble.WAITING])
def test_what_lapsed_is_taken_back_if_begun_and_else_looked_at_now(trouble: Trouble) -> None:
    for ago in (ZERO, HOUR):
        assert decided(trouble, lapses_at=NOW - ago) == TryAgain(ZERO)
        given_up = decided(trouble, begun=True, lapses_at=NOW - ago)
        assert given_up == TakeBack(Failure(trouble, "took_too_long", "A detail."))


def test_a_pause_does_not_reach_past_the_lapse() -> None:
    soon = dt.timedelta(seconds=3)
    assert decided(Trouble.BUSY, attempts=10, lapses_at=NOW + soon) == TryAgain(soon)
    assert decided(Trouble.BUSY, attempts=0, lapses_at=NOW + soon) == TryAgain(dt.timedelta(seconds=1))


@given(st.integers(0, 10_000), jitters, st.none() | moments)
def test_what_needs_a_person_fails_at_once(attempts: int, jitter: float, made_at: dt.datetime | None) -> None:
    why = failure(Trouble.REFUSED)
    where = {"attempts": attempts, "made_at": made_at, "lapses_at": NOW + HOUR}
    assert decided(Trouble.REFUSED, jitter, **where) == Fail(why)
    assert decided(Trouble.REFUSED, jitter, begun=True, **where) == TakeBack(why)


@given(st.timedeltas(ZERO, dt.timedelta(minutes=5)), st.integers(0, 20), jitters)
def test_somebody_whom_we_made_less_than_two_minutes_ago_is_waited_for(
    ago: dt.timedelta, attempts: int, jitter: float
) -> None:
    found = decided(Trouble.MISSING, jitter, attempts=attempts, made_at=NOW - ago)
    if ago >= SETTLES:
        assert found == Fail(failure(Trouble.MISSING))
    else:
        assert isinstance(found, TryAgain)
        assert ZERO < found.pause <= SETTLES - ago, "the last look is when the two minutes are over"


def test_somebody_whom_we_did_not_make_is_not_waited_for() -> None:
    assert decided(Trouble.MISSING) == Fail(failure(Trouble.MISSING))
    assert decided(Trouble.MISSING, begun=True) == TakeBack(failure(Trouble.MISSING))


@given(st.none() | moments)
def test_settled_is_two_minutes_old_or_never_changed(changed_at: dt.datetime | None) -> None:
    settled = changed_at is None or (NOW - changed_at).total_seconds() >= 120
    assert is_settled(changed_at, NOW) is settled


@given(pauses, st.integers(0, 10_000), jitters, jitters)
def test_pauses_grow_and_are_jittered_within_bounds(long: Pauses, attempts: int, low: float, high: float) -> None:
    low, high = sorted((low, high))
    full = min(long.longest, long.first * 2 ** min(attempts, 20))
    assert full / 2 - 1e-5 <= long.after(attempts, low).total_seconds() <= full + 1e-5
    assert long.after(attempts, low) <= long.after(attempts, high) <= long.after(attempts + 1, high)


def test_the_backoff_draws_its_own_chance() -> None:
    numbers = iter([0.0, 1.0, 0.5])
    backoff = Backoff(first=2, longest=60, jitter=lambda: next(numbers))
    why, where = failure(Trouble.BUSY), Standing(NOW, attempts=1)
    drawn = [backoff.decide(why, where), backoff.decide(why, where)]
    assert drawn == [TryAgain(dt.timedelta(seconds=2)), TryAgain(dt.timedelta(seconds=4))]
    assert backoff(0) == dt.timedelta(seconds=1.5)


def _aws(kind: type[aws.AwsError], code: str) -> aws.AwsError:
    return kind("AddUserToGroup", code, "no more of them.")


@pytest.mark.parametrize(
    ("problem", "trouble", "code"),
    [
        (_aws(aws.Retryable, "Throttling"), Trouble.BUSY, "aws_unavailable"),
        (_aws(aws.Gone, "NoSuchEntity"), Trouble.CHANGED, "changed_meanwhile"),
        (_aws(aws.Exists, "EntityAlreadyExists"), Trouble.CHANGED, "changed_meanwhile"),
        (_aws(aws.NeedsPerson, "LimitExceeded"), Trouble.REFUSED, "limit_exceeded"),
        (_aws(aws.NeedsPerson, "AccessDenied"), Trouble.REFUSED, "access_denied"),
        (_aws(aws.NeedsPerson, "NoCredentials"), Trouble.REFUSED, "no_credentials"),
        (_aws(aws.NeedsPerson, "WrongAccount"), Trouble.REFUSED, "wrong_account"),
        (_aws(aws.NeedsPerson, "MalformedInput"), Trouble.REFUSED, "aws_refused"),
        (_aws(aws.NotOffered, "InvalidAction"), Trouble.REFUSED, "aws_refused"),
        (CannotCarryOut("mfa_required", "No device.", waits=True), Trouble.WAITING, "mfa_required"),
        (CannotCarryOut("no_iam_user", "None."), Trouble.MISSING, "no_iam_user"),
        (CannotCarryOut("guardrails_missing", "Run setup."), Trouble.REFUSED, "guardrails_missing"),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_every_typed_outcome_has_its_trouble(
    problem: aws.AwsError | CannotCarryOut, trouble: Trouble, code: str
) -> None:
    found = failure_of(problem)
    assert (found.trouble, found.code) == (trouble, code)
    assert found.aws_code == (problem.code if isinstance(problem, aws.AwsError) else None)
    assert words(found).get("aws_code", None) == found.aws_code


@pytest.mark.parametrize("code", ["LimitExceeded", "AccessDenied", "NoCredentials", "WrongAccount", "AnyOther"])
def test_a_refusal_says_what_happened_and_what_to_do(code: str) -> None:
    found = refused(code, "CreateUser: that is all.")
    assert found.detail.startswith("AWS refused: CreateUser: that is all. ")
    assert found.detail.endswith(", then retry.")
