"""schemathesis finds nothing: the API keeps to its OpenAPI document, with real tokens, on a running lab."""

import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import Status, events, from_schema

from tests.conftest import Databases
from tests.support.lab import Lab

CHECKED = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
    "object_level_authorization",
    "refused_only_by_a_rule",
}
CODES = {400: {"bad_cursor", "invalid_code"}}
"""Codes of what a schema cannot say, although the status is one for malformed messages."""


@schemathesis.check
def refused_only_by_a_rule(_ctx: Any, response: schemathesis.Response, case: schemathesis.Case[Any]) -> None:
    """What the schema allows is accepted, or refused by a rule that no schema could say.

    Statuses alone cannot tell: duration_too_long is 422 as well. So a 422 `invalid` may only hold errors of our
    own validators; any other type of error means that the schema allows what the API does not.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    said = response.json()
    types = {error["type"] for error in said.get("errors", [])}
    malformed = response.status_code in {400, 401, 405, 413, 415}
    assert types <= {"value_error"}, f"the schema allows what is refused: {said}"
    assert not malformed or said["code"] in CODES.get(response.status_code, ()), f"refused as malformed: {said}"


@pytest.fixture
def filled(databases: Databases) -> Iterator[Lab]:
    """A lab in which something of each kind exists."""
    with databases.lab("sqlite") as lab:
        lab.join("bob", "LabGuest", duration="PT1H")
        lab.ask("alice")
        lab.ask("bob", "LabUser")
        yield lab


def configured(lab: Lab, who: str, examples: int, phases: tuple[str, ...]) -> schemathesis.Config:
    """As somebody, always the same examples, with ids of what exists among the values to try."""
    wish = {"name": "spare", "scopes": ["requests:read"], "expires_in": "P1D"}
    spare = [lab.post(who, "/v1/tokens", wish, expect=201)["id"] for _ in range(3)]
    return schemathesis.Config.from_dict(
        {
            # Nothing is said about speed here, and the machine may be busy.
            "request-timeout": 60,
            "suppress-health-check": ["too_slow"],
            "headers": {"Authorization": f"Bearer {lab.tokens[who]}"},
            "generation": {"deterministic": True, "max-examples": examples, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
            "dictionaries": {
                "requests": {"values": [row["id"] for row in lab.get(who, "/v1/access-requests")["items"]]},
                "grants": {"values": [row["id"] for row in lab.get(who, "/v1/grants")["items"]]},
                "tokens": {"values": spare},
                "names": {"values": ["pi", "alice", "bob", "LabUser", "LabGuest"]},
            },
            "parameters": {
                "path.request_id": {"dictionary": "requests", "probability": 0.7},
                "path.grant_id": {"dictionary": "grants", "probability": 0.7},
                # Never the token in hand, whose id the list of tokens tells: after that every answer is 401.
                "path.token_id": {"dictionary": "tokens", "probability": 1.0},
                "path.name": {"dictionary": "names", "probability": 0.7},
                "query.wait": 0,
            },
            # Its body is that of POST /v1/access-requests, whose every case is tried: 26 kinds of change.
            "operations": [{"include-path": "/v1/access-requests/preview", "phases": {"coverage": {"enabled": False}}}],
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "403", "404", "409", "412", "422"]},
                "negative_data_rejection": {
                    "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "413", "422"]
                },
            },
        }
    )


# Schemathesis and Hypothesis silence some warnings while they draw, with `warnings.catch_warnings`, which is the whole
# process's: the lab's threads use it too (in pydantic, in FastAPI), so now and then such a warning was an error.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("who", "examples", "phases"),
    [
        ("pi", 8, ("examples", "coverage", "fuzzing")),
        ("alice", 8, ("fuzzing",)),
        ("bob", 8, ("fuzzing", "stateful")),
    ],
    ids=["pi", "alice", "bob"],
)
def test_the_api_keeps_to_its_document(filled: Lab, who: str, examples: int, phases: tuple[str, ...]) -> None:
    config = configured(filled, who, examples, phases)
    schema = schemathesis.openapi.from_url(f"{filled.url}/openapi.json", config=config)
    found, checked, operations = [], set(), set()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            operations.add(event.recorder.label)
            for check in (check for checks in event.recorder.checks.values() for check in checks):
                checked.add(check.name)
                if check.status == Status.FAILURE and check.failure_info is not None:
                    found.append(
                        f"{event.recorder.label}: {check.failure_info.failure} {check.failure_info.code_sample}"
                    )
        elif isinstance(event, events.NonFatalError):
            whole = "".join(traceback.format_exception(event.value))
            found.append(f"{event.label}: {event.info.title}: {whole}")
        elif isinstance(event, events.FatalError):
            found.append(f"{event}")
    assert found == []
    assert operations >= {
        f"{method.upper()} {path}" for path, item in schema.raw_schema["paths"].items() for method in item
    }
    assert checked == CHECKED
