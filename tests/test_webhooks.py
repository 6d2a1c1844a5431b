"""Webhooks over HTTP, as an admin and the receiver see them: registered, heard, verified, rotated, turned off."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from standardwebhooks import WebhookVerificationError

from app.domain.webhook_events import TYPES, WORDS
from tests.conftest import Databases
from tests.support.lab import Lab, serving
from tests.support.receiver import Receiver, receiving
from tests.support.site import until

ROOT = Path(__file__).parents[1]
LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
def lab(databases: Databases, aws: str) -> Iterator[Lab]:
    """A running lab that may send to loopback."""
    settings, tokens = databases.prepared("sqlite")
    settings = settings.model_copy(update={"webhooks_allow_private": LOOPBACK})
    with serving(settings, tokens, aws) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def register(lab: Lab, url: str, *events: str, who: str = "pi", expect: int = 201) -> Any:
    return lab.post(who, "/v1/webhooks", {"url": url, "events": list(events)}, expect=expect)


def deliveries(lab: Lab, hook: Any) -> list[Any]:
    found: list[Any] = lab.get("pi", f"/v1/webhooks/{hook['id']}/deliveries")["items"]
    return found


def until_delivered(lab: Lab, hook: Any, delivery_id: str) -> Any:
    def found() -> Any:
        return next(one for one in deliveries(lab, hook) if one["id"] == delivery_id)

    until(lambda: found()["state"] == "delivered")
    return found()


def test_who_registers_hears_what_happens_from_then_on_and_can_verify_it(lab: Lab, receiver: Receiver) -> None:
    earlier = lab.ask("alice", "LabUser")
    hook = register(lab, f"{receiver.url}/ok?key=k1", "access_request.decided", "grant.*")
    assert hook["secret"].startswith("whsec_")
    asked = lab.ask("bob", reason="a reason that stays inside")
    lab.approve("alice", asked["id"], {"comment": "a comment that stays inside"})
    grant_id = lab.applied(asked["id"])["grant_id"]
    path = "/ok?key=k1"
    until(lambda: receiver.types(path, hook["secret"]) == ["access_request.decided", "grant.started"])
    decided, started = (call.read(hook["secret"]) for call in receiver.got(path))
    assert decided["data"] == {
        "actor": "alice",
        "user": "bob",
        "access_request_id": asked["id"],
        "kind": "group.join",
        "account": "default",
        "requester": "bob",
        "group": "LabGuest",
        "decision": "approved",
    }
    assert started["data"]["grant_id"] == grant_id
    grant = lab.get("pi", f"/v1/grants/{grant_id}")
    assert (started["timestamp"][-1], started["data"]["ends_at"]) == ("Z", grant["ends_at"])
    until(lambda: [row["state"] for row in deliveries(lab, hook)] == ["delivered"] * 2)
    newest = deliveries(lab, hook)[0]
    assert (newest["type"], [tried["status"] for tried in newest["attempts"]]) == ("grant.started", [200])
    assert newest["id"] == receiver.got(path)[1].id
    everything = json.dumps([call.body.decode() for call in receiver.calls])
    assert "stays inside" not in everything
    assert earlier["id"] not in everything
    lab.post("alice", f"/v1/access-requests/{earlier['id']}/cancel")
    lab.call("pi", "DELETE", f"/v1/webhooks/{hook['id']}")


def test_rule_17_the_secret_is_answered_once_and_kept_sealed(lab: Lab, receiver: Receiver) -> None:
    body = {"url": f"{receiver.url}/ok", "events": ["*"]}
    headers = {"Idempotency-Key": "webhook-1"}
    made = lab.post("pi", "/v1/webhooks", body, expect=201, headers=headers)
    again = lab.post("pi", "/v1/webhooks", body, expect=409, headers=headers)
    assert again["code"] == "already_delivered"
    rotated = lab.post("pi", f"/v1/webhooks/{made['id']}/rotate", headers={"Idempotency-Key": "webhook-2"})
    shown = lab.get("pi", f"/v1/webhooks/{made['id']}")
    assert "secret" not in shown
    with closing(sqlite3.connect(make_url(lab.settings.database_url).database or "")) as connection:
        stored = "\n".join(connection.iterdump())
    for secret in (made["secret"], rotated["secret"]):
        assert secret.removeprefix("whsec_") not in stored
    assert lab.call("pi", "DELETE", f"/v1/webhooks/{made['id']}").status_code == 204
    assert lab.call("pi", "GET", f"/v1/webhooks/{made['id']}").status_code == 404


def test_after_a_rotation_both_secrets_verify_for_a_day(lab: Lab, receiver: Receiver) -> None:
    hook = register(lab, f"{receiver.url}/ok", "webhook.disabled")
    first = hook["secret"]
    second = lab.post("pi", f"/v1/webhooks/{hook['id']}/rotate")["secret"]
    shown = lab.get("pi", f"/v1/webhooks/{hook['id']}")
    assert shown["old_secret_ends_at"] is not None
    pinged = lab.post("pi", f"/v1/webhooks/{hook['id']}/ping", expect=202)
    until_delivered(lab, hook, pinged["id"])
    [call] = receiver.got("/ok")
    assert [call.read(secret)["type"] for secret in (first, second)] == ["webhook.ping"] * 2
    assert len(call.headers["webhook-signature"].split()) == 2
    with pytest.raises(WebhookVerificationError):
        call.read("whsec_" + "A" * 44)
    third = lab.post("pi", f"/v1/webhooks/{hook['id']}/rotate")["secret"]
    pinged = lab.post("alice", f"/v1/webhooks/{hook['id']}/ping", expect=202)
    until_delivered(lab, hook, pinged["id"])
    call = receiver.got("/ok")[-1]
    assert [call.read(secret)["type"] for secret in (second, third)] == ["webhook.ping"] * 2
    with pytest.raises(WebhookVerificationError):
        call.read(first)
    lab.call("pi", "DELETE", f"/v1/webhooks/{hook['id']}")


def test_only_admins_have_webhooks_and_what_one_hears_is_its_owners(lab: Lab, receiver: Receiver) -> None:
    hook = register(lab, f"{receiver.url}/ok", "*")
    path = f"/v1/webhooks/{hook['id']}"
    assert register(lab, f"{receiver.url}/ok", "*", who="bob", expect=403)["code"] == "admin_only"
    for method, where in (("GET", "/v1/webhooks"), ("GET", path), ("DELETE", path), ("POST", f"{path}/ping")):
        assert lab.call("bob", method, where).json()["code"] == "admin_only", where
    assert [row["id"] for row in lab.get("alice", "/v1/webhooks")["items"]] == [hook["id"]]
    for method, where, body in (
        ("POST", f"{path}/rotate", None),
        ("PATCH", path, {"url": f"{receiver.url}/mine"}),
        ("PATCH", path, {"events": ["*"]}),
        ("PATCH", path, {"enabled": True}),
    ):
        assert lab.call("alice", method, where, body).json()["code"] == "not_your_webhook", body
    off = lab.call("alice", "PATCH", path, {"enabled": False}).json()
    assert (off["enabled"], off["disabled_why"]) == (False, "by_hand")
    assert lab.post("pi", f"{path}/ping", expect=409)["code"] == "webhook_disabled"
    stale = lab.call("pi", "PATCH", path, {"enabled": True}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    fresh = {"If-Match": f'"{off["version"]}"'}
    on = lab.call("pi", "PATCH", path, {"enabled": True, "events": ["user.*"]}, headers=fresh)
    assert (on.json()["enabled"], on.json()["events"]) == (True, ["user.*"])
    assert lab.call("alice", "DELETE", path).status_code == 204
    assert lab.get("pi", "/v1/webhooks")["items"] == []


def test_410_turns_it_off_and_its_owner_can_turn_it_on_again(lab: Lab, receiver: Receiver) -> None:
    receiver.answers["/gone"] = [410, 200]
    hook = register(lab, f"{receiver.url}/gone", "user.vouched")
    path = f"/v1/webhooks/{hook['id']}"
    first = lab.post("pi", f"{path}/ping", expect=202)
    until(lambda: not lab.get("pi", path)["enabled"])
    assert lab.get("pi", path)["disabled_why"] == "gone"
    [told] = lab.get("pi", "/v1/audit-events?event=webhook.disabled&limit=1")["items"]
    assert (told["subject"], told["data"]) == ("pi", {"webhook_id": hook["id"], "host": "127.0.0.1", "why": "gone"})
    assert deliveries(lab, hook)[0]["state"] == "failed"
    assert lab.call("pi", "PATCH", path, {"enabled": True}).json()["enabled"] is True
    lab.post("pi", f"{path}/deliveries/{first['id']}/resend", expect=202)
    sent = until_delivered(lab, hook, first["id"])
    assert [tried["status"] for tried in sent["attempts"]] == [410, 200]
    assert [call.id for call in receiver.got("/gone")] == [first["id"]] * 2
    assert lab.post("pi", f"{path}/deliveries/nothing/resend", expect=404)["code"] == "delivery_not_found"
    lab.call("pi", "DELETE", path)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://[fd00:ec2::254]/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::a00:1]/",
        "https://0.0.0.0/",
        "http://93.184.215.14/",
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_refused_at_once(lab: Lab, url: str) -> None:
    assert register(lab, url, "*", expect=422)["code"] == "address_refused"


@pytest.mark.parametrize("url", ["https://0x7f000001/", "https://a@b.example/", "ftp://a.example/", "https://127.1/"])
def test_an_address_that_is_not_plainly_written_is_refused(lab: Lab, url: str) -> None:
    refused = register(lab, url, "*", expect=422)
    assert refused["errors"][0]["loc"] == ["body", "url"]


@pytest.mark.parametrize("events", [[], ["access_request.maybe"], ["secrets"], ["access_request.decided", "grant"]])
def test_events_that_nobody_knows_are_refused(lab: Lab, receiver: Receiver, events: list[str]) -> None:
    assert register(lab, f"{receiver.url}/ok", *events, expect=422)["code"] == "invalid"


def test_there_is_an_end_to_how_many_there_are(lab: Lab, receiver: Receiver) -> None:
    made = [register(lab, f"{receiver.url}/{number}", "group.*") for number in range(20)]
    assert register(lab, f"{receiver.url}/ok", "*", expect=409)["code"] == "too_many_webhooks"
    for hook in made:
        lab.call("pi", "DELETE", f"/v1/webhooks/{hook['id']}")


def test_the_page_lists_every_type_and_its_example_verifies(lab: Lab, receiver: Receiver) -> None:
    page = (ROOT / "docs" / "webhooks.md").read_text()
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", page, re.MULTILINE)) == {*TYPES, "webhook.ping"}
    assert WORDS[0] == "*"
    hook = register(lab, f"{receiver.url}/ok", "*")
    pinged = lab.post("pi", f"/v1/webhooks/{hook['id']}/ping", expect=202)
    until_delivered(lab, hook, pinged["id"])
    call = next(call for call in receiver.got("/ok") if call.id == pinged["id"])
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    named: dict[str, Any] = {}
    exec(compile(example, "docs/webhooks.md", "exec"), named)  # noqa: S102 - our own page
    seen: set[str] = set()
    assert named["receive"](hook["secret"], call.headers, call.body, seen)["type"] == "webhook.ping"
    assert named["receive"](hook["secret"], call.headers, call.body, seen) is None
    with pytest.raises(WebhookVerificationError):
        named["receive"](hook["secret"], call.headers, call.body + b" ", set())
    lab.call("pi", "DELETE", f"/v1/webhooks/{hook['id']}")
