"""Every kind lives on moto, on ministack and on the strict fake: once carried out, once refused.

What each is to show stands in `tests/support/kinds.py`, deviations of the emulators too.
"""

from collections.abc import Iterator

import pytest
from sqlmodel import col, select

from app.changes import REGISTRY
from app.domain.words import Kind
from app.models import Secret, Token
from tests.conftest import Databases
from tests.support import kinds_prepared as prepared
from tests.support import kinds_shown as shown
from tests.support.iam_ports import BACKENDS
from tests.support.kinds import LIVES
from tests.support.kinds_page import PAGE, written
from tests.support.lives import Deviation
from tests.support.worlds import ASK, Wish, World
from tests.support.worlds import world as new_world

KINDS = pytest.mark.parametrize("kind", LIVES, ids=str)


@pytest.fixture(scope="module", params=BACKENDS)
def world(request: pytest.FixtureRequest, databases: Databases, aws: str) -> Iterator[World]:
    """A lab over each backend in turn."""
    url = request.getfixturevalue("ministack_url") if request.param == "ministack" else aws
    with new_world(request.param, databases, url) as found:
        yield found


def in_general(finding: str, wish: Wish) -> str:
    """Without the names of this one life."""
    return (finding.replace(wish.of, "THIS") if wish.of else finding).replace(wish.subject, "USER")


@KINDS
def test_rule_28_every_kind_is_asked_for_approved_and_carried_out(world: World, kind: Kind) -> None:
    life = LIVES[kind]
    differs = life.deviations.get(world.backend, Deviation())
    wish = life.prepare(world)

    asked = world.ask(kind, wish)
    if life.by_rule:
        assert [d["approver"] for d in asked["decisions"]] == [f"rule:{life.by_rule}"]
    else:
        assert (asked["decision"], asked["ruling"]["required_approvals"]) == ("pending", 1)
        world.approve(asked)
    row = world.settled(asked["id"])

    assert row["provisioning"] == "applied", row
    assert life.look(world, wish) == (differs.shows or life.shows)
    begun = world.event(asked["id"], "access_request.applying") or {"operations": []}
    expected = [call for call in life.calls if call not in differs.without]
    assert [operation["action"] for operation in begun["operations"]] == expected
    said = world.event(asked["id"], "access_request.applied").get("findings", [])
    assert sorted(in_general(f, wish) for f in said) == sorted({*life.findings, *differs.findings})


@KINDS
def test_every_kind_is_refused_and_nothing_is_changed(world: World, kind: Kind) -> None:
    life, refused = LIVES[kind], LIVES[kind].refused
    wish = refused.prepare(world)
    before = life.look(world, wish)

    if refused.status:
        assert world.ask(kind, wish, expect=refused.status)["code"] == refused.code
    else:
        asked = world.ask(kind, wish)
        world.approve(asked)
        row = world.settled(asked["id"])
        assert (row["provisioning"], (row["failure"] or {}).get("code")) == ("failed", refused.code)
        assert world.event(asked["id"], "access_request.applied") is None
    assert life.look(world, wish) == before


def test_rules_2_and_24_whatever_was_given_to_somebody_is_gone_with_them(world: World) -> None:
    lab, bob = world.lab, world.person()
    joined = world.done("group.join", Wish({"group": "LabGuest"}, bob))
    given = world.done("policy.inline", Wish(prepared.one_off(world).change, bob, more={"duration": "PT1H"}))
    world.done("console.enable", Wish(user=bob))
    world.done("access_key.create", Wish(user=bob))
    [key] = world.port.belongings(bob).keys
    rotation = world.done("access_key.rotate", Wish({"key_id": key.id}, by=bob))
    world.done("mfa.enrol", Wish(by=bob))
    waiting = lab.get(bob, "/v1/secrets")["items"]
    assert sorted(s["kind"] for s in waiting) == ["access_key", "access_key", "console_password", "mfa_seed"]
    lab.post(bob, "/v1/tokens", {"name": "mine", "scopes": ["requests:read"], "expires_in": "P1D"}, expect=201)
    pending = [world.ask("console.reset", Wish(user=bob)), world.ask("group.join", Wish({"group": "LabUser"}, by=bob))]

    world.done("user.delete", Wish(user=bob))
    assert shown.everything(world, Wish(user=bob)) == "no such user, no device"
    with lab.running.database.read() as tx:
        kept = tx.session.scalars(select(col(Secret.sealed)).where(col(Secret.user) == bob)).all()
        live = tx.session.scalars(select(Token).where(col(Token.owner) == bob, col(Token.revoked_at).is_(None))).all()
    assert (kept, live) == ([None] * len(waiting), [])
    assert lab.call(bob, "GET", "/v1/me").status_code == 401
    grants = [lab.get("pi", f"/v1/grants/{row['grant_id']}") for row in (joined, given)]
    assert [(g["state"], g["end_reason"]) for g in grants] == [("revoked", "user_deleted")] * 2
    events = lab.get("pi", f"{ASK}/{rotation['id']}/events")["items"]
    assert (events[-1]["event"], events[-1]["data"]["outcome"]) == ("access_key.rotation_ended", "user_deleted")
    assert [lab.get("pi", f"{ASK}/{asked['id']}")["decision"] for asked in pending] == ["cancelled"] * 2


def test_every_kind_has_a_life() -> None:
    assert set(LIVES) == set(Kind) == set(REGISTRY)


def test_the_page_says_what_is_tested() -> None:
    assert PAGE.read_text() == written(PAGE.read_text()), "python -m tests.support.kinds_page writes it"
