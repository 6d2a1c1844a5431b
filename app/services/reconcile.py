"""One entry for every delivery: bring a row to what it should be, from wherever it stands."""

from collections.abc import Callable
from datetime import timedelta

from app import log
from app.clients import aws
from app.clients.iam import Iam
from app.clients.unusable import UnusableIam
from app.db import Database
from app.delivery.protocol import Work
from app.models import AccessRequest, Account, Grant
from app.services.backoff import Backoff
from app.services.carrying_out import CarryOut
from app.services.ends import end_grant
from app.services.housekeeping import tidy
from app.services.moves import note_grant, note_request

_log = log.get("reconcile")
AFTER_A_BUG = timedelta(seconds=60)
"""A row that made our own code fail rests this long, so that the others get their turn."""


class Reconciler:
    """Runs one piece of work; running it again is the recovery.

    Args:
        database: Where rows and audit are.
        iam_of: The IAM of an account, by its name. Made once per account and kept by the caller.
        backoff: How long to wait after a failure that may pass.
    """

    def __init__(self, database: Database, iam_of: Callable[[str], Iam], backoff: Backoff | None = None) -> None:
        self._database, self._iam_of, self._backoff = database, iam_of, backoff or Backoff()
        self._checked: set[str] = set()

    def __call__(self, work: Work) -> None:
        """Do it. Whatever goes wrong with AWS is recorded on the row and comes back when it is due."""
        try:
            if work.what == "tidy":
                tidy(self._database)
            elif work.what == "grant":
                end_grant(self._database, self._iam(work.account), self._backoff, work.id)
            else:
                CarryOut(self._database, self._iam(work.account), self._backoff)(work.id)
        except Exception:  # noqa: BLE001 - a bug in one row must not stop the ends of all others
            _log.exception("reconcile_failed", what=work.what, id=work.id)
            self._rest(work)

    def _iam(self, account: str) -> Iam:
        """The account's IAM, once it has said that it is that account: elsewhere nobody has access to take away."""
        try:
            iam = self._iam_of(account)
            if account not in self._checked:
                self._check(account, iam.account()[0])
        except aws.AwsError as problem:
            return UnusableIam(problem)
        return iam

    def _check(self, account: str, found: str) -> None:
        with self._database.read() as tx:
            expected = tx.session.get_one(Account, account).aws_account_id
        if expected is None:
            return  # not set up yet: nothing was ever done there
        if found != expected:
            text = f"the credentials are for account {found}, and {account} is {expected}"
            raise aws.NeedsPerson("GetCallerIdentity", "WrongAccount", text)
        self._checked.add(account)

    def _rest(self, work: Work) -> None:
        if work.what == "tidy":
            return
        with self._database.write() as tx:
            due_at = tx.now + AFTER_A_BUG
            if work.what == "grant":
                note_grant(tx, tx.session.get_one(Grant, work.id), due_at=due_at)
            else:
                note_request(tx, tx.session.get_one(AccessRequest, work.id), due_at=due_at)
