"""One entry for every delivery: bring a row to what it should be, from wherever it stands."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import sqlalchemy as sa

from app import log, metrics
from app.changes import REGISTRY
from app.clients import aws
from app.clients.iam import Iam
from app.clients.unusable import UnusableIam
from app.db import Database, Transactions
from app.domain.states import Provisioning
from app.domain.words import Kind
from app.domain.work import Work
from app.errors import Unavailable
from app.files.spill import Spill
from app.models import AccessRequest, Account, Grant, KeyRotation, columns
from app.services import ends
from app.services.backoff import Backoff
from app.services.carrying_out import CarryOut
from app.services.housekeeping import tidy
from app.services.lanes import Claim, FencedDatabase, FencedIam, Lanes, LostClaim
from app.services.late_account import LookAtAccount, is_account
from app.services.late_groups import LookAtGroup, is_group
from app.services.late_keys import LookAtKeys
from app.services.late_policies import LookAtPolicy, is_policy
from app.services.late_writes import LookAgain
from app.services.left_devices import LeftDevice
from app.services.moves import note_grant, note_request, note_rotation
from app.services.restored import Restored
from app.services.reviewing import Review, put_off_review
from app.services.rotating import Rotate
from app.services.second_look import put_off
from app.services.without_database import EndsWithoutDatabase

_log = log.get("reconcile")
AFTER_A_BUG = timedelta(seconds=60)
"""A row that made our own code fail rests this long, so that the others get their turn."""
_requests = columns(AccessRequest)
_WHOM = sa.select(_requests.c.kind, _requests.c.user, _requests.c.change, _requests.c.provisioning).where(
    _requests.c.id == sa.bindparam("id")
)
_AWAY = (LostClaim, Unavailable, sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""Not the row's fault: the database does not answer, or the lane is somebody else's now."""


class Reconciler:
    """Runs one piece of work; running it again is the recovery.

    Args:
        database: Where rows and audit are.
        iam_of: The IAM of an account, by its name. Made once per account and kept by the caller.
        backoff: How long to wait after a failure that may pass.
        lanes: Claims who is worked on.
        spill: Where ends are recorded while the database cannot be written (rule 36).
    """

    def __init__(
        self,
        database: Database,
        iam_of: Callable[[str], Iam],
        backoff: Backoff | None = None,
        lanes: Lanes | None = None,
        spill: Spill | None = None,
    ) -> None:
        self._database, self._iam_of, self._backoff = database, iam_of, backoff or Backoff()
        self._lanes = lanes or Lanes(database)
        self._checked: set[str] = set()
        self._restored = Restored(database, self._iam)
        self._ends = EndsWithoutDatabase(database, iam_of, spill)

    def __call__(self, work: Work) -> None:
        """Do it. Whatever goes wrong with AWS is recorded on the row and comes back when it is due."""
        with log.working(work=work.what, account=work.account, id=work.id):
            try:
                self._do(work)
            except LostClaim as lost:
                _log.warning("claim_lost", why=str(lost))  # the row is due: whoever has the lane goes on
            except _AWAY:
                raise  # nothing is wrong with the row, and nothing can be noted on it
            except Exception:  # noqa: BLE001 - a bug in one row must not stop the ends of all others
                _log.exception("reconcile_failed")
                self._rest(work)

    def remember(self) -> None:
        """The process lives and the database answers: keep what is claimed."""
        metrics.WORKER_ROUND.now()
        self._lanes.renew()
        self._ends.remember()
        self._restored.look()
        self._lanes.begin()

    def without_database(self) -> None:
        """The database does not answer or cannot be written: ends go on all the same (rule 36)."""
        self._ends.without_database()

    def _do(self, work: Work) -> None:
        if work.what == "tidy":
            tidy(self._database)
        elif work.what == "ends":
            self._ends.write_back()  # what was ended without the database comes first, with its own time
            self._end(work)
        elif work.what == "lane":
            with self._claimed(work.account, [work.id]) as (claim, database, iam):
                if claim.principals:
                    for look in _look_for(work.id):
                        look(database, iam)(work.account, work.id)
        elif work.what == "rotation":
            self._rotate(work)
        elif work.what == "review":  # it changes nothing in AWS, so it claims no lane
            Review(self._database, self._iam(work.account))(work.id)
        elif not self._restored.rests(work.id):  # rule 38
            with self._database.look() as tx:
                kind, user, change, state = tx.session.connection().execute(_WHOM, {"id": work.id}).one()
            with self._claimed(work.account, [REGISTRY[Kind(kind)].lane(user, change)]) as (claim, database, iam):
                if claim.principals:
                    left = kind == Kind.MFA_ENROL and state == Provisioning.APPLIED
                    (LeftDevice if left else CarryOut)(database, iam, self._backoff)(work.id)

    def _rotate(self, work: Work) -> None:
        if self._restored.is_open():
            # Only removals, but a restored backup does not know whether the new key was collected after it was made.
            self._rest(work)
            return
        with self._database.look() as tx:
            user = tx.session.get_one(KeyRotation, work.id).user
        with self._claimed(work.account, [user]) as (claim, database, iam):
            if claim.principals:
                Rotate(database, iam, self._backoff)(work.id)

    def _end(self, work: Work) -> None:
        with self._database.look() as tx:
            due = ends.due_of(tx, work.account, work.id)
        with self._claimed(work.account, list(due.values())) as (claim, database, iam):
            mine = [grant_id for grant_id, user in due.items() if user in claim.principals]
            if not mine:
                return
            end = ends.EndGrants(database, iam, self._backoff)
            try:
                end(work.id, mine)
            except _AWAY:
                raise
            except Exception:  # noqa: BLE001 - a bug in one grant must not stop the ends of all others
                _log.exception("batch_failed", note="each by itself now, so that one cannot hold up the others")
                for grant_id in mine:
                    self._end_one(end, work, grant_id)
            self._hand_on(work, claim)

    def _hand_on(self, work: Work, claim: Claim) -> None:
        """Let go of the lanes and wake somebody for what is left of the group, both or neither.

        The timer would come to it as well, up to a second later. Not where no lane could be had: whoever has them
        hands on, and after a process that died the timer does.
        """
        if claim.fence:
            with self._database.write() as tx:
                self._lanes.release_in(tx, claim)
                if ends.due_of(tx, work.account, work.id):
                    tx.due.add(work)
            self._lanes.released(claim)

    def _end_one(self, end: ends.EndGrants, work: Work, grant_id: str) -> None:
        try:
            end(work.id, [grant_id])
        except _AWAY:
            raise
        except Exception:  # noqa: BLE001 - the same, for one grant
            _log.exception("end_failed", grant_id=grant_id)
            with self._database.write() as tx:
                note_grant(tx, tx.session.get_one(Grant, grant_id), due_at=tx.now + AFTER_A_BUG)

    @contextmanager
    def _claimed(self, account: str, users: list[str]) -> Iterator[tuple[Claim, Transactions, Iam]]:
        """The lanes of these users that are free, and a database and an IAM that stop when the claim is lost."""
        claim = self._lanes.claim(account, users)
        try:
            with closing(FencedIam(self._iam(account), self._lanes, claim)) as iam:
                yield claim, FencedDatabase(self._database, self._lanes, claim), iam
        except LostClaim:
            self._lanes.look_again(claim)
            raise
        finally:
            self._lanes.release(claim)

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
        with self._database.look() as tx:
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
            if work.what == "request":
                note_request(tx, tx.session.get_one(AccessRequest, work.id), due_at=due_at)
            elif work.what == "rotation":
                note_rotation(tx, tx.session.get_one(KeyRotation, work.id), due_at=due_at)
            elif work.what == "review":
                put_off_review(tx, work.id, due_at)
            elif work.what == "lane":
                put_off(tx, work.account, work.id, due_at)
            else:
                for grant_id in ends.due_of(tx, work.account, work.id):
                    note_grant(tx, tx.session.get_one(Grant, grant_id), due_at=due_at)


def _look_for(lane: str) -> tuple[type[LookAtAccount | LookAtGroup | LookAtPolicy | LookAgain | LookAtKeys], ...]:
    """What looks once more at whom a lane is for (rule 32)."""
    if is_account(lane):
        return (LookAtAccount,)
    if is_policy(lane):
        return (LookAtPolicy,)
    return (LookAtGroup,) if is_group(lane) else (LookAgain, LookAtKeys)
