"""The audit in a real database: whatever is changed behind Gatehouse's back is found."""

import pytest
import sqlalchemy as sa

from app.main import make_database
from app.services import audit
from tests.conftest import BOTH, Databases

TAMPERINGS = {
    "a body is changed": "UPDATE audit_event SET body = body || ' ' WHERE seq = 7",
    "a column is changed": "UPDATE audit_event SET actor = 'mallory' WHERE seq = 7",
    "a time is changed": "UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE seq = 7",
    "an event is removed": "DELETE FROM audit_event WHERE seq = 7",
    "the end is cut off": "DELETE FROM audit_event WHERE seq > 20",
    "the head is set back": "UPDATE audit_head SET seq = 20, mac = (SELECT mac FROM audit_event WHERE seq = 20)",
    "the head is removed": "DELETE FROM audit_head",
    "everything is removed": "DELETE FROM audit_event",
}


@BOTH
@pytest.mark.parametrize("what", [None, *TAMPERINGS])
def test_tampering_is_found(databases: Databases, kind: str, what: str | None) -> None:
    database = make_database(databases.prepared(kind)[0])
    if what is not None:
        with database.engine.begin() as connection:
            connection.execute(sa.text(TAMPERINGS[what]))
    found = audit.verify(database)
    database.close()
    assert found.valid == (what is None)
    assert (found.problem is None) == (what is None)
    assert found.events > 20 or not found.valid
