"""Calls to IAM that take or give a secret: the intent is durable before them, the secret encrypted at once after.

What IAM did when its answer is lost nobody can know. A password is then set anew; a key that nobody has the secret of
is deleted, and so is an MFA device that nobody has the seed of (`iam-facts.md`, Each operation). Which is due says the
plan, from what `noted` adds to what is seen.
"""

from dataclasses import replace
from typing import Any

from app.clients import aws
from app.clients.iam import Iam
from app.clients.secret_calls import PASSWORDS
from app.db import Transactions, Tx
from app.domain import passwords
from app.domain.account_settings import SeenPasswordPolicy
from app.domain.credentials import SecretKind, SeenCredentials, SeenDevices
from app.domain.devices import Seed
from app.domain.plans import Operation, Plan
from app.domain.retries import SETTLES
from app.domain.sightings import Seen
from app.domain.states import APPLYING
from app.domain.words import Kind
from app.models import AccessRequest
from app.services import devices, rotation_moves, secrets, sightings

_MEMBERSHIP = frozenset({Kind.GROUP_JOIN, Kind.GROUP_LEAVE})
"""Nothing is handed over with these, and they are most of all work: nobody looks for secrets of theirs."""


class Handover:
    """Makes the calls of one plan.

    Args:
        database: Where the secrets wait.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def noted(self, request_id: str, seen: Seen) -> Seen:
        """What was seen, with how far this request's secrets have come."""
        if isinstance(seen, SeenPasswordPolicy):
            with self._database.look() as tx:
                row = _request(tx, request_id)
                before = sightings.load(tx, row.account, row.user, ()).password_policy
                return replace(seen, before=before if row.state == APPLYING else None)
        if not isinstance(seen, SeenCredentials):
            return seen
        with self._database.look() as tx:
            row = _request(tx, request_id)
            if row.kind == Kind.ACCESS_KEY_ROTATE and seen.key(key_id := row.change["key_id"]) is None:
                _require_settled(tx, row, SecretKind.ACCESS_KEY, key_id)
            noted = replace(seen, handed=secrets.handed(tx, request_id))
            return replace(noted, begun=devices.begun_with(row)) if isinstance(noted, SeenDevices) else noted

    def call(self, request_id: str, operation: Operation, seen: Seen) -> None:
        """Make one call.

        Args:
            seen: What its plan was made from.
        """
        if operation.action in PASSWORDS:
            self._password(request_id, operation)
        elif operation.action == "CreateAccessKey" and isinstance(seen, SeenCredentials):
            self._key(request_id, operation, seen)
        elif operation.action == "CreateVirtualMFADevice":
            self._device(request_id, operation)
        else:
            self._iam.call(operation)

    def _password(self, request_id: str, operation: Operation) -> None:
        text = passwords.generate(self._shortest())
        with self._database.write() as tx:
            secrets.intend(tx, _request(tx, request_id), SecretKind.CONSOLE_PASSWORD, text=text)
        self._iam.call(operation, text)
        with self._database.write() as tx:
            secrets.made(tx, request_id, SecretKind.CONSOLE_PASSWORD)

    def _shortest(self) -> int:
        """What the account's policy asks for; an emulator that does not offer it asks for nothing (rule 28)."""
        try:
            policy = self._iam.password_policy()
        except aws.NotOffered:
            return 0
        return policy.minimum_length if policy is not None else 0

    def _key(self, request_id: str, operation: Operation, seen: SeenCredentials) -> None:
        lost = {key.id for key in seen.lost}
        with self._database.write() as tx:
            keys = [key.id for key in seen.keys if key.id not in lost]
            secrets.intend(tx, _request(tx, request_id), SecretKind.ACCESS_KEY, keys=keys)
        try:
            kept = self._iam.call(operation)
        except aws.NeedsPerson as problem:
            if problem.code != "LimitExceeded" or seen.new_key is None:
                raise
            # An earlier call of ours may have arrived late: the next reading shows whose keys they are.
            raise aws.Retryable(problem.action, problem.code, problem.message) from None
        if not kept:
            raise aws.Retryable(operation.action, "UnreadableAnswer", "it holds no key")
        with self._database.write() as tx:
            secret = {"text": kept["SecretAccessKey"], "key_id": kept["AccessKeyId"]}
            secrets.made(tx, request_id, SecretKind.ACCESS_KEY, **secret)

    def _device(self, request_id: str, operation: Operation) -> None:
        with self._database.write() as tx:
            secrets.intend(tx, _request(tx, request_id), SecretKind.MFA_SEED)
        kept = self._iam.call(operation)
        if not kept:
            raise aws.Retryable(operation.action, "UnreadableAnswer", "it holds no seed")
        seed = Seed(kept["Base32StringSeed"], kept["QRCodePNG"])
        with self._database.write() as tx:
            secrets.made(tx, request_id, SecretKind.MFA_SEED, text=seed.to_text(), key_id=kept["SerialNumber"])


def begun(tx: Tx, row: AccessRequest, plan: Plan, seen: Seen) -> dict[str, Any]:
    """What cannot be read any more once it is begun is kept: what a reset takes, and the policy that is replaced.

    Returns:
        Columns of the request to be set with it.
    """
    if isinstance(seen, SeenPasswordPolicy):
        sightings.save_password_policy(tx, row.account, seen.password_policy)
    return {"plan": plan.as_json()} if row.kind == Kind.MFA_RESET else {}


def require_shown_gone(tx: Tx, row: AccessRequest, seen: Seen) -> None:
    """What was made a moment ago and is not shown may only not be shown yet: it is not gone for that.

    Raises:
        Retryable: Look again a little later.
    """
    if not isinstance(seen, SeenCredentials):
        return
    if row.kind == Kind.CONSOLE_DISABLE and not seen.login:
        _require_settled(tx, row, SecretKind.CONSOLE_PASSWORD)
    elif row.kind == Kind.ACCESS_KEY_DELETE and seen.key(key_id := row.change["key_id"]) is None:
        _require_settled(tx, row, SecretKind.ACCESS_KEY, key_id)


def _require_settled(tx: Tx, row: AccessRequest, kind: SecretKind, key_id: str | None = None) -> None:
    if secrets.made_lately(tx, row, kind, SETTLES, key_id):
        raise aws.Retryable("GetUser", "NotShownYet", "what was made a moment ago is not shown yet")


def finish(tx: Tx, row: AccessRequest, seen: Seen) -> dict[str, Any]:
    """The request is applied: what it made can be collected, and what it ended cannot.

    Args:
        seen: What was read back.

    Returns:
        Columns of the request to be set with it.
    """
    if isinstance(seen, SeenCredentials) and seen.has is not None:
        sightings.save_keys(tx, row.account, row.user, [key.id for key in seen.keys])
        sightings.save_devices(tx, row.account, row.user, seen.has.devices)
    if isinstance(seen, SeenPasswordPolicy):
        sightings.save_password_policy(tx, row.account, seen.password_policy)
    for secret in () if row.kind in _MEMBERSHIP else secrets.ready(tx, row):
        if row.kind == Kind.ACCESS_KEY_ROTATE:
            rotation_moves.begin(tx, row, secret)
    if row.kind == Kind.MFA_ENROL:
        return devices.delivered(tx, row)
    if row.kind == Kind.CONSOLE_DISABLE:
        secrets.over(tx, row.account, row.user, SecretKind.CONSOLE_PASSWORD)
    elif row.kind == Kind.ACCESS_KEY_DELETE:
        secrets.over(tx, row.account, row.user, SecretKind.ACCESS_KEY, key_id=row.change["key_id"])
        rotation_moves.key_deleted(tx, row)
    return {}


def _request(tx: Tx, request_id: str) -> AccessRequest:
    return tx.session.get_one(AccessRequest, request_id)
