"""The demo: the main job, told step by step, over the real HTTP API."""

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import boto3
import httpx
from rich.console import Console
from rich.markup import escape

from app.cli.runtime import Running
from app.errors import GatehouseError

SECONDS = 4
"""How long the demo's membership lasts."""
ONE_OFF = 2
"""How long its one-off permission does."""
_console = Console(highlight=False, width=110)


class StoryError(GatehouseError):
    """The demo did not go as it must."""

    default_code = "demo_failed"


class Teller:
    """Does each step as somebody, and says what came of it.

    Args:
        url: The running server.
        tokens: A token for each person.
        iam: A boto3 IAM client of the simulated AWS, to look behind Gatehouse's back.
    """

    def __init__(self, url: str, tokens: dict[str, str], iam: Any) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        self._tokens, self._iam = tokens, iam

    def call(self, who: str, method: str, path: str, body: dict[str, Any] | None = None, *, expect: int = 200) -> Any:
        """One HTTP call as that person."""
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        answer = self._client.request(method, path, json=body, headers=headers)
        if answer.status_code != expect:
            raise StoryError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def enrol(self, name: str) -> None:
        """Somebody's first token, by a code that pi hands out."""
        code = self.call("pi", "POST", f"/v1/users/{name}/enrolment", expect=201)["code"]
        self._tokens[name] = self.call("pi", "POST", "/v1/enrolments/redeem", {"code": code})["token"]

    def keys_in_iam(self, user: str) -> dict[str, str]:
        """The access keys that IAM itself shows, with their status."""
        found = self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def groups_in_iam(self, user: str) -> list[str]:
        """What IAM itself says."""
        return [g["GroupName"] for g in self._iam.list_groups_for_user(UserName=user)["Groups"]]

    def policies_in_iam(self, user: str) -> list[str]:
        """What IAM itself says of the user's own policies."""
        return list(self._iam.list_user_policies(UserName=user)["PolicyNames"])

    def users_in_iam(self) -> list[str]:
        """Whom IAM itself knows."""
        return sorted(user["UserName"] for user in self._iam.list_users()["Users"])

    def applied(self, who: str, request_id: str) -> Any:
        """Wait until a request is carried out.

        Raises:
            StoryError: It is not, within 20 seconds.
        """
        found = self.call(who, "GET", f"/v1/access-requests/{request_id}?wait=20&until=applied")
        if found["provisioning"] != "applied":
            raise StoryError(f"The request is {found['provisioning']}: {found['failure']}")
        return found


class Telling(NamedTuple):
    """How a chapter says what it does."""

    title: Callable[[str], None]
    say: Callable[[str], None]


Chapter = Callable[[Teller, Telling], None]


def tell(running: Running, endpoint_url: str, tokens: dict[str, str], *chapters: Chapter) -> None:
    """Run the story against a server in a thread of its own.

    Args:
        chapters: What else is told after it.

    Raises:
        StoryError: A step did not come out as it must.
    """
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    iam = boto3.client("iam", endpoint_url=endpoint_url, region_name="us-east-1")
    teller = Teller(running.url, tokens, iam)
    try:
        _wait_until_up(running)
        _story(teller)
        for chapter in chapters:
            chapter(teller, Telling(_title, _say))
        _console.print("\n[bold green]Asked, approved, applied, ended, proven.[/]")
    finally:
        running.server.should_exit = True
        thread.join(20)


def _wait_until_up(running: Running) -> None:
    deadline = time.monotonic() + 20
    while not running.server.started:
        if time.monotonic() > deadline:
            raise StoryError("The server did not start.")
        time.sleep(0.02)


def _story(t: Teller) -> None:
    _title("A lab with three people: pi (owner, admin), alice (admin), bob (member). AWS is simulated.")
    _show_before(t)
    asked = _ask(t)
    _self_approval(t, asked)
    _approve(t, asked)
    grant = _applied(t, asked)
    _ended(t, grant)
    _audit(t, asked)
    _sign_in(t)
    _one_off(t)
    _leave(t)


def _show_before(t: Teller) -> None:
    _title("1. Before")
    _say(f"IAM says bob is in: {t.groups_in_iam('bob') or 'no group'}")


def _ask(t: Teller) -> dict[str, Any]:
    _title("2. bob asks to join LabUser")
    wish = {
        "kind": "group.join",
        "change": {"group": "LabUser"},
        "duration": f"PT{SECONDS}S",
        "reason": "RNA-seq pipeline on EC2",
    }
    asked: dict[str, Any] = t.call("bob", "POST", "/v1/access-requests", wish, expect=201)
    _say(f"request   {asked['id']}, {asked['decision']}")
    _say(f"why       {asked['reason']}, for {SECONDS} seconds")
    _say(f"ruling    {'; '.join(asked['ruling']['reasons'])}")
    for operation in asked["plan"]["operations"]:
        _say(f"plan      {operation['action']}: {operation['summary']}")
    _say(f"digest    {asked['plan']['digest']}")
    return asked


def _self_approval(t: Teller, asked: dict[str, Any]) -> None:
    _title("3. bob tries to approve it himself")
    refused = t.call("bob", "POST", f"/v1/access-requests/{asked['id']}/approve", {}, expect=403)
    _say(f"refused   {refused['code']}: {refused['detail']}")


def _approve(t: Teller, asked: dict[str, Any]) -> None:
    _title("4. alice reads it and approves exactly this plan")
    body = {"comment": "fine for today", "plan_digest": asked["plan"]["digest"]}
    approved = t.call("alice", "POST", f"/v1/access-requests/{asked['id']}/approve", body)
    decision = approved["decisions"][0]
    _say(f"decision  {decision['verdict']} by {decision['approver']}: {decision['comment']}")


def _applied(t: Teller, asked: dict[str, Any]) -> dict[str, Any]:
    _title("5. Gatehouse carries it out and reads it back")
    began = time.monotonic()
    applied = t.applied("bob", asked["id"])
    grant: dict[str, Any] = t.call("bob", "GET", f"/v1/grants/{applied['grant_id']}")
    _say(f"request   {applied['provisioning']} after {(time.monotonic() - began) * 1000:.0f} ms")
    _say(f"IAM says bob is in: {', '.join(t.groups_in_iam('bob')) or 'no group'}")
    _say(f"grant     {grant['state']} from {grant['starts_at']} to {grant['ends_at']}")
    return grant


def _ended(t: Teller, grant: dict[str, Any]) -> None:
    _title("6. The end comes by itself")
    now = _until_revoked(t, grant, SECONDS)
    _say(f"grant     {now['state']} ({now['end_reason']}), due {now['ends_at']}, done {now['ended_at']}")
    left = t.groups_in_iam("bob")
    _say(f"IAM says bob is in: {', '.join(left) or 'no group'}")
    if left:
        raise StoryError("IAM still shows the membership.")


def _until_revoked(t: Teller, grant: dict[str, Any], seconds: int) -> dict[str, Any]:
    deadline = time.monotonic() + seconds + 10
    while True:
        now: dict[str, Any] = t.call("bob", "GET", f"/v1/grants/{grant['id']}")
        if now["state"] == "revoked":
            return now
        if time.monotonic() > deadline:
            raise StoryError(f"The grant did not end; it is {now['state']}.")
        time.sleep(0.1)


def _audit(t: Teller, asked: dict[str, Any]) -> None:
    _title("7. Who had what, when and why")
    for event in t.call("bob", "GET", f"/v1/access-requests/{asked['id']}/events")["items"]:
        _say(f"{event['at'][11:23]}  {event['event']:<26} {event['actor']}")
    verified = t.call("pi", "GET", "/v1/audit-events/verify")
    if not verified["valid"]:
        raise StoryError(f"The audit does not hold: {verified['problem']}")
    _say(f"audit     {verified['events']} events, chain valid, head {verified['head'][:16]}…")


def _sign_in(t: Teller) -> None:
    _title("8. bob needs the console: alice approves, the password is collected once, by bob alone")
    wish = {"kind": "console.enable", "change": {}, "reason": "look at the instances"}
    asked = t.call("bob", "POST", "/v1/access-requests", wish, expect=201)
    t.call("alice", "POST", f"/v1/access-requests/{asked['id']}/approve", {})
    t.applied("bob", asked["id"])
    [secret] = t.call("bob", "GET", "/v1/secrets")["items"]
    t.call("alice", "POST", f"/v1/secrets/{secret['id']}/collect", expect=404)
    collected = t.call("bob", "POST", f"/v1/secrets/{secret['id']}/collect")
    _say(f"collected {collected['kind']} for {collected['user_name']}, {len(collected['password'])} characters")
    gone = t.call("bob", "POST", f"/v1/secrets/{secret['id']}/collect", expect=410)
    _say(f"again     {gone['code']}: {gone['detail']}")


def _one_off(t: Teller) -> None:
    _title("9. bob's instance hangs: a day of the serial console, on that instance alone, ends by itself")
    console = "ec2-instance-connect:SendSerialConsoleSSHPublicKey"
    statement = {"Effect": "Allow", "Action": console, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    warned = t.call("bob", "POST", "/v1/policies/lint", {"document": document})["findings"][0]
    _say(f"lint      {warned['severity']}: {warned['reason']}")
    statement["Resource"] = "arn:aws:ec2:us-east-1:123456789012:instance/i-0abc1234def567890"
    wish = {
        "kind": "policy.inline",
        "change": {"name": "serial-console", "document": document},
        "duration": f"PT{ONE_OFF}S",  # a day, in the demo's time
        "reason": "the kernel hangs at boot",
    }
    asked = t.call("bob", "POST", "/v1/access-requests", wish, expect=201)
    _say(f"ruling    {'; '.join(asked['ruling']['reasons'])}")
    t.call("alice", "POST", f"/v1/access-requests/{asked['id']}/approve", {"plan_digest": asked["plan"]["digest"]})
    grant = t.call("bob", "GET", f"/v1/grants/{t.applied('bob', asked['id'])['grant_id']}")
    _say(f"IAM says bob has of his own: {', '.join(t.policies_in_iam('bob')) or 'nothing'}, until {grant['ends_at']}")
    ended = _until_revoked(t, grant, ONE_OFF)
    _say(f"grant     {ended['state']} ({ended['end_reason']}), done {ended['ended_at']}")
    if t.policies_in_iam("bob"):
        raise StoryError("IAM still shows the policy.")


def _leave(t: Teller) -> None:
    _title("10. bob leaves the lab: suspended at once, deleted when alice agrees")
    suspended = t.call("pi", "POST", "/v1/users/bob/suspend", {"reason": "last day"}, expect=202)
    t.call("bob", "GET", "/v1/me", expect=401)
    _say("suspended bob's token answers 401 from now on")
    t.applied("pi", suspended["id"])
    asked = t.call("pi", "DELETE", "/v1/users/bob?reason=left+the+lab", expect=202)
    t.call("alice", "POST", f"/v1/access-requests/{asked['id']}/approve", {})
    t.applied("pi", asked["id"])
    _say(f"IAM knows {', '.join(t.users_in_iam()) or 'nobody'}")
    if "bob" in t.users_in_iam():
        raise StoryError("IAM still knows bob.")


def _title(text: str) -> None:
    _console.print(f"\n[bold]{escape(text)}[/]")


def _say(text: str) -> None:
    _console.print(f"   {escape(text)}", soft_wrap=True)
