"""MFA while calls go wrong at each step, over the strict fake: one device, whose seed its user has, or none."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.domain.actors import Caller
from app.domain.words import Channel
from app.errors import Conflict, Invalid, Unavailable
from app.models import AccessRequest, Secret, Sighting, columns
from app.services import mfa, tokens
from app.services.devices import LEEWAY
from app.services.direct import Direct
from app.services.housekeeping import tidy
from app.services.lanes import Lanes
from tests.conftest import Databases
from tests.support.fake_iam import Died, Fault
from tests.support.fake_users import codes_of, virtual_device
from tests.support.lab import Lab
from tests.test_secret_faults import Place, place  # noqa: F401 - place is a fixture
from tests.test_secrets import ASK, collect, waiting

ENROL, RESET = "mfa.enrol", "mfa.reset"
SERIAL = virtual_device("lab/bob")
OWN = virtual_device("bobs-phone")
KEY = "GAHT12345678"
FAULTS = [
    [Fault.BUSY],
    [Fault.DROPPED],
    [Fault.CRASH],
    [Fault.CRASH_AFTER],
    [Fault.CRASH_AFTER, Fault.CRASH_AFTER],
    [Fault.DROPPED, Fault.BUSY, Fault.CRASH_AFTER],
]


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture(autouse=True)
def _afresh(place: Place) -> Iterator[None]:  # noqa: F811
    yield
    seen, request = columns(Sighting), columns(AccessRequest)
    with place.lab.running.database.write() as tx:
        tx.session.execute(sa.delete(seen).where(seen.c.what == "mfa"))
        tx.session.execute(sa.update(request).values(due_at=None, same_change=None))


def caller(place: Place) -> Caller:  # noqa: F811
    with place.lab.running.database.write() as tx:
        return tokens.authenticate(tx, place.lab.tokens["bob"], channel=Channel.API, request_id="a test")


def activate(place: Place, codes: tuple[str, str] | None = None) -> None:  # noqa: F811
    """As the handler does; without codes, with those of the device that there is."""
    codes = codes or codes_of(place.iam.seeds[SERIAL])
    database = place.lab.running.database
    direct = Direct(database, lambda _account: place.iam, Lanes(database))
    mfa.activate(database, direct, caller(place), "bob", "default", " ".join(codes))


def later(place: Place, by: dt.timedelta) -> None:  # noqa: F811
    """Make every enrolment older."""
    secret, request = columns(Secret), columns(AccessRequest)
    with place.lab.running.database.write() as tx:
        for table, column in ((secret, "expires_at"), (request, "due_at")):
            rows = tx.session.execute(sa.select(table.c.id, table.c[column]).where(table.c[column].is_not(None))).all()
            for row_id, at in rows:
                change = sa.update(table).where(table.c.id == row_id).values({column: at - by})
                tx.session.connection().execute(change)


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "-".join(fault.value for fault in faults))
def test_the_seed_that_is_collected_is_the_devices(place: Place, faults: list[Fault]) -> None:  # noqa: F811
    request_id = place.ask(ENROL)
    place.iam.faults.extend(faults)
    place.work(request_id)
    assert not place.iam.faults, "each was met"
    assert place.iam.virtual_devices == {SERIAL}
    assert len(waiting(place.lab)) == 1
    assert collect(place.lab)["base32_seed"] == place.iam.seeds[SERIAL]
    activate(place)
    assert place.bob.devices == [SERIAL]


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.CRASH, Fault.DROPPED])
@pytest.mark.parametrize("position", range(7))
def test_a_reading_goes_wrong(place: Place, fault: Fault, position: int) -> None:  # noqa: F811
    request_id = place.ask(ENROL)
    place.iam.read_faults.extend([Fault.NONE] * position + [fault])
    place.work(request_id)
    assert not place.iam.read_faults, "it was met"
    assert collect(place.lab)["base32_seed"] == place.iam.seeds[SERIAL]


def test_rule_19_a_device_that_is_refused_leaves_nothing_behind(place: Place) -> None:  # noqa: F811
    request_id = place.ask(ENROL)
    place.iam.faults.extend([Fault.CRASH_AFTER, Fault.REFUSED])
    place.work(request_id, "failed")
    assert (place.iam.virtual_devices, waiting(place.lab)) == (set(), [])


def test_a_device_that_was_only_said_to_be_made_is_made_again(place: Place) -> None:  # noqa: F811
    request_id = place.ask(ENROL)
    place.iam.faults.append(Fault.LOST)
    place.work(request_id)
    assert collect(place.lab)["base32_seed"] == place.iam.seeds[SERIAL]


def test_somebody_with_a_device_keeps_it(place: Place) -> None:  # noqa: F811
    place.iam.virtual_devices.add(OWN)
    place.bob.devices.append(OWN)
    row = place.work(place.ask(ENROL), "failed")
    assert row["failure"]["code"] == "mfa_device_there"
    assert (place.bob.devices, place.iam.calls) == ([OWN], [])


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "-".join(fault.value for fault in faults))
def test_every_device_is_taken_and_no_virtual_one_is_left(place: Place, faults: list[Fault]) -> None:  # noqa: F811
    place.iam.virtual_devices |= {OWN, virtual_device("somebody-elses")}
    place.bob.devices += [OWN, KEY]
    request_id = place.ask(RESET)
    place.iam.faults.extend(faults)
    place.work(request_id)
    assert not place.iam.faults, "each was met"
    assert place.bob.devices == []
    assert place.iam.virtual_devices == {virtual_device("somebody-elses")}


@pytest.mark.parametrize("position", range(3))
def test_a_reset_that_was_refused_half_way_is_finished_by_a_retry(place: Place, position: int) -> None:  # noqa: F811
    place.iam.virtual_devices.add(OWN)
    place.bob.devices += [OWN, KEY]
    request_id = place.ask(RESET)
    place.iam.faults.extend([Fault.NONE] * position + [Fault.REFUSED])
    place.work(request_id, "failed")
    place.lab.post("pi", f"{ASK}/{request_id}/retry")
    place.work(request_id)
    assert (place.bob.devices, place.iam.virtual_devices) == ([], set())


def test_codes_that_aws_does_not_take_change_nothing_and_are_nowhere(place: Place) -> None:  # noqa: F811
    place.done(ENROL)
    with pytest.raises(Invalid) as refused:
        activate(place, ("314159", "271828"))
    assert refused.value.code == "codes_not_accepted"
    assert place.bob.devices == []
    activate(place)
    events = place.lab.call("pi", "GET", "/v1/audit-events?limit=200").text
    for code in ("314159", "271828", *codes_of(place.iam.seeds[SERIAL]), *place.iam.secrets):
        assert f'"{code}"' not in events
        assert f" {code}" not in events


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.CRASH_AFTER, Fault.LOST])
def test_an_activation_whose_answer_is_lost_is_found_by_asking_again(place: Place, fault: Fault) -> None:  # noqa: F811
    place.done(ENROL)
    place.iam.faults.append(fault)
    with pytest.raises((Unavailable, Died)):
        activate(place)
    activate(place)
    assert place.bob.devices == [SERIAL]
    with place.lab.running.database.read() as tx:
        assert mfa.status(tx, caller(place), "bob", "default").enrolment is None


def test_who_cannot_reach_aws_is_told_and_the_enrolment_stays(place: Place) -> None:  # noqa: F811
    place.done(ENROL)
    for fault, code in ((Fault.BUSY, "aws_unavailable"), (Fault.REFUSED, "access_denied")):
        place.iam.faults.append(fault)
        with pytest.raises(Unavailable) as refused:
            activate(place)
        assert refused.value.code == code
    activate(place)


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("fault", [None, Fault.BUSY, Fault.DROPPED, Fault.CRASH, Fault.CRASH_AFTER, Fault.REFUSED])
def test_what_nobody_activates_is_removed(place: Place, fault: Fault | None, *, collected: bool) -> None:  # noqa: F811
    request_id = place.ask(ENROL)
    place.work(request_id)
    if collected:
        collect(place.lab)
    later(place, dt.timedelta(hours=72))
    tidy(place.lab.running.database)
    with pytest.raises(Conflict) as refused:
        activate(place)
    assert refused.value.code == "no_enrolment"
    place.once()
    assert place.iam.virtual_devices == {SERIAL}, "not before an activation under way is over"
    later(place, LEEWAY)
    if fault is not None:
        place.iam.faults.append(fault)
    for _ in range(3):
        place.once()
    assert (place.iam.virtual_devices, place.bob.devices) == (set(), [])
    assert place.row(request_id)["provisioning"] == "applied"
    events = [e["event"] for e in place.lab.get("pi", f"{ASK}/{request_id}/events")["items"]]
    assert events.count("mfa.enrolment_expired") == 1
    place.done(ENROL)


def test_a_device_that_is_active_or_anew_is_not_removed(place: Place) -> None:  # noqa: F811
    first = place.ask(ENROL)
    place.work(first)
    place.done(ENROL)  # the same serial number, made anew
    request = columns(AccessRequest)
    with place.lab.running.database.write() as tx:
        tx.session.execute(sa.update(request).where(request.c.id == first).values(due_at=tx.now))
    place.once()
    assert place.iam.virtual_devices == {SERIAL}
    activate(place)
    later(place, dt.timedelta(hours=80))
    for _ in range(2):
        place.once()
    assert (place.bob.devices, place.iam.virtual_devices) == ([SERIAL], {SERIAL})
