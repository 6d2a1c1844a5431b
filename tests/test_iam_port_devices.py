"""The IAM port and MFA devices: made with a seed, activated with two codes, listed with and without a user."""

import base64
import datetime as dt

import pytest

from app.domain.devices import Seed
from app.domain.plans import Operation
from tests.support.deviations import behaviour
from tests.support.fake_iam import FakeIam
from tests.support.fake_users import codes_of
from tests.support.iam_ports import Port, new_name

OTHER_CODES = "314159 271828"


def device(port: Port) -> tuple[str, str]:
    """Make a virtual device; its serial number, and two of its codes."""
    name = new_name("device")
    port.do("CreateVirtualMFADevice", VirtualMFADeviceName=name, Path="/lab/")
    serial, seed = port.kept["SerialNumber"], port.kept["Base32StringSeed"]
    assert serial == port.arn(f"mfa/lab/{name}")
    return serial, " ".join(codes_of(seed))


@behaviour
def test_create_device(port: Port) -> str:
    name = new_name("device")
    outcome = port.outcome("CreateVirtualMFADevice", VirtualMFADeviceName=name, Path="/lab/")
    assert port.kept["Base32StringSeed"].isalnum()
    with_picture = "" if base64.b64decode(port.kept["QRCodePNG"]) else " no"
    whose = "nobody's" if port.kept["SerialNumber"] in port.iam.spare_devices() else "somebody's"
    return f"{outcome}, with seed and{with_picture} picture, {whose}"


@behaviour
def test_create_device_taken(port: Port) -> str:
    serial, _ = device(port)
    return port.outcome("CreateVirtualMFADevice", VirtualMFADeviceName=serial.rsplit("/", 1)[1], Path="/lab/")


@behaviour
def test_enable_device(port: Port) -> str:
    user = port.new_user()
    serial, codes = device(port)
    outcome = port.outcome("EnableMFADevice", secret=codes, UserName=user, SerialNumber=serial)
    (found,) = port.iam.devices(user) or ()
    assert (found.serial, found.virtual, found.kind) == (serial, True, "virtual")
    assert found == port.belongings(user).devices[0]
    timed = found.enabled_at is not None and abs(dt.datetime.now(dt.UTC) - found.enabled_at) < dt.timedelta(minutes=1)
    used = "spare still" if serial in port.iam.spare_devices() else "in use"
    return f"{outcome}, shown {'with' if timed else 'without'} its time, {used}"


@behaviour
def test_enable_device_wrong_codes(port: Port) -> str:
    serial, _ = device(port)
    return port.outcome("EnableMFADevice", secret=OTHER_CODES, UserName=port.new_user(), SerialNumber=serial)


@behaviour
def test_enable_device_assigned(port: Port) -> str:
    serial, codes = device(port)
    port.do("EnableMFADevice", secret=codes, UserName=port.new_user(), SerialNumber=serial)
    return port.outcome("EnableMFADevice", secret=codes, UserName=port.new_user(), SerialNumber=serial)


@behaviour
def test_enable_device_missing(port: Port) -> str:
    serial = port.arn("mfa/lab/not-there")
    return port.outcome("EnableMFADevice", secret=OTHER_CODES, UserName=port.new_user(), SerialNumber=serial)


@behaviour
def test_devices_missing(port: Port) -> str:
    return repr(port.iam.devices(new_name("user")))


@behaviour
def test_devices_shown(port: Port) -> str:
    user = port.new_user()
    before = port.iam.devices(user)
    port.give(user, "MFA device")
    return f"{before}, {'that one' if port.iam.devices(user) == port.belongings(user).devices != () else 'another'}"


@behaviour
def test_spare_devices(port: Port) -> str:
    user = port.new_user()
    port.give(user, "MFA device")
    used, (unused, _) = port.belongings(user).devices[0].serial, device(port)
    found = port.iam.spare_devices() & {used, unused}
    return "the second only" if found == {unused} else f"{len(found)} of them"


@pytest.mark.parametrize("secret", [None, "123456 654321"])
def test_codes_stand_beside_the_operation_only(secret: str | None) -> None:
    parameters = {"UserName": "bob", "SerialNumber": "x", **({"AuthenticationCode1": "123456"} if secret else {})}
    with pytest.raises(ValueError, match="beside the operation"):
        FakeIam().call(Operation("iam", "EnableMFADevice", parameters, "a test"), secret)


def test_a_seed_is_in_no_text_by_mistake() -> None:
    seed = Seed("ABCDEFGH", "cGljdHVyZQ==")
    assert "ABCDEFGH" not in f"{seed!r} {seed}"
    assert Seed.from_text(seed.to_text()) == seed
