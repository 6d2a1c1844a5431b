"""The demo's chapter on somebody new: user, group, password and key in one request, and a key that is rotated."""

import time
from datetime import timedelta
from typing import Any

from app.cli.story import StoryError, Teller, Telling

OVERLAP = IDLE = timedelta(seconds=2)
"""How long the demo waits with the old key; outside of it a day and a week."""
_ASK = "/v1/access-requests"


def tell(t: Teller, telling: Telling) -> None:
    """Carol starts, and rotates her key."""
    first = _start(t, telling)
    _rotate(t, telling, first)


def _start(t: Teller, telling: Telling) -> str:
    telling.title("11. carol is new: user, group, password and key in one request")
    change = {"email": "carol@lab.example", "groups": ["LabGuest"], "console": True, "access_key": True}
    wish = {"kind": "user.create", "user": "carol", "change": change, "reason": "joins the lab"}
    asked = t.call("pi", "POST", _ASK, wish, expect=201)
    for operation in asked["plan"]["operations"]:
        telling.say(f"plan      {operation['action']}: {operation['summary']}")
    t.call("alice", "POST", f"{_ASK}/{asked['id']}/approve", {"plan_digest": asked["plan"]["digest"]})
    t.applied("pi", asked["id"])
    t.enrol("carol")
    key_id = ""
    for secret in t.call("carol", "GET", "/v1/secrets")["items"]:
        found = t.call("carol", "POST", f"/v1/secrets/{secret['id']}/collect")
        key_id = found.get("access_key_id", key_id)
        hidden = found.get("password") or found["secret_access_key"]
        telling.say(f"collected {found['kind']}, {len(hidden)} characters, by carol alone and once")
    telling.say(f"IAM says carol is in: {', '.join(t.groups_in_iam('carol'))}, with the key {key_id}")
    return key_id


def _rotate(t: Teller, telling: Telling, old: str) -> None:
    telling.title("12. A rule approves that carol rotates her own key; the old one goes when it is not needed any more")
    wish = {"kind": "access_key.rotate", "change": {"key_id": old}, "reason": "ninety days old"}
    asked = t.call("carol", "POST", _ASK, wish, expect=201)
    telling.say(f"decision  {asked['decisions'][0]['approver']}: {asked['decisions'][0]['comment']}")
    t.applied("carol", asked["id"])
    telling.say(f"IAM says  {_in_words(t.keys_in_iam('carol'), old)}; the new one waits to be collected")
    [secret] = t.call("carol", "GET", "/v1/secrets")["items"]
    new = t.call("carol", "POST", f"/v1/secrets/{secret['id']}/collect")["access_key_id"]
    said = ""
    deadline = time.monotonic() + 20
    while said != "new Active":
        if time.monotonic() > deadline:
            raise StoryError(f"The rotation did not end; IAM says {said}.")
        now = _in_words(t.keys_in_iam("carol"), old)
        if now != said:
            telling.say(f"IAM says  {now}")
            said = now
        time.sleep(0.05)
    if new not in t.keys_in_iam("carol"):
        raise StoryError("IAM does not have the key that carol collected.")


def _in_words(keys: dict[str, Any], old: str) -> str:
    names = {"old" if key == old else "new": status for key, status in keys.items()}
    return ", ".join(f"{name} {names[name]}" for name in ("old", "new") if name in names)
