"""The contract of the IAM port: when an access key was last used."""

import datetime as dt

from tests.support.deviations import behaviour
from tests.support.iam_ports import Port
from tests.test_iam_port_credentials import with_key


@behaviour
def test_key_used(port: Port) -> str:
    _, key = with_key(port)
    before = port.iam.key_used(key)
    port.use(port.kept)
    after = port.iam.key_used(key)
    lately = after is not None and abs(dt.datetime.now(dt.UTC) - after) < dt.timedelta(minutes=1)
    return f"{before or 'never'}, then {('a moment ago' if lately else after) or 'never'}"


@behaviour
def test_key_used_missing(port: Port) -> str:
    return str(port.iam.key_used("AKIANOSUCHKEY000001"))
