"""Every kind lives on moto, on ministack and on the strict fake: once carried out, once refused.

What each is to show stands in `tests/support/kinds.py`, deviations of the emulators too.
"""

from collections.abc import Iterator

import pytest

from app.changes import REGISTRY
from app.domain.words import Kind
from tests.conftest import Databases
from tests.support.iam_ports import BACKENDS
from tests.support.kinds import LIVES
from tests.support.kinds_page import PAGE, written
from tests.support.lives import Deviation
from tests.support.worlds import Wish, World
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


def test_every_kind_has_a_life() -> None:
    assert set(LIVES) == set(Kind) == set(REGISTRY)


def test_the_page_says_what_is_tested() -> None:
    assert PAGE.read_text() == written(PAGE.read_text()), "python -m tests.support.kinds_page writes it"
