"""What every handler may need, made once by `create_app`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.api.bell import Bell
from app.clients.details import ReadsAccounts
from app.clients.webhooks import Poster
from app.config import Settings
from app.db import Database
from app.delivery.protocol import Delivery
from app.files.locked import place
from app.files.spill import Spill
from app.metrics import Http
from app.services.direct import Direct
from app.services.watch import Watch
from app.slack.desk import Desk


@dataclass
class House:
    """The parts of a running Gatehouse.

    Attributes:
        delivery: None with `--no-worker`.
        direct: The few calls to IAM that handlers make themselves; None where only the document is wanted.
        http: Counts the answers.
        poster: Says where webhooks may go.
        watch: Looks at the database for `/metrics` and `/readyz`.
        spill: Says which ends wait to be written down.
        cursor_key: Signs cursors; derived from the secret key, so that it is the same on every machine.
        reads_account: Makes what reads a whole account in AWS, by the account's name.
        desk: Takes what Slack tells; None where Slack is not configured.
    """

    database: Database
    settings: Settings
    delivery: Delivery | None = None
    direct: Direct | None = None
    bell: Bell = field(default_factory=Bell)
    cursor_key: bytes = b""
    reads_account: Callable[[str], ReadsAccounts] | None = None
    desk: Desk | None = None
    http: Http = field(default_factory=Http)
    poster: Poster = field(init=False)
    watch: Watch = field(init=False)
    spill: Spill = field(init=False)

    def __post_init__(self) -> None:
        self.poster = Poster(self.settings.webhooks_allow_private)
        self.watch = Watch(self.database, self.delivery)
        where = place(self.settings.spill, self.settings.database_url, "spill")
        self.spill = Spill(where, self.database.audit_key)
