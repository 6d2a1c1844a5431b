"""The history check notices two outcomes, lost acknowledgements, and an audit that does not tell everything.

One thing is spoilt in a good history, and the check says what.
"""

import pytest

from tests.history.sample import Planted, Sample, at, grant_id

planted = Planted()


# (d) One outcome for each request, and what was acknowledged is there.


@planted("outcome", "does not begin with being asked for once")
def asked_for_twice(s: Sample) -> None:
    s.event("access_request.asked", 70, "fay", "cancelled")


@planted("outcome", "access_request.denied after")
def denied_and_applied(s: Sample) -> None:
    s.event("access_request.denied", 70, "pi", "short")


@planted("outcome", "has 2 outcomes")
def applied_twice(s: Sample) -> None:
    s.event("access_request.applied", 70, of="short")


@planted("outcome", "access_request.applying after")
def begun_without_approval(s: Sample) -> None:
    s.drop_event("access_request.approved", "short")


@planted("outcome", "was approved by ['alice'], and 2 have to")
def approved_by_one_where_two_have_to(s: Sample) -> None:
    s.drop_event("decision.made", "revoked")


@planted("outcome", "was approved by [], and 1 have to")
def approved_by_a_withdrawn_approval(s: Sample) -> None:
    s.event("decision.withdrawn", 0, "alice", "short")
    s.events.insert(2, s.events.pop())


@planted("outcome", "was decided by alice, whose own it is")
def approved_by_the_one_who_asked(s: Sample) -> None:
    s.requests["short"]["requester"] = "alice"


@planted("outcome", "was decided by bob, whose own it is")
def approved_by_the_owner_of_a_service(s: Sample) -> None:
    s.requests["short"]["user"] = "robot"
    s.events[1]["actor"] = "bob"


@planted("outcome", "was decided by gus, who is no admin")
def decided_by_somebody_who_is_no_admin(s: Sample) -> None:
    s.decide("cancelled", "gus", "approve", 32.5)
    s.events.insert(-8, s.events.pop())


@planted("outcome", "was decided by the service robot")
def decided_by_a_service(s: Sample) -> None:
    s.event("decision.made", 32.5, "robot", "cancelled", verdict="approve")
    s.events.insert(-8, s.events.pop())


@planted("outcome", "was approved by a rule")
def a_join_approved_by_a_rule(s: Sample) -> None:
    s.event("access_request.approved_by_rule", 0.5, "bob", "short", rule="rule:less_access")
    s.events.insert(1, s.events.pop())


@planted("outcome", "and the audit says")
def a_state_that_the_audit_does_not_lead_to(s: Sample) -> None:
    s.requests["denied"]["decision"] = "cancelled"


@planted("outcome", "gave 2 times")
def one_request_gives_twice(s: Sample) -> None:
    s.grants["undone"] |= {"starts_at": at(52.5).isoformat(), "ends_at": at(53.5).isoformat()}


@planted("outcome", "is cancelled/none and gave 1 times")
def a_cancelled_request_gives(s: Sample) -> None:
    s.requests["short"] |= {"decision": "cancelled", "provisioning": "none"}


@planted("outcome", "is said 2 times")
def a_grant_that_ends_twice(s: Sample) -> None:
    s.event("grant.ended", 70, of="short", grant_id=grant_id("short"))


@planted("acknowledged", "the request cancelled is not there")
def an_acknowledged_request_is_lost(s: Sample) -> None:
    del s.requests["cancelled"]


@planted("acknowledged", "the decision on short is not there")
def an_acknowledged_approval_is_lost(s: Sample) -> None:
    s.requests["short"]["decisions"].clear()


@planted("acknowledged", "denied is pending")
def an_acknowledged_denial_is_lost(s: Sample) -> None:
    s.requests["denied"] |= {"decision": "pending"}


@planted("acknowledged", "cancelled is pending")
def an_acknowledged_cancelling_is_lost(s: Sample) -> None:
    s.requests["cancelled"]["decision"] = "pending"


@planted("acknowledged", "grant-lasting is active")
def an_acknowledged_revoke_is_lost(s: Sample) -> None:
    s.note("revoke", "dora", 70, target=grant_id("lasting"))


@planted("acknowledged", "extends grant-short")
def an_acknowledged_extension_extends_another(s: Sample) -> None:
    s.requests["longer"]["extends"] = grant_id("short")


@planted("acknowledged", "grant-left is active")
def an_acknowledged_leave_leaves_the_grant(s: Sample) -> None:
    s.grants["left"] |= {"state": "active", "ended_at": None}


@planted("acknowledged", "no decision.withdrawn of revoked")
def an_acknowledged_withdrawal_is_lost(s: Sample) -> None:
    s.drop_event("decision.withdrawn", "revoked")


@planted("acknowledged", "no access_request.retried of retried")
def an_acknowledged_retry_is_lost(s: Sample) -> None:
    s.drop_event("access_request.retried", "retried")


@planted("acknowledged", "cancelled by dora")
def cancelled_in_the_name_of_another(s: Sample) -> None:
    s.replace_note("cancel", "cancelled", who="dora")


@planted("acknowledged", "key cancelled made")
def one_key_makes_two_requests(s: Sample) -> None:
    s.ask("twice", "jill", "LabUser", 70)
    s.requests["twice"]["reason"] = "cancelled"


@planted("acknowledged", "nobody was told so")
def a_refused_request_is_there(s: Sample) -> None:
    s.ask("refused", "jill", "LabUser", 70)
    s.event("attempt.refused", 70, "jill", code="already_pending")
    s.replace_note("ask", "refused", status=409, code="already_pending", made=None)


@planted("acknowledged", "a repeat was refused")
def a_request_is_there_whose_repeat_was_refused(s: Sample) -> None:
    """The repeat of what was done has to be answered as the first one would have been."""
    s.ask("repeated", "jill", "LabUser", 91)
    s.replace_note("ask", "repeated", status=None, made=None)
    s.event("attempt.refused", 92, "jill", code="already_pending")
    s.note("ask", "jill", 92, key="repeated", status=409, code="already_pending")


@planted("acknowledged", "does not have it asked for by fay")
def asked_for_in_the_name_of_another(s: Sample) -> None:
    [event] = [e for e in s.events if (e["event"], e["access_request_id"]) == ("access_request.asked", "cancelled")]
    event["actor"] = "gus"


@planted("acknowledged", "pi did not approve request cancelled")
def a_decision_that_nobody_made(s: Sample) -> None:
    s.requests["cancelled"]["decisions"].append({"approver": "pi", "verdict": "approve", "void": None})


@planted("answer", "(500, key look-91): internal")
def a_fault_of_our_own_is_answered(s: Sample) -> None:
    s.note("look", "pi", 91, status=500, code="internal")


@planted("answer", "nothing was disturbed then")
def no_answer_while_nothing_was_disturbed(s: Sample) -> None:
    s.note("look", "pi", 70, status=None, code="ConnectError")


# (e) The audit is complete and valid, and no grant lasts longer than it was given for.


@planted("audit", "the chain breaks at 7")
def a_broken_chain(s: Sample) -> None:
    s.broken_at = 7


@planted("audit", "events were read of")
def an_event_is_missing(s: Sample) -> None:
    s.history()  # numbers them
    del s.events[3]


@planted("audit", "1 refusals of bob with own_request")
def a_refusal_that_is_not_audited(s: Sample) -> None:
    s.events = [event for event in s.events if event["event"] != "attempt.refused"]


@planted("audit", "request short is applied, and the audit has")
def applied_and_not_audited(s: Sample) -> None:
    s.drop_event("access_request.applied", "short")


@planted("audit", "does not have the decision of pi")
def a_decision_that_is_not_audited(s: Sample) -> None:
    s.drop_event("decision.made", "denied")


@planted("audit", "does not agree about its start")
def a_start_that_is_not_audited(s: Sample) -> None:
    s.drop_event("grant.started", "short")


@planted("audit", "does not agree about its end")
def an_end_that_is_not_audited(s: Sample) -> None:
    s.drop_event("grant.ended", "short")


@planted("duration", "grant-longer was given for PT1H")
def a_grant_that_was_given_for_longer(s: Sample) -> None:
    s.grants["longer"]["duration"] = "PT1H"


@planted("duration", "grant-revoked was over at")
def over_before_its_time_without_a_reason(s: Sample) -> None:
    s.grants["revoked"]["end_reason"] = "expired"


@planted("duration", "was to start at")
def begun_before_it_was_to_start(s: Sample) -> None:
    s.requests["short"]["starts_at"] = at(3).isoformat()


@planted("logged", "round_failed")
def a_process_said_something_unexpected(s: Sample) -> None:
    s.logged.append("worker.log: round_failed: KeyError")


@pytest.mark.parametrize("name", planted.names)
def test_what_is_spoilt_is_found(name: str) -> None:
    planted.find(name)
