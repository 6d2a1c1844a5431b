"""What each operation is called: part of the contract, since clients are generated from it."""

_NAMED = {
    "get /healthz": "healthz",
    "get /readyz": "readyz",
    "get /metrics": "metrics",
    "get /v1/me": "who_am_i",
    "get /v1/me/notices": "get_my_notices",
    "put /v1/me/notices": "choose_my_notices",
    "get /v1/me/slack": "get_slack_link",
    "post /v1/me/slack": "link_slack",
    "delete /v1/me/slack": "unlink_slack",
    "post /v1/access-requests": "ask",
    "get /v1/audit-events/verify": "verify_audit",
    "post /v1/enrolments/redeem": "redeem_enrolment",
    "post /v1/policies/lint": "lint_policy",
    "get /v1/users/{name}/mfa": "get_user_mfa",
    "post /v1/users/{name}/mfa/activate": "activate_user_mfa",
    "post /v1/users/{name}/vouch": "vouch_for_user",
    "post /v1/users/{name}/enrolment": "enrol_user",
}
"""By method and path, where the rule below gives no good name."""
_VERBS = {"post": "create", "put": "replace", "patch": "change", "delete": "delete", "get": "get"}


def operation_id(method: str, path: str, *, lists: bool) -> str:
    """The name of an operation.

    `GET /v1/grants` is `list_grants`, `GET /v1/grants/{grant_id}` is `get_grant`, `POST …/{grant_id}/revoke` is
    `revoke_grant`. What is done with an access request, the thing that all is about, needs no noun: `approve`.

    Args:
        lists: Whether it answers a page of things.
    """
    named = _NAMED.get(f"{method} {path}")
    if named is not None:
        return named
    words = [part.replace("-", "_") for part in path.removeprefix("/v1/").strip("/").split("/")]
    nouns = [word for word in words if not word.startswith("{")]
    ends_with_id = words[-1].startswith("{")
    if method == "post" and len(nouns) > 1 and not ends_with_id:
        *things, verb = nouns
        about = "" if things == ["access_requests"] else "_" + "_".join(_one(thing) for thing in things)
        return f"{verb}{about}"
    *before, last = nouns
    singular = (method != "get" or not lists) and (ends_with_id or method == "post")
    noun = "_".join([*(_one(word) for word in before), _one(last) if singular else last])
    return f"{'list' if lists else _VERBS[method]}_{noun}"


def _one(plural: str) -> str:
    if plural.endswith("ies"):
        return f"{plural[:-3]}y"
    return plural.removesuffix("s") if not plural.endswith("ss") else plural
