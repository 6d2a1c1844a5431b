"""Our own door before Bolt: whatever is sent to `/v1/slack/events` is taken, or refused with 400 or 401. Never 500."""

import dataclasses
import json
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.slack import cards, form, home
from tests.conftest import Databases
from tests.support.fake_slack import FakeSlack
from tests.support.fake_slack_telling import PATH, Told
from tests.support.lab import Lab, serving
from tests.support.slack_lab import link, slack_lab

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
VIEW = {"id": "V1", "type": "modal", "private_metadata": json.dumps({"request": "x", "digest": "y", "grant": "z"})}
BLOCKS = [{"type": "actions", "elements": [{"type": "button", "action_id": "approve", "value": "x y"}]}]
TYPED = ("help", "request LabGuest for 1h because x", "mine", "pending", "return LabGuest", "why", "link", "")
PRESSED = (cards.APPROVE, cards.DENY, cards.WITH_NOTE, cards.EXTEND, cards.LINK, home.RETURN, home.ASK)
SENT = (form.ASK, form.DENY, form.WITH_NOTE, form.EXTEND)
FIELDS = ("group", "user", "duration", "reason", "comment")


@pytest.fixture(scope="module")
def lab(databases: Databases, slack: FakeSlack, aws: str) -> Iterator[Lab]:
    with slack_lab(databases, slack, aws, socket=False) as found:
        slack.over_http(found.url)
        link(found, slack, "U1", "bob")
        yield found


@dataclasses.dataclass
class Door:
    """Sends bodies, signed unless told otherwise."""

    lab: Lab
    slack: FakeSlack

    def send(self, body: bytes, kind: str = JSON, **headers: Any) -> httpx.Response:
        every = {"Content-Type": kind, **self.slack.signed(body), **headers}
        return self.lab.client.post(PATH, content=body, headers={k: v for k, v in every.items() if v is not None})


@pytest.fixture(scope="module")
def door(lab: Lab, slack: FakeSlack) -> Door:
    return Door(lab, slack)


def told(slack: FakeSlack) -> list[Told]:
    """One good thing of each kind, as Slack would send it, from bob, who is linked."""
    about = {"team_id": "T0LAB", "api_app_id": "A0GATE"}
    url = f"{slack.server.url}/response/x"
    command = {**about, "user_id": "U1", "user_name": "bob", "command": "/access", "response_url": url}
    event = {**about, "type": "event_callback", "event": {"type": "app_home_opened", "user": "U1", "tab": "home"}}
    common = {"api_app_id": "A0GATE", "team": {"id": "T0LAB"}, "user": {"id": "U1", "team_id": "T0LAB"}}
    click = {**common, "type": "block_actions", "channel": {"id": "C0LAB"}, "response_url": url, "container": {}}
    values = {name: {name: {"type": "plain_text_input", "value": "LabGuest"}} for name in FIELDS}
    return [
        *(Told("command", {**command, "text": text, "trigger_id": f"c{text}"}, "E") for text in TYPED),
        Told("event", event, "E"),
        *(
            Told("interactive", {**click, "actions": [action], "message": {"ts": "1.1", "blocks": BLOCKS}}, "E")
            for action in ({"type": "button", "action_id": a, "block_id": "b", "value": "x y"} for a in PRESSED)
        ),
        *(
            Told("interactive", {**common, "type": "view_submission", "view": view}, "E")
            for view in ({**VIEW, "callback_id": c, "id": f"V{c}", "state": {"values": values}} for c in SENT)
        ),
    ]


def written(one: Told) -> tuple[bytes, str]:
    if one.kind == "event":
        return json.dumps(one.payload).encode(), JSON
    if one.kind == "interactive":
        return urlencode({"payload": json.dumps(one.payload)}).encode(), FORM
    return urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in one.payload.items()}).encode(), FORM


def test_good_things_are_taken(door: Door, slack: FakeSlack) -> None:
    assert {door.send(*written(one)).status_code for one in told(slack)} == {200}
    challenge = {"type": "url_verification", "challenge": "abc", "token": "old"}
    answer = door.send(json.dumps(challenge).encode())
    assert (answer.status_code, answer.text) == (200, "abc")
    assert door.send(b"ssl_check=1&token=old", FORM).status_code == 200
    # Bolt's own reader would lose this one: it looks for the word in the whole body.
    payload = {**told(slack)[0].payload, "text": "help payload"}
    assert "help" in door.send(urlencode(payload).encode(), FORM).text


def test_without_a_good_signature_it_is_401_whatever_else_is_wrong(door: Door, slack: FakeSlack) -> None:
    body, kind = written(told(slack)[len(TYPED)])
    good = slack.signed(body)
    stamp, signature = good["X-Slack-Request-Timestamp"], good["X-Slack-Signature"]
    wrong: list[dict[str, Any]] = [
        {"X-Slack-Signature": None},
        {"X-Slack-Request-Timestamp": None},
        {"X-Slack-Signature": signature.upper()},
        {"X-Slack-Signature": signature[:-1]},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": b"v0=" + b"\xff" * 64},
        {"X-Slack-Request-Timestamp": str(int(stamp) + 1)},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "٣" * 10},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "9" * 400},
        slack.signed(body, at=time.time() - 301),
        slack.signed(body, at=time.time() + 3600),  # not just over: it must stay too new while we send the others
        slack.signed(body, secret="another"),  # noqa: S106 - somebody else's
        slack.signed(body + b" "),
    ]
    for headers in wrong:
        encoded = {k: v.encode() if isinstance(v, str) else v for k, v in headers.items()}
        answer = door.send(body, kind, **encoded)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), headers
    twice = [("Content-Type", kind), *good.items(), ("X-Slack-Signature", signature)]
    assert door.lab.client.post(PATH, content=body, headers=twice).status_code == 401
    assert door.lab.client.post(PATH, content=b"\xff\x00").status_code == 401
    assert door.lab.call("bob", "POST", f"{PATH}%0A", {}).status_code in {401, 404}
    assert door.send(body, kind, **slack.signed(body, at=time.time() - 200)).status_code == 200


def test_who_sends_rubbish_is_slowed_down_and_slack_is_not(databases: Databases, slack: FakeSlack, aws: str) -> None:
    """All come from one address here, as behind a proxy."""
    prepared, tokens = databases.prepared("sqlite")
    slow = prepared.model_copy(update={**slack.settings(socket=False), "rate_limit": 0.001})
    with serving(slow, tokens, aws, with_worker=False) as found:
        statuses = [found.client.post(PATH, content=b"rubbish").status_code for _ in range(3)]
        assert statuses == [401, 429, 429]
        good = Door(found, slack)
        assert [good.send(b"ssl_check=1", FORM).status_code for _ in range(3)] == [200, 200, 200]
        for other in ("GET", "OPTIONS"):
            assert found.call(None, other, PATH).status_code == 429


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"", FORM),
        (b"null", JSON),
        (b"[]", JSON),
        (b"{", JSON),
        (b'{"type": NaN}', JSON),
        (b'{"type": "event_callback", "type": "event_callback"}', JSON),
        (b'"\xff"', JSON),
        (b'{"type": "url_verification"}', JSON),
        (b'{"type": "url_verification", "challenge": {}}', JSON),
        (b"[" * 100_000, JSON),
        (b"{}", "text/plain"),
        (b"{}", ""),
        (b"payload=%7B", FORM),
        (b"payload=%ff", FORM),
        (b"payload=null", FORM),
        (b"payload={}&payload={}", FORM),
        (b"payload={}&x=1", FORM),
        (b"payload=[[[[]]]]", FORM),
        (b"command=/access&command=/access", FORM),
        (b"command=%00", FORM),
        (b"a&b", FORM),
        (b"a=1&" * 1000 + b"b=2", FORM),
        (b'{"type": "event_callback", "event": 5}', JSON),
    ],
)
def test_signed_rubbish_is_400(door: Door, body: bytes, kind: str) -> None:
    answer = door.send(body, kind)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "bad_payload"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("block_actions", {"actions": []}),
        ("block_actions", {"actions": [{"type": "button"}]}),
        ("block_actions", {"user": "U1"}),
        ("view_submission", {"view": None}),
        ("view_submission", {"view": {**VIEW, "state": {"values": {"secret-of-mine": 5}}}}),
        ("view_submission", {"type": "anything"}),
    ],
    ids=str,
)
def test_what_lacks_a_part_that_we_build_on_is_400_and_not_repeated(
    door: Door, slack: FakeSlack, kind: str, change: dict[str, Any]
) -> None:
    one = next(t for t in told(slack) if t.payload.get("type") == kind)
    answer = door.send(*written(dataclasses.replace(one, payload={**one.payload, **change})))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_payload")
    assert "secret-of-mine" not in answer.text


def test_the_rest_of_the_door(door: Door, slack: FakeSlack) -> None:
    body, kind = written(told(slack)[len(TYPED)])
    assert door.lab.call(None, "GET", PATH).status_code == 405
    assert door.send(b" " * (256 * 1024 + 1)).status_code == 413
    query = door.lab.client.post(f"{PATH}?x=1", content=body, headers={"Content-Type": kind, **slack.signed(body)})
    assert query.status_code == 400
    two = [("Content-Type", kind), ("Content-Type", FORM), *slack.signed(body).items()]
    assert door.lab.client.post(PATH, content=body, headers=two).status_code == 400


def test_without_slack_there_is_nothing(still: Lab) -> None:
    answer = still.call(None, "POST", PATH, {})
    assert (answer.status_code, answer.json()["code"]) == (404, "slack_not_configured")


RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("\x00") | st.just("\ud800"),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=6,
)


def places(thing: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    below = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for name, value in below:
        yield from places(value, (*at, name))


def replaced(thing: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    if isinstance(thing, dict):
        return {**thing, at[0]: replaced(thing[at[0]], at[1:], value)}
    return [replaced(v, at[1:], value) if n == at[0] else v for n, v in enumerate(thing)]


@given(seed=st.integers(0, 2**32), rubbish=RUBBISH)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_whatever_is_put_in_the_place_of_anything_it_is_never_500(
    door: Door, slack: FakeSlack, seed: int, rubbish: Any
) -> None:
    choose = random.Random(seed)  # noqa: S311 - which place, not a secret
    one = choose.choice(told(slack))
    payload = replaced(one.payload, choose.choice(list(places(one.payload))), rubbish)
    if not isinstance(payload, dict):
        payload = {"payload": payload}
    try:
        body, kind = written(Told(one.kind, payload, one.envelope))
    except UnicodeEncodeError:  # a form cannot even hold it
        return
    answer = door.send(body, kind)
    assert answer.status_code in {200, 400, 401}, (answer.status_code, answer.text, payload)
