"""The examples do what they say, run as their README prints them, and print what docs/examples.md shows."""

import configparser
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import gatehouse_client as gh
import pytest

from tests.conftest import Databases
from tests.support.examples_page import PAGE, page
from tests.support.examples_run import Examples, Ran, all_of_them
from tests.support.lab import Lab


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite") as found:
        found.register("carol")
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def examples(lab: Lab, folder: Path) -> Examples:
    return Examples(lab.url, lab.tokens, folder)


@pytest.fixture(scope="module")
def ran(examples: Examples) -> dict[str, list[Ran]]:
    return dict(all_of_them(examples))


def test_what_they_print_is_on_the_page(ran: dict[str, list[Ran]]) -> None:
    assert {line.line: line.code for lines in ran.values() for line in lines if line.code} == {}
    assert PAGE.read_text() == page(ran.items()), "python -m tests.support.examples_page writes it"


def test_what_they_did_is_so(ran: dict[str, list[Ran]], lab: Lab, folder: Path) -> None:
    assert len(ran) == 4
    assert lab.groups_in_iam("bob") == ["LabUser"]
    assert lab.get("pi", "/v1/users/carol")["state"] == "suspended"
    [deletion] = lab.get("pi", "/v1/access-requests?kind=user.delete")["items"]
    assert (deletion["user"], deletion["decision"]) == ("carol", "pending")
    file = folder / "credentials"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in folder.glob(".credentials*")] == []
    kept = configparser.ConfigParser(interpolation=None)
    kept.read(file)
    key = kept["default"]["aws_access_key_id"]
    there = {k["AccessKeyId"] for k in lab.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]}
    assert len(there) == 2
    assert key in there
    as_bob = boto3.client(
        "sts",
        endpoint_url=lab.iam.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=kept["default"]["aws_secret_access_key"],
    )
    assert as_bob.get_caller_identity()["Arn"].endswith("/bob")
    [asked] = lab.get("pi", "/v1/access-requests?user=alice&kind=group.join&decision=approved")["items"]
    assert [(d["approver"], d["channel"]) for d in asked["decisions"]] == [("pi", "api")]


def test_a_key_that_was_collected_and_not_kept_is_replaced(
    ran: dict[str, list[Ran]], examples: Examples, lab: Lab, folder: Path
) -> None:
    assert len(ran) == 4
    file, beside = folder / "credentials", folder / ".credentials.new"

    def keys() -> set[str]:
        return {k["AccessKeyId"] for k in lab.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]}

    kept = configparser.ConfigParser(interpolation=None)
    kept.read(file)
    lost = kept["default"]["aws_access_key_id"]
    [old] = keys() - {lost}
    # As it is where a run is killed with the answer in its hands.
    [made] = lab.get("bob", "/v1/access-requests?kind=access_key.rotate")["items"]
    beside.write_text(f"# made by access request {made['id']}\n")
    file.write_text(f"[default]\naws_access_key_id = {old}\naws_secret_access_key = x\n")
    again = examples.run("bob", "python examples/rotate_own_key.py credentials")
    assert (again.code, "was lost, and is deleted" in again.output) == (0, True), again.output
    kept.read(file)
    assert keys() == {old, kept["default"]["aws_access_key_id"]}
    assert lost not in keys()
    assert not beside.exists()


def test_what_is_approved_and_begins_later_is_not_undecided(ran: dict[str, list[Ran]], examples: Examples) -> None:
    assert len(ran) == 4
    later = datetime.now(UTC) + timedelta(days=1)
    with examples.person("bob") as bob, examples.person("alice") as alice:
        wish = gh.models.AskGroupJoin(
            kind="group.join", change=gh.models.GroupBody(group="LabGuest"), reason="tomorrow", starts_at=later
        )
        asked = alice.approve(bob.ask(wish).id)
        found = examples.run("bob", "python examples/day_of_ec2.py --group LabGuest --reason x --wait 0")
        bob.revoke(asked.grant_id or "", reason="a test")
    assert (found.code, "approved, and not there yet" in found.output) == (3, True), found.output


def test_they_end_with_the_codes_that_they_name(ran: dict[str, list[Ran]], examples: Examples, folder: Path) -> None:
    assert len(ran) == 4
    (folder / "wrong.csv").write_text("name,last_day\ncarol,yesterday\n")
    (folder / "long.csv").write_text(f"name,last_day\n{'x' * 200_000},2026-01-01\n")
    (folder / "excel.csv").write_bytes(b"\xef\xbb\xbfname,last_day\r\nnobody,2026-01-01\r\n")
    (folder / "gone.csv").write_text("name,last_day\npi,2026-01-01\n")
    ask = "python examples/day_of_ec2.py --group LabGuest --reason x"
    codes = {
        f"{ask} --wait 0": 3,
        f"{ask} --for P1Y --wait 0": 1,
        f"GATEHOUSE_TOKEN= {ask}": 2,
        "python examples/offboarding.py wrong.csv": 2,
        "python examples/offboarding.py long.csv": 2,
        "python examples/offboarding.py excel.csv": 0,
        "python examples/offboarding.py gone.csv": 1,  # bob may not suspend the owner
        "python examples/rotate_own_key.py nowhere": 2,
        "python examples/rotate_own_key.py credentials": 1,  # the last rotation is not over
    }
    ended = {line: examples.run("bob", line) for line in codes}
    assert {line: ran.code for line, ran in ended.items()} == codes
    assert [line for line, ran in ended.items() if "Traceback" in ran.output] == []
