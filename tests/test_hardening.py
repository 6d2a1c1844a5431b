"""What a review found, each shown from the outside as it was."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from app.clients import aws
from app.delivery.embedded import EmbeddedDelivery
from app.domain.actors import SYSTEM_ACTOR
from app.domain.sightings import SeenGroup, SeenPolicy
from app.domain.work import Work
from app.errors import Conflict
from app.services import setup, sightings
from tests.conftest import BOTH, Databases
from tests.support.lab import STEP, Lab
from tests.test_lifecycle import boto_iam, refused, wish
from tests.test_rules_over_http import ASK, Iam, shown, work

OTHER_ACCOUNT = "999999999999"


class Elsewhere(Iam):
    """Credentials of another account, in which nobody has anything."""

    @override
    def account(self) -> tuple[str, str]:
        return OTHER_ACCOUNT, "aws"

    @override
    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> None:
        return None


@BOTH
def test_two_admins_cannot_each_make_the_other_the_last(databases: Databases, kind: str) -> None:
    with databases.lab(kind, with_worker=False) as lab:
        asked = {n: lab.post(n, ASK, wish("user.roles", {"roles": ["member"]}), expect=201) for n in ("pi", "alice")}
        codes: list[int] = []

        def approve(approver: str, request: Any) -> None:
            codes.append(lab.call(approver, "POST", f"{ASK}/{request['id']}/approve").status_code)

        threads = [
            threading.Thread(target=approve, args=("alice", asked["pi"])),
            threading.Thread(target=approve, args=("pi", asked["alice"])),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert min(codes) == 200
        # 404: asked when the other one's approval had made them a member, who does not see it any more.
        assert max(codes) in {403, 404, 409}
        roles = [lab.get("bob", f"/v1/users/{n}")["roles"] for n in ("pi", "alice")]
        assert sorted("admin" in r for r in roles) == [False, True]


def test_nothing_is_called_revoked_by_credentials_of_another_account(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        asked = lab.ask("bob")
        lab.approve("alice", asked["id"])
        work(lab)
        grant = lab.get("bob", f"/v1/grants/{shown(lab, asked)['grant_id']}")
        lab.post("alice", f"/v1/grants/{grant['id']}/revoke", {"reason": "a test"}, expect=202)
        database = lab.running.database
        elsewhere = Elsewhere(boto_iam(lab))
        work(lab, elsewhere, pause=3600)
        failed = lab.get("bob", f"/v1/grants/{grant['id']}")
        assert (failed["state"], failed["failure"]["aws_code"]) == ("revoke_failed", "WrongAccount")
        assert lab.groups_in_iam("bob") == ["LabGuest"]
        with pytest.raises(Conflict) as wrong:
            setup.run(database, elsewhere, SYSTEM_ACTOR, "default")
        assert wrong.value.code == "wrong_account"

        lab.fall_due(grant["id"])
        work(lab)
        assert lab.get("bob", f"/v1/grants/{grant['id']}")["state"] == "revoked"
        assert lab.groups_in_iam("bob") == []


def test_rule_22_a_revoke_also_takes_the_failed_request_from_retry(databases: Databases) -> None:
    def refuse(operation: Any) -> None:
        raise aws.NeedsPerson(operation.action, "AccessDenied", "no")

    with databases.lab("sqlite", with_worker=False) as lab:
        first = lab.ask("bob")
        lab.approve("alice", first["id"])
        work(lab, Iam(boto_iam(lab), refuse))
        assert shown(lab, first)["provisioning"] == "failed"
        second = lab.ask("bob")
        lab.approve("alice", second["id"])
        work(lab)
        assert refused(lab, "pi", "POST", f"{ASK}/{first['id']}/retry") == (409, "already_has_access")
        grant_id = shown(lab, second)["grant_id"]
        lab.post("alice", f"/v1/grants/{grant_id}/revoke", {"reason": "a test"}, expect=202)
        work(lab)
        assert shown(lab, first)["decision"] == "cancelled"
        assert refused(lab, "pi", "POST", f"{ASK}/{first['id']}/retry") == (409, "not_failed")
        assert lab.groups_in_iam("bob") == []


def test_a_new_user_whose_group_is_taken_back_before_the_start_is_not_made(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        change = {"email": "dora@lab.example", "groups": ["LabGuest"]}
        asked = lab.post("pi", ASK, wish("user.create", change, user="dora"), expect=201)
        lab.approve("alice", asked["id"])
        grant_id = shown(lab, asked)["grant_id"]
        lab.post("alice", f"/v1/grants/{grant_id}/revoke", {"reason": "a test"}, expect=202)
        assert work(lab).calls == []
        assert shown(lab, asked)["decision"] == "cancelled"


def test_rule_3_a_leave_that_was_put_before_people_stays_theirs_to_decide(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        asked = lab.ask("bob")
        lab.approve("alice", asked["id"])
        work(lab)
        plain = boto_iam(lab).group("LabGuest")
        assert plain is not None
        _save(lab, replace(plain, policies=(*plain.policies, SeenPolicy("inline:keep-out", None, has_deny=True))))
        leave = lab.post("bob", ASK, wish("group.leave", {"group": "LabGuest"}), expect=201)
        assert leave["decision"] == "pending"
        _save(lab, plain)
        assert lab.post("alice", f"{ASK}/{leave['id']}/deny", {"comment": "stay"})["decision"] == "denied"


def _save(lab: Lab, group: SeenGroup) -> None:
    with lab.running.database.write() as tx:
        sightings.save_group(tx, "default", group.name, group)


def test_a_long_history_is_read_page_by_page(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        asked = lab.ask("bob")
        for _ in range(5):
            lab.approve("bob", asked["id"], expect=403)
        lab.post("alice", f"{ASK}/{asked['id']}/deny", {"comment": "no"})
        path, seen = f"{ASK}/{asked['id']}/events?limit=3", []
        page = lab.get("bob", path)
        while page["next_cursor"]:
            seen += page["items"]
            page = lab.get("bob", f"{path}&cursor={page['next_cursor']}")
        events = [e["event"] for e in [*seen, *page["items"]]]
        assert events[0] == "access_request.asked"
        assert events.count("attempt.refused") == 5
        assert events[-1] == "access_request.denied"


class Buggy:
    """A runner that fails at everything it is given."""

    def __init__(self) -> None:
        self.ran: list[Work] = []

    def __call__(self, work: Work) -> None:
        self.ran.append(work)
        raise RuntimeError("a bug")

    def remember(self) -> None:
        pass

    def without_database(self) -> None:
        pass


def test_the_worker_thread_survives_whatever_its_work_does(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        asked = lab.ask("bob")
        lab.approve("alice", asked["id"])
        delivery, runner = EmbeddedDelivery(lab.running.database), Buggy()
        delivery.start(runner)
        deadline = time.monotonic() + 60
        while len(runner.ran) < 2:
            assert time.monotonic() < deadline
            time.sleep(STEP)
        assert delivery.is_fresh()
        assert delivery.stop(60)


def test_a_refused_payload_says_where_like_any_other(lab: Lab) -> None:
    answer = lab.call("bob", "POST", ASK, wish("group.join", {"group": "LabGuest"}, duration="P90D"))
    assert (answer.status_code, answer.json()["code"]) == (422, "duration_too_long")
    assert [e["type"] for e in answer.json()["errors"]] == ["value_error"]
