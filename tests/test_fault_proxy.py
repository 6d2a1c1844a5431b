"""The fault proxy does what it says: a proxy that fails in other ways would prove nothing about the service."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tests.support.fault_proxy import FaultProxy
from tests.support.faults import (
    BROKEN,
    CONCURRENT,
    DENIED,
    DROP_AFTER,
    DROP_BEFORE,
    LIMIT,
    NO_SUCH,
    PASSING,
    THROTTLED,
    UNMODIFIABLE,
    Answer,
    Call,
    Lie,
    ShortPages,
    Slow,
    Stale,
    Truncated,
    of_user,
)
from tests.support.write_log import Write, read_log

POLICIES = ("AmazonS3ReadOnlyAccess", "AmazonGlacierFullAccess", "IAMUserChangePassword")
GROUPS = ("Ga", "Gb", "Gc")
ADD = {"GroupName": "Ga", "UserName": "ann"}


def connect(url: str, *, attempts: int = 1, read_timeout: float = 60) -> Any:
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts}, read_timeout=read_timeout)
    return boto3.client("iam", endpoint_url=url, region_name="us-east-1", config=config)


@pytest.fixture
def direct(aws: str) -> Iterator[Any]:
    """IAM without the proxy: ann in no group, and three empty groups."""
    iam = connect(aws)
    _clear(iam)
    iam.create_user(UserName="ann", Path="/lab/")
    for group in GROUPS:
        iam.create_group(GroupName=group)
    yield iam
    _clear(iam)


def _clear(iam: Any) -> None:
    for group in (g["GroupName"] for g in iam.list_groups()["Groups"] if g["GroupName"] in GROUPS):
        for user in iam.get_group(GroupName=group)["Users"]:
            iam.remove_user_from_group(GroupName=group, UserName=user["UserName"])
        for policy in iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]:
            iam.detach_group_policy(GroupName=group, PolicyArn=policy["PolicyArn"])
        iam.delete_group(GroupName=group)
    for user in (u["UserName"] for u in iam.list_users()["Users"] if u["UserName"].startswith("ann")):
        for group in iam.list_groups_for_user(UserName=user)["Groups"]:
            iam.remove_user_from_group(GroupName=group["GroupName"], UserName=user)
        iam.delete_user(UserName=user)


@pytest.fixture
def proxy(aws: str, direct: Any) -> Iterator[FaultProxy]:  # noqa: ARG001 - what the calls are about
    with FaultProxy(aws, seed=7) as found:
        yield found


@pytest.fixture
def iam(proxy: FaultProxy) -> Iterator[Any]:
    """IAM through the proxy; a call is tried once."""
    client = connect(proxy.url)
    yield client
    client.close()


def code(problem: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = problem.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def groups_of(iam: Any, user: str = "ann") -> list[str]:
    return [g["GroupName"] for g in iam.list_groups_for_user(UserName=user)["Groups"]]


def test_what_is_not_told_to_fail_goes_through_and_writes_are_logged(proxy: FaultProxy, iam: Any) -> None:
    assert iam.get_user(UserName="ann")["User"]["Path"] == "/lab/"
    tags = [{"Key": "team", "Value": "rna & dna"}]
    iam.create_user(UserName="anna", Path="/lab/", Tags=tags)
    assert iam.get_user(UserName="anna")["User"]["Tags"] == tags
    iam.add_user_to_group(**ADD)
    with pytest.raises(ClientError) as refused:
        iam.remove_user_from_group(GroupName="Gb", UserName="ann")
    assert code(refused) == (404, "NoSuchEntity")

    log = proxy.settled()
    assert [(w.seq, w.action, w.status, w.done, w.delivered) for w in log] == [
        (1, "CreateUser", 200, True, True),
        (2, "AddUserToGroup", 200, True, True),
        (3, "RemoveUserFromGroup", 404, False, True),
    ]
    assert log[1].parameters == ADD
    assert log[0].parameters["Tags.member.1.Value"] == "rna & dna"
    assert all(a.answered <= b.passed_on for a, b in itertools.pairwise(log))
    assert (proxy.calls["GetUser"], proxy.met) == (2, [])
    assert [w.seq for w in proxy.writes("AddUserToGroup")] == [2]
    assert [w.seq for w in proxy.writes(user="ann")] == [2, 3]


@pytest.mark.parametrize(
    "fault", [THROTTLED, BROKEN, CONCURRENT, UNMODIFIABLE, LIMIT, DENIED, NO_SUCH], ids=lambda f: f.code
)
def test_an_error_is_answered_and_the_backend_never_sees_the_call(
    proxy: FaultProxy, iam: Any, direct: Any, fault: Answer
) -> None:
    rule = proxy.on("AddUserToGroup", fault)
    with pytest.raises(ClientError) as refused:
        iam.add_user_to_group(**ADD)
    assert code(refused) == (fault.status, fault.code)
    assert (rule.met, proxy.writes(), groups_of(direct)) == (1, [], [])
    iam.add_user_to_group(**ADD)
    assert (rule.met, groups_of(direct)) == (1, ["Ga"])


def test_a_lie_says_done_and_the_backend_never_sees_the_call(proxy: FaultProxy, iam: Any, direct: Any) -> None:
    proxy.on("AddUserToGroup", Lie())
    assert iam.add_user_to_group(**ADD)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert (proxy.writes(), groups_of(direct)) == ([], [])


def test_three_times_in_a_row_is_what_reaches_a_client_that_tries_three_times(proxy: FaultProxy) -> None:
    patient = connect(proxy.url, attempts=3)
    proxy.on("GetUser", THROTTLED, times=2)
    assert patient.get_user(UserName="ann")
    proxy.on("GetUser", THROTTLED, times=3)
    with pytest.raises(ClientError, match="Throttling"):
        patient.get_user(UserName="ann")
    assert proxy.calls["GetUser"] == 6
    patient.close()


def test_rules_by_count_and_by_question_and_the_first_that_fits_decides(proxy: FaultProxy, iam: Any) -> None:
    def outcome(user: str = "ann") -> str:
        try:
            iam.get_user(UserName=user)
        except ClientError as problem:
            return str(problem.response["Error"]["Code"])
        return "done"

    proxy.on("GetUser", DENIED, skip=2)
    proxy.on(of_user("GetUser", "nobody"), LIMIT, times=None)
    proxy.on(lambda call: call.number == 6, CONCURRENT)
    assert [outcome() for _ in range(4)] == ["done", "done", "AccessDenied", "done"]
    assert [outcome("nobody"), outcome(), outcome("nobody")] == [
        "LimitExceeded",
        "ConcurrentModification",
        "LimitExceeded",
    ]
    assert [(c.number, f) for c, f in proxy.met] == [(3, DENIED), (5, LIMIT), (6, CONCURRENT), (7, LIMIT)]
    proxy.clear()
    assert outcome("nobody") == "NoSuchEntity"


def test_the_same_seed_draws_the_same_faults(aws: str) -> None:
    def drawn(seed: int) -> list[int]:
        with FaultProxy(aws, seed=seed) as proxy:
            proxy.on({"GetUser", "ListUsers"}, [DENIED, LIMIT], times=None, probability=0.4)
            iam = connect(proxy.url)
            for _ in range(30):
                with contextlib.suppress(ClientError):
                    iam.list_users()
            iam.close()
            return [call.number for call, _ in proxy.met]

    first = drawn(3)
    assert drawn(3) == first
    assert drawn(4) != first
    assert 3 <= len(first) <= 25


def test_a_connection_dropped_before_changes_nothing(proxy: FaultProxy, iam: Any, direct: Any) -> None:
    proxy.on("AddUserToGroup", DROP_BEFORE)
    with pytest.raises(ConnectionClosedError):
        iam.add_user_to_group(**ADD)
    assert (proxy.writes(), groups_of(direct)) == ([], [])


def test_a_connection_dropped_after_has_changed_it(proxy: FaultProxy, iam: Any, direct: Any) -> None:
    proxy.on("AddUserToGroup", DROP_AFTER)
    with pytest.raises(ConnectionClosedError):
        iam.add_user_to_group(**ADD)
    [write] = proxy.settled()
    assert (write.done, write.delivered) == (True, False)
    assert groups_of(direct) == ["Ga"]


def test_botocore_makes_three_keys_where_the_answer_is_dropped_twice(proxy: FaultProxy, direct: Any) -> None:
    """Why CreateAccessKey needs a client that tries once (iam-facts, 4)."""
    patient = connect(proxy.url, attempts=3)
    proxy.on("CreateAccessKey", DROP_AFTER, times=2)
    with pytest.raises(ClientError, match="LimitExceeded"):
        patient.create_access_key(UserName="ann")
    assert [(w.done, w.delivered) for w in proxy.settled()] == [(True, False), (True, False), (False, True)]
    keys = direct.list_access_keys(UserName="ann")["AccessKeyMetadata"]
    assert len(keys) == 2
    for key in keys:
        direct.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    patient.close()


@pytest.mark.parametrize(
    "fault", [Truncated(), Truncated(keep=0.0), Truncated(honest=True)], ids=["ended", "ended-at-once", "honest"]
)
def test_a_truncated_answer_comes_after_the_change(proxy: FaultProxy, iam: Any, direct: Any, fault: Truncated) -> None:
    proxy.on("AddUserToGroup", fault)
    with pytest.raises(ResponseParserError):
        iam.add_user_to_group(**ADD)
    [write] = proxy.settled()
    assert (write.done, write.delivered, groups_of(direct)) == (True, False, ["Ga"])


def test_a_slow_call_and_a_slow_answer_are_given_up_and_done_all_the_same(proxy: FaultProxy, direct: Any) -> None:
    hasty = connect(proxy.url, read_timeout=0.2)
    for slow in (Slow(before=1.0), Slow(after=1.0)):
        proxy.on("AddUserToGroup", slow)
        with pytest.raises(ReadTimeoutError):
            hasty.add_user_to_group(**ADD)
        _until(lambda: [w.delivered for w in proxy.writes()][-1:] == [False])
        assert proxy.writes()[-1].passed_on - proxy.writes()[-1].arrived >= slow.before
        assert groups_of(direct) == ["Ga"]
        direct.remove_user_from_group(**ADD)
    proxy.on("AddUserToGroup", Slow(before=0.01, after=0.01))
    patient = connect(proxy.url)
    patient.add_user_to_group(**ADD)
    assert [w.delivered for w in proxy.settled()] == [False, False, True]
    patient.close()
    hasty.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_short_pages_hold_everything_once_and_in_order(proxy: FaultProxy, iam: Any, direct: Any, size: int) -> None:
    for name in GROUPS:
        direct.add_user_to_group(GroupName=name, UserName="ann")
    for name in POLICIES:
        arn = f"arn:aws:iam::aws:policy/{'service-role/' if 'x' in name else ''}{name}"
        direct.attach_group_policy(GroupName="Ga", PolicyArn=arn)
    others = ["ann1", "ann2", "ann3"]
    for name in others:
        direct.create_user(UserName=name)
        direct.add_user_to_group(GroupName="Ga", UserName=name)
    proxy.on(("ListGroupsForUser", "ListAttachedGroupPolicies", "GetGroup"), ShortPages(size), times=None)

    def pages(call: str, key: str, **parameters: str) -> list[list[Any]]:
        return [p[key] for p in iam.get_paginator(call).paginate(**parameters)]

    for call, key, parameters in (
        ("list_groups_for_user", "Groups", {"UserName": "ann"}),
        ("list_attached_group_policies", "AttachedPolicies", {"GroupName": "Ga"}),
        ("get_group", "Users", {"GroupName": "Ga"}),
    ):
        whole = getattr(direct, call)(**parameters)[key]
        cut = pages(call, key, **parameters)
        assert [item for page in cut for item in page] == whole
        assert [len(page) for page in cut] == [min(size, len(whole) - i) for i in range(0, len(whole), size)]


def test_a_list_with_nothing_in_it_is_one_page(proxy: FaultProxy, iam: Any) -> None:
    proxy.on("ListGroupsForUser", ShortPages(1))
    answer = iam.list_groups_for_user(UserName="ann")
    assert (answer["Groups"], answer["IsTruncated"]) == ([], False)


def test_a_page_can_be_asked_for_again_after_its_answer_was_lost(proxy: FaultProxy, iam: Any, direct: Any) -> None:
    for name in GROUPS:
        direct.add_user_to_group(GroupName=name, UserName="ann")
    proxy.on(lambda call: "Marker" not in call.parameters, ShortPages(2))
    first = iam.list_groups_for_user(UserName="ann")
    proxy.on("ListGroupsForUser", THROTTLED)
    with pytest.raises(ClientError, match="Throttling"):
        iam.list_groups_for_user(UserName="ann", Marker=first["Marker"])
    rest = iam.list_groups_for_user(UserName="ann", Marker=first["Marker"])
    assert [g["GroupName"] for g in first["Groups"] + rest["Groups"]] == list(GROUPS)
    assert rest["IsTruncated"] is False


def test_a_stale_read_is_the_answer_from_before_the_last_write(proxy: FaultProxy, iam: Any) -> None:
    assert groups_of(iam) == []
    iam.add_user_to_group(**ADD)
    proxy.on("ListGroupsForUser", Stale(), times=2)
    assert [groups_of(iam), groups_of(iam), groups_of(iam)] == [[], [], ["Ga"]]
    iam.add_user_to_group(GroupName="Gb", UserName="ann")
    proxy.on("ListGroupsForUser", Stale())
    assert [groups_of(iam), groups_of(iam)] == [["Ga"], ["Ga", "Gb"]]


def test_a_refused_write_makes_no_answer_stale_and_without_a_past_the_read_is_fresh(
    proxy: FaultProxy, iam: Any
) -> None:
    proxy.on("ListGroupsForUser", Stale(), times=None)
    assert groups_of(iam) == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.remove_user_from_group(**ADD)
    iam.add_user_to_group(**ADD)
    assert groups_of(iam) == []
    members = iam.get_group(GroupName="Ga")["Users"]
    assert [u["UserName"] for u in members] == ["ann"], "never read before, so there is nothing stale to say"


def test_what_was_just_made_is_not_there_yet(proxy: FaultProxy, iam: Any) -> None:
    iam.create_user(UserName="anna", Path="/lab/")
    iam.add_user_to_group(GroupName="Ga", UserName="anna")
    proxy.on({"GetUser", "ListGroupsForUser"}, Stale(), times=2)
    for ask in (iam.get_user, iam.list_groups_for_user):
        with pytest.raises(ClientError) as missing:
            ask(UserName="anna")
        assert code(missing) == (404, "NoSuchEntity")
    assert groups_of(iam, "anna") == ["Ga"]


def test_a_call_is_held_before_and_behind_the_change(proxy: FaultProxy, iam: Any, direct: Any) -> None:
    moments: tuple[tuple[Literal["before", "after"], list[str]], ...] = (("before", []), ("after", ["Ga"]))
    for when, shown in moments:
        hold = proxy.hold("AddUserToGroup", when)
        caller = threading.Thread(target=iam.add_user_to_group, kwargs=ADD)
        caller.start()
        hold.wait_reached()
        assert groups_of(direct) == shown
        assert [w.delivered for w in proxy.writes("AddUserToGroup")] == ([None] if shown else [])
        hold.release()
        caller.join(60)
        assert proxy.settled("AddUserToGroup")[-1].delivered is True
        direct.remove_user_from_group(**ADD)
        proxy.log._writes.clear()


def test_a_caller_that_dies_while_its_call_is_held_gets_no_answer(
    proxy: FaultProxy, direct: Any, tmp_path: Path
) -> None:
    hold = proxy.hold("AddUserToGroup", "after")
    script = tmp_path / "call.py"
    script.write_text(
        "import boto3, sys\n"
        "iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='us-east-1')\n"
        "iam.add_user_to_group(GroupName='Ga', UserName='ann')\n"
    )
    with subprocess.Popen([sys.executable, script, proxy.url]) as caller:
        hold.wait_reached()
        caller.kill()
        caller.wait(60)
    hold.release()
    assert proxy.settled()[-1].delivered is False
    assert groups_of(direct) == ["Ga"]


def test_a_backend_that_goes_away_leaves_a_write_of_which_nobody_knows(direct: Any) -> None:
    del direct
    with FaultProxy("http://127.0.0.1:1") as proxy:
        iam = connect(proxy.url)
        with pytest.raises(ConnectionClosedError):
            iam.add_user_to_group(**ADD)
        [write] = proxy.settled()
        assert (write.status, write.done, write.delivered) == (None, False, False)
        iam.close()


def test_writes_of_one_user_by_many_callers_are_logged_in_their_order(proxy: FaultProxy, direct: Any) -> None:
    """What the log says is what IAM comes to: the history check rests on it."""

    def hammer(number: int) -> None:
        iam = connect(proxy.url)
        for turn in range(15):
            call = iam.add_user_to_group if (turn + number) % 2 else iam.remove_user_from_group
            with contextlib.suppress(ClientError):  # not a member just now
                call(**ADD)
        iam.close()

    callers = [threading.Thread(target=hammer, args=(n,)) for n in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    log = proxy.writes()
    assert [w.seq for w in log] == list(range(1, 91))
    member = False
    for write in log:
        assert write.done is (write.action == "AddUserToGroup" or member), write
        member = write.action == "AddUserToGroup"
    assert groups_of(direct) == (["Ga"] if member else [])


def test_every_passing_fault_at_once_and_the_log_still_says_what_was_done(proxy: FaultProxy, direct: Any) -> None:
    patient = connect(proxy.url, attempts=3)
    proxy.on(None, PASSING, times=None, probability=0.4)
    for _ in range(20):
        for call in (patient.add_user_to_group, patient.get_user, patient.remove_user_from_group):
            with contextlib.suppress(ClientError, BotoCoreError, ResponseParserError):
                call(**({"UserName": "ann"} if call == patient.get_user else ADD))
    proxy.clear()
    member = False
    for write in proxy.writes():
        if write.done:
            member = write.action == "AddUserToGroup"
    assert groups_of(direct) == (["Ga"] if member else [])
    assert len({type(fault) for _, fault in proxy.met}) >= 4
    patient.close()


def test_as_a_process_with_a_log_that_outlives_it(aws: str, direct: Any, tmp_path: Path) -> None:
    log = tmp_path / "writes.jsonl"
    words = ["-m", "tests.support.fault_proxy", "--backend", aws, "--log", str(log), "--seed", "5"]
    env = {"PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1], env=env
    ) as run:
        assert run.stdout is not None
        iam = connect(run.stdout.readline().strip())
        iam.add_user_to_group(**ADD)
        assert groups_of(iam) == ["Ga"]
        _until(lambda: bool(read_log(log)) and read_log(log)[0].delivered is not None)
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
        iam.close()
    [write] = read_log(log)
    assert (write.action, write.done, write.delivered, write.parameters) == ("AddUserToGroup", True, True, ADD)
    assert [set(json.loads(line)) >= {"seq", "delivered"} for line in log.read_text().splitlines()] == [True, True]
    assert groups_of(direct) == ["Ga"]


def test_a_log_cut_in_the_middle_of_a_line_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "writes.jsonl"
    with FaultProxy("http://127.0.0.1:1", log=path) as proxy:
        write = proxy.log.add(Call(1, "AddUserToGroup", ADD), 0.0, 200)
        proxy.log.delivered(write, yes=True)
    whole = path.read_text()
    path.write_text(whole[:-5])
    assert read_log(path) == [write]
    path.write_text(whole)
    assert [w.delivered for w in read_log(path)] == [True]


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_write_knows_its_user() -> None:
    assert Write(1, "AddUserToGroup", ADD, "", 0.0, 0.0, 0.0, "", 200).user == "ann"
    assert Call(1, "GetPolicy", {"PolicyArn": "a"}).subjects == ("policy:a",)
