"""The port and what was done in the account; `tests/test_trail.py` has the rest of it."""

import datetime as dt

from app.clients import aws
from tests.support.deviations import behaviour
from tests.support.iam_ports import Port, new_name


@behaviour
def test_trail_of_nobody(port: Port) -> str:
    now = dt.datetime.now(dt.UTC)
    try:
        found = port.iam.trail().changes(new_name("nobody"), now - dt.timedelta(hours=1), now)
    except aws.NotOffered:
        return "not offered"
    return f"{len(found.changes)} changes"
