"""The README's curl lines work as printed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from app.config import Settings

ROOT = Path(__file__).parent.parent


_UNTIL_REVOKED = (
    'until curl -s $URL/v1/grants/$GRANT -H "Authorization: Bearer $BOB" | grep -q \'"state":"revoked"\'; '
    "do sleep 0.2; done"
)


@pytest.fixture(scope="module")
def shell_environment() -> Iterator[dict[str, str]]:
    """What `make serve` prints for another terminal."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GATEHOUSE_")}
    command = [str(Path(sys.executable).parent / "gatehouse"), "serve", "--simulate", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=plain) as server:
        assert server.stdout is not None
        try:
            lab = json.loads(server.stdout.readline())
            people = {name.upper(): token for name, token in lab["tokens"].items()}
            yield {**plain, "URL": lab["url"], "AWS_ENDPOINT_URL": lab["aws_endpoint_url"], **people}
        finally:
            server.terminate()
            server.wait(120)


def test_the_whole_life_with_curl(shell_environment: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    section = text.split("## The whole life with curl", 1)[1].split("\n## ", 1)[0]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL))
    # A busy machine may take the access away later than two seconds after its end.
    assert "\nsleep 10\n" in script
    script = script.replace("\nsleep 10\n", f"\nsleep 10\n{_UNTIL_REVOKED}\n")
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=shell_environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    shown = [json.loads(part) for part in re.findall(r"^\{\n.*?^\}$", ran.stdout, flags=re.DOTALL | re.MULTILINE)]
    asked, refused, waiting, approved, applied, grant, history, verified, preview, dora, redeemed, vouched = shown
    assert asked["decision"] == "pending"
    assert refused["code"] == "own_request"
    assert [row["id"] for row in waiting["items"]] == [asked["id"]]
    assert approved["decision"] == "approved"
    assert applied["provisioning"] == "applied"
    assert (grant["state"], grant["end_reason"]) == ("revoked", "expired")
    assert [event["event"] for event in history["items"]][-1] == "grant.ended"
    assert verified["valid"] is True
    assert preview["ruling"]["required_approvals"] == 2
    assert dora["user"]["verified"] is False
    assert redeemed["token"].startswith("gh_pat_")
    assert vouched["verified"] is True


IN_ITS_OWN_CONTAINER = {
    "GATEHOUSE_CATALOG",  # a file, which would have to be mounted: `docker compose run --volume`
    "GATEHOUSE_MIGRATE_URL",  # for `migrate` alone
    "GATEHOUSE_SIMULATE",  # set by `serve --simulate`
}


def test_compose_hands_on_every_setting_and_names_this_version() -> None:
    compose = (ROOT / "compose.yaml").read_text()
    names = {f"GATEHOUSE_{name.upper()}" for name in Settings.model_fields}
    to_all = compose.split("environment: &environment", 1)[1].split("stop_grace_period", 1)[0]
    handed_on = set(re.findall(r"^ +(GATEHOUSE_[A-Z_]+):", to_all, flags=re.MULTILINE))
    assert handed_on == names - IN_ITS_OWN_CONTAINER
    assert f"image: gatehouse:{version('gatehouse')}" in compose


def test_the_readme_names_every_setting() -> None:
    table = (ROOT / "README.md").read_text().split("## Settings", 1)[1].split("\n## ", 1)[0]
    names = {f"GATEHOUSE_{name.upper()}" for name in Settings.model_fields}
    assert names - {"GATEHOUSE_SIMULATE"} <= set(re.findall(r"`(GATEHOUSE_[A-Z_]+)`", table))
