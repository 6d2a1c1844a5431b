"""What breaks clients of the last release is refused, unless the changelog says it word for word."""

import json

from app.api.operation_ids import operation_id
from tests.redocly.released import not_as_tagged, unsaid


def report(*verdicts: tuple[str, str]) -> str:
    changes = [{"verdicts": [{"impact": impact, "message": message}]} for impact, message in verdicts]
    return json.dumps({"changes": changes})


REPORT = report(("major", "Property `a` was removed."), ("minor", "Property `b` was added."), ("major", "`c` is gone."))
CHANGELOG = "# Changelog\n\n## 0.2.0, unreleased\n\n{}\n## 0.1.0\n\n- Breaks clients: `c` is gone.\n"


def test_breaking_changes_have_to_be_said_in_the_section_of_the_next_release() -> None:
    nothing = unsaid(REPORT, CHANGELOG.format(""))
    assert nothing[1:] == ["- Breaks clients: Property `a` was removed.", "- Breaks clients: `c` is gone."]
    said = "- Breaks clients: Property `a` was removed.\n- Breaks clients: `c` is gone.\n"
    assert unsaid(REPORT, CHANGELOG.format(said)) == []
    assert unsaid(REPORT, CHANGELOG.format("- Breaks clients: Property `*` was *.\n")) == [nothing[0], nothing[2]]
    assert unsaid(report(("minor", "Property `b` was added.")), CHANGELOG.format("")) == []


def test_what_is_said_and_is_not_so_is_noticed() -> None:
    [line] = unsaid(report(), CHANGELOG.format("- Breaks clients: `d` is gone.\n"))
    assert line.endswith("`d` is gone.")


def test_the_kept_copy_is_the_document_of_the_last_tag() -> None:
    copy = '{"info": {"version": "0.1.0"}, "paths": {}}'
    assert not_as_tagged("v0.1.0", copy, copy) == []
    assert not_as_tagged("v0.1.0", None, copy) == []
    assert len(not_as_tagged("v0.2.0", copy, copy)) == 1
    assert len(not_as_tagged("v0.1.0", copy.replace("{}", '{"/v1": {}}'), copy)) == 1


def test_operations_are_named_by_a_rule() -> None:
    names = {
        ("get", "/v1/grants", True): "list_grants",
        ("get", "/v1/grants/{grant_id}", False): "get_grant",
        ("get", "/v1/policies/{name}", False): "get_policy",
        ("get", "/v1/groups/{name}/members", True): "list_group_members",
        ("get", "/v1/restoration", False): "get_restoration",
        ("post", "/v1/access-requests", False): "ask",
        ("post", "/v1/access-requests/{request_id}/approve", False): "approve",
        ("post", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", False): "resend_webhook_delivery",
        ("post", "/v1/tokens", False): "create_token",
        ("put", "/v1/groups/{name}/rule", False): "replace_group_rule",
        ("delete", "/v1/tokens/{token_id}", False): "delete_token",
    }
    assert {key: operation_id(*key[:2], lists=key[2]) for key in names} == names
