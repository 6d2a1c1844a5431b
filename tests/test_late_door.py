"""Long lists find who calls in the transaction that answers: what is refused, and in which order, is as elsewhere."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from app import pinging
from app.api.entry import LATE
from app.api.middleware import BODY_LIMIT
from app.api.rates import Rates
from app.errors import TooMany
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab, serving

LISTS = pytest.mark.parametrize("path", sorted(LATE))
UNKNOWN = {"Authorization": "Bearer gh_pat_" + "x" * 40}


def refusal(lab: Lab, path: str, who: str | None = None, **options: Any) -> tuple[int, str]:
    answer = lab.call(who, "GET", path, **options)
    return answer.status_code, answer.json()["code"]


def minted(lab: Lab, *scopes: str) -> Any:
    return lab.post("pi", "/v1/tokens", {"name": "a test", "scopes": list(scopes), "expires_in": "P1D"}, expect=201)


@LISTS
@pytest.mark.parametrize("query", ["", "?limit=0", "?no_such=1", "?cursor=bad", "?limit=%00", "?user=%ff"])
def test_401_comes_before_all_else(lab: Lab, path: str, query: str) -> None:
    assert refusal(lab, path + query) == (401, "no_token")
    assert refusal(lab, path + query, headers=UNKNOWN) == (401, "bad_token")
    assert refusal(lab, path + query, headers=UNKNOWN, content=b" " * (BODY_LIMIT + 1)) == (401, "bad_token")


@LISTS
def test_a_newline_behind_the_path_changes_nothing(lab: Lab, path: str) -> None:
    assert refusal(lab, f"{path}%0A") == (401, "no_token")
    assert lab.call("pi", "GET", f"{path}%0A").status_code == lab.call("pi", "GET", path).status_code == 200


@LISTS
def test_a_token_without_the_scope_is_refused_before_its_parameters_are(lab: Lab, path: str) -> None:
    made = minted(lab, "directory:read")
    narrow = {"Authorization": f"Bearer {made['token']}"}
    assert refusal(lab, path, headers=narrow) == (403, "insufficient_scope")
    assert refusal(lab, f"{path}?limit=0", headers=narrow) == (403, "insufficient_scope")


@LISTS
def test_what_is_wrong_with_the_question_is_said_to_whom_we_know(lab: Lab, path: str) -> None:
    assert refusal(lab, f"{path}?limit=0", "pi")[0] == 422
    assert refusal(lab, f"{path}?no_such=1", "pi")[0] == 422
    assert refusal(lab, f"{path}?user=%ff", "pi")[0] == 422
    assert refusal(lab, f"{path}?cursor=bad", "pi") == (400, "bad_cursor")


def test_the_audit_is_refused_to_a_member(lab: Lab) -> None:
    assert refusal(lab, "/v1/audit-events", "bob")[0] == 403
    assert refusal(lab, "/v1/audit-events?limit=0", "bob")[0] == 422


@LISTS
def test_a_revoked_token_is_refused_at_once(lab: Lab, path: str) -> None:
    made = minted(lab, "requests:read", "audit:read")
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert lab.call(None, "GET", path, headers=headers).status_code == 200
    assert lab.call("pi", "DELETE", f"/v1/tokens/{made['id']}").status_code == 204
    assert refusal(lab, path, headers=headers) == (401, "bad_token")


@pytest.fixture
def slow_caller(databases: Databases, aws: str) -> Iterator[Lab]:
    """A lab where each may call once, and then once in a long time."""
    settings, tokens = databases.prepared("sqlite")
    with serving(settings.model_copy(update={"rate_limit": 0.01}), tokens, aws, with_worker=False) as found:
        yield found


def test_each_call_of_a_list_counts_once(slow_caller: Lab) -> None:
    # At a hundredth a second the bucket holds one: a call that was refused for its question took it.
    assert refusal(slow_caller, "/v1/access-requests?limit=0", "pi")[0] == 422
    assert refusal(slow_caller, "/v1/access-requests", "pi")[0] == 429
    assert slow_caller.call("alice", "GET", "/v1/access-requests").status_code == 200
    assert refusal(slow_caller, "/v1/audit-events", "alice")[0] == 429


def test_rates_count_for_each_by_itself() -> None:
    rates = Rates(0.001)
    rates.take("a")
    with pytest.raises(TooMany):
        rates.take("a")
    rates.take("b")


@BOTH
def test_a_list_holds_no_transaction_and_changes_nothing(lab_on: Lab) -> None:
    with lab_on.running.database.look() as tx:
        assert tx.session.connection().execute(sa.text("SELECT 1")).scalar_one() == 1
    before = lab_on.get("pi", "/v1/audit-events?limit=1")["items"]
    lab_on.get("pi", "/v1/access-requests?to_approve=true")
    assert lab_on.get("pi", "/v1/audit-events?limit=1")["items"] == before


def test_an_idle_connection_that_is_none_any_more_is_made_anew(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.lab("postgresql", with_worker=False) as lab:
        before = lab.get("pi", "/v1/access-requests")
        address = lab.running.database.engine.url.set(drivername="postgresql")
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        monkeypatch.setattr(pinging, "AFTER", 0.0)
        assert lab.get("pi", "/v1/access-requests") == before
