"""The history check notices writes without a cause, what is stuck, and where IAM is not what the grants say.

One thing is spoilt in a good history, and the check says what.
"""

import dataclasses

import pytest

from tests.history.check import check
from tests.history.record import STOPPED, Disturbance
from tests.history.sample import Planted, Sample, at, good, grant_id

planted = Planted()


# (a) Every write has an approved cause.


@planted("cause", "nothing that was approved and begun")
def a_write_that_nobody_asked_for(s: Sample) -> None:
    s.write("AddUserToGroup", "emil", "LabUser", 70)
    s.write("RemoveUserFromGroup", "emil", "LabUser", 71)


@planted("cause", "nothing that was approved and begun")
def a_write_before_its_intent_was_durable(s: Sample) -> None:
    early = dataclasses.replace(s.writes[0], at=at(1.5).isoformat())
    s.writes[0] = early


@planted("cause", "nothing that was approved and begun")
def given_again_long_after_the_end(s: Sample) -> None:
    s.write("AddUserToGroup", "bob", "LabGuest", 30)
    s.write("RemoveUserFromGroup", "bob", "LabGuest", 31)


@planted("cause", "not taken away again")
def given_late_and_not_taken_away_again(s: Sample) -> None:
    s.write("AddUserToGroup", "bob", "LabGuest", 8)


@planted("cause", "no end of such a grant was due")
def taken_away_while_a_grant_stands(s: Sample) -> None:
    s.write("RemoveUserFromGroup", "dora", "LabUser", 70)
    s.write("AddUserToGroup", "dora", "LabUser", 71)


@planted("cause", "no end of such a grant was due")
def taken_away_before_its_end(s: Sample) -> None:
    s.grants["short"] |= {"ends_at": at(9).isoformat()}


@planted("cause", "grant-longer still gives this")
def taken_away_for_one_while_another_still_gives_it(s: Sample) -> None:
    """The mistake that extending invites: the first of two grants ends, and the access goes with it."""
    s.grants["lasting"] |= {"ends_at": at(80).isoformat()}
    s.end("lasting", 80, "expired")
    s.write("AddUserToGroup", "dora", "LabUser", 81)


@planted("cause", "calls AttachUserPolicy")
def another_kind_of_write(s: Sample) -> None:
    s.writes.append(dataclasses.replace(s.writes[0], seq=99, action="AttachUserPolicy"))


@planted("log", "nobody knows what became of write 99")
def a_write_whose_outcome_nobody_knows(s: Sample) -> None:
    s.writes.append(dataclasses.replace(s.writes[0], seq=99, status=None))


# (b) Everything came to rest.


@planted("state", "grant-longer is revoking")
def a_grant_that_is_stuck(s: Sample) -> None:
    s.grants["longer"]["state"] = "revoking"


@planted("state", "is approved/applying")
def a_request_that_is_stuck(s: Sample) -> None:
    s.requests["lasting"]["provisioning"] = "applying"


@planted("state", "did not come to rest")
def no_rest_in_time(s: Sample) -> None:
    s.settled = False


# (c) IAM is what the grants say.


@planted("membership", "bob is in LabAdmin, and no grant")
def a_membership_without_a_grant(s: Sample) -> None:
    s.members.add(("bob", "LabAdmin"))


@planted("membership", "bob is in LabGuest, and no grant")
def a_membership_outlives_its_grant(s: Sample) -> None:
    s.members.add(("bob", "LabGuest"))


@planted("membership", "dora is not in LabUser")
def an_active_grant_without_its_membership(s: Sample) -> None:
    s.members.discard(("dora", "LabUser"))


@planted("shown", "grant-lasting is active from")
def active_before_iam_shows_it(s: Sample) -> None:
    """IAM comes right later, so what is there at the end says nothing."""
    [number] = [n for n, w in enumerate(s.writes) if (w.action, w.user) == ("AddUserToGroup", "dora")]
    s.writes[number] = dataclasses.replace(s.writes[number], at=at(60).isoformat())


@planted("shown", "grant-short is revoked at")
def revoked_while_iam_still_shows_it(s: Sample) -> None:
    s.writes[1] = dataclasses.replace(s.writes[1], at=at(60).isoformat())


@planted("shown", "continued by grant-left, which gives nothing")
def continued_by_a_grant_that_is_over(s: Sample) -> None:
    s.grants["short"]["continued_by"] = grant_id("left")


# A run in which nothing happens is no proof.


@planted("idle", "a process was killed")
def nobody_was_killed(s: Sample) -> None:
    s.disturbances = [Disturbance(STOPPED, "server", at(90), at(92))]


def test_a_good_history_holds() -> None:
    assert check(good().history()) == []


def test_an_empty_history_is_no_proof() -> None:
    empty = Sample()
    empty.disturbances.clear()
    assert {violation.check for violation in check(empty.history())} == {"idle"}


# What was under way when its process was killed may still come: no mistake, if it is made good.


def test_given_late_and_taken_away_again_holds() -> None:
    sample = good()
    sample.write("AddUserToGroup", "bob", "LabGuest", 8)
    sample.write("RemoveUserFromGroup", "bob", "LabGuest", 12)
    assert check(sample.history()) == []


def lost(sample: Sample, seconds: float = 10) -> None:
    """Bob has what he had before, from 9.2 on, and loses it."""
    sample.ask("lost", "bob", "LabGuest", 8)
    sample.decide("lost", "pi", "approve", 8)
    sample.approved("lost", 8)
    sample.apply("lost", 9, seconds)


@planted("cause", "grant-lost still gives this")
def taken_away_soon_after_another_end_but_not_late(s: Sample) -> None:
    """What the second look did with a stale answer: it was made when the new grant stood, by one that did not stand."""
    s.disturbances.append(Disturbance(STOPPED, "worker-1", at(6), at(9.5)))
    lost(s, 3600)
    s.end("lost", 10, "removed_outside")
    s.grants["lost"]["ended_at"] = at(11).isoformat()


@planted("cause", "grant-lost still gives this")
def taken_away_late_and_never_noticed(s: Sample) -> None:
    lost(s, 3600)
    s.write("RemoveUserFromGroup", "bob", "LabGuest", 10, arrived=7)
    s.end("lost", 600, "left")


def test_taken_away_late_holds_where_the_loss_was_noticed() -> None:
    """An end that was overtaken takes away what was given anew; that grant then ends, and is not given again."""
    sample = good()
    lost(sample, 3600)
    sample.write("RemoveUserFromGroup", "bob", "LabGuest", 10, arrived=7)
    sample.end("lost", 150, "removed_outside")
    sample.writes[-1] = dataclasses.replace(sample.writes[-1], status=404)  # nothing is there any more
    assert check(sample.history()) == []


def test_taken_away_late_holds_where_the_grant_ends_before_iam_can_be_believed_about_it() -> None:
    sample = good()
    lost(sample)
    sample.write("RemoveUserFromGroup", "bob", "LabGuest", 10, arrived=7)
    sample.end("lost", 19.2, "expired")
    assert check(sample.history()) == []


def test_what_a_process_that_stood_still_takes_away_late_holds() -> None:
    sample = good()
    sample.disturbances.append(Disturbance(STOPPED, "worker-1", at(6), at(9.5)))
    lost(sample)
    sample.write("RemoveUserFromGroup", "bob", "LabGuest", 10, caller="worker-1")
    sample.end("lost", 19.2, "expired")
    assert check(sample.history()) == []


@pytest.mark.parametrize("name", planted.names)
def test_what_is_spoilt_is_found(name: str) -> None:
    planted.find(name)
