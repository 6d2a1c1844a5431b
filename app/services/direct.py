"""IAM for the few calls that a handler makes itself: outside any transaction, with a short patience, on a claimed lane.

Everything else is the worker's. What a person has in their hand for half a minute, two codes of a device, cannot wait
for it, and is not to be written down.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from app.clients import aws
from app.clients.iam import Iam
from app.db import Database
from app.domain.retries import refused
from app.errors import Unavailable
from app.models import Account
from app.services.lanes import Claim, FencedIam, Lanes, LostClaim

PATIENCE = 5.0
"""Seconds until the lane must be free, and for one answer of AWS's."""
_PAUSE = 0.05


class Direct:
    """Reads and changes IAM for a handler.

    Args:
        database: Where lanes are claimed.
        iam_of: The IAM of an account, by its name; it tries once.
        lanes: Claims who is worked on.
    """

    def __init__(self, database: Database, iam_of: Callable[[str], Iam], lanes: Lanes) -> None:
        self._database, self._iam_of, self._lanes = database, iam_of, lanes

    @contextmanager
    def reading(self, account: str) -> Iterator[Iam]:
        """The account's IAM, once it has said that it is that account.

        Raises:
            Unavailable: AWS does not answer, or refuses; also for what the block runs into.
        """
        with _answered():
            yield self._iam(account)

    @contextmanager
    def changing(self, account: str, user: str) -> Iterator[Iam]:
        """The same with the user's lane, so that nothing else changes them meanwhile.

        Raises:
            Unavailable: The lane is not free, was lost, or as above.
        """
        claim = self._claim(account, user)
        try:
            with _answered(), closing(FencedIam(self._iam(account), self._lanes, claim)) as iam:
                yield iam
        except LostClaim:
            raise Unavailable("This took too long; look again, then try again.", code="busy") from None
        finally:
            self._lanes.release(claim)

    def _claim(self, account: str, user: str) -> Claim:
        deadline = time.monotonic() + PATIENCE
        while not (claim := self._lanes.claim(account, [user])).principals:
            if time.monotonic() > deadline:
                raise Unavailable(f"Something else is being done for {user}; try again in a moment.", code="busy")
            time.sleep(_PAUSE)
        return claim

    def _iam(self, account: str) -> Iam:
        iam = self._iam_of(account)
        with self._database.read() as tx:
            expected = tx.session.get_one(Account, account).aws_account_id
        found, _ = iam.account()
        if expected != found:
            text = f"the credentials are for account {found}, and {account} is {expected}"
            raise aws.NeedsPerson("GetCallerIdentity", "WrongAccount", text)
        return iam


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except aws.Retryable as problem:
        text = f"AWS does not answer now ({problem.code}); try again in a moment."
        raise Unavailable(text, code="aws_unavailable") from problem
    except aws.AwsError as problem:
        failure = refused(problem.code, str(problem))
        raise Unavailable(failure.detail, code=failure.code) from problem
