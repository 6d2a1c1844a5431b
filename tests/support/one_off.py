"""One-off permissions in tests: documents, asking and giving over HTTP, and what IAM itself says."""

from typing import Any

from tests.support.lab import Lab

ASK = "/v1/access-requests"
INSTANCE = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc1234def567890"
CONSOLE = "ec2-instance-connect:SendSerialConsoleSSHPublicKey"


def policy(effect: str = "Allow", action: Any = CONSOLE, resource: Any = INSTANCE, **more: Any) -> dict[str, Any]:
    """A document of one statement: the guide's serial console, on one instance."""
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def wish(name: str = "console", document: Any = None, **more: Any) -> dict[str, Any]:
    """The body of a request; what is None is left out."""
    change = {"name": name, "document": policy() if document is None else document}
    body = {"kind": "policy.inline", "change": change, "duration": "P1D", "reason": "a kernel that hangs", **more}
    return {key: value for key, value in body.items() if value is not None}


def ask(lab: Lab, who: str = "bob", *, expect: int = 201, **more: Any) -> Any:
    """Ask for one."""
    return lab.post(who, ASK, wish(**more), expect=expect)


def give(lab: Lab, who: str = "bob", *, by: str = "alice", **more: Any) -> Any:
    """A whole life up to the active grant; answers the grant."""
    asked = ask(lab, who, **more)
    lab.approve(by, asked["id"], {"plan_digest": asked["plan"]["digest"]})
    return lab.get(who, f"/v1/grants/{lab.applied(asked['id'])['grant_id']}")


def inline(lab: Lab, user: str = "bob") -> dict[str, Any]:
    """What IAM itself says."""
    names = lab.iam.list_user_policies(UserName=user)["PolicyNames"]
    return {n: lab.iam.get_user_policy(UserName=user, PolicyName=n)["PolicyDocument"] for n in names}
