"""`account.password_policy`: the whole policy of an account, since AWS replaces all of it. Left out means default."""

from typing import Annotated, Self

from pydantic import Field, StrictBool, model_validator
from typing_extensions import override

from app.changes.account import AccountChange
from app.changes.base import Body, Wish
from app.clients import aws
from app.clients.iam import Iam
from app.domain.account_settings import SeenPasswordPolicy
from app.domain.numbers import WHOLE
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation, Plan
from app.domain.sightings import Seen
from app.domain.words import Kind

_DEFAULT = PasswordPolicy()


class PasswordPolicyBody(Body):
    """Every field of a policy; the limits are AWS's and the contract's.

    Source: IAM API Reference, UpdateAccountPasswordPolicy. `max_age_days` null: passwords do not expire.
    """

    minimum_length: Annotated[int, Field(ge=6, le=128), WHOLE] = _DEFAULT.minimum_length
    require_symbols: StrictBool = _DEFAULT.require_symbols
    require_numbers: StrictBool = _DEFAULT.require_numbers
    require_uppercase: StrictBool = _DEFAULT.require_uppercase
    require_lowercase: StrictBool = _DEFAULT.require_lowercase
    max_age_days: Annotated[int, Field(ge=1, le=1095), WHOLE] | None = _DEFAULT.max_age_days
    reuse_prevention: Annotated[int, Field(ge=12, le=24), WHOLE] = _DEFAULT.reuse_prevention
    hard_expiry: StrictBool = _DEFAULT.hard_expiry
    allow_users_to_change_password: StrictBool = _DEFAULT.allow_users_to_change_password

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.hard_expiry and self.max_age_days is None:
            raise ValueError("hard_expiry needs max_age_days: nothing expires without it")
        return self

    @property
    def policy(self) -> PasswordPolicy:
        """As it is compared and sent."""
        return PasswordPolicy(**self.model_dump())


class AccountPasswordPolicy(AccountChange):
    """The account's password policy, whole."""

    kind = Kind.ACCOUNT_PASSWORD_POLICY
    body = PasswordPolicyBody

    @override
    def warnings(self, wish: Wish, _seen: Seen) -> list[str]:
        """Where it is weaker than the baseline."""
        return [f"below the baseline: {what}" for what in wish.body.policy.below_baseline()]

    @override
    def observe(self, iam: Iam, wish: Wish) -> SeenPasswordPolicy:
        """Also the policy that the account has."""
        return SeenPasswordPolicy(**{**vars(super().observe(iam, wish)), "password_policy": _read(iam)})

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> SeenPasswordPolicy:
        """The same again."""
        return self.observe(iam, wish)

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """One call that replaces all, or none where it is so already."""
        wanted = wish.body.policy
        end_state = {"kind": wish.kind, "account": wish.account, "user_id": wish.user_id, "policy": wanted.as_json()}
        return Plan(end_state, () if seen.password_policy == wanted else (_update(wish, wanted),))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Back to the policy that was there, if ours is there now. Where there was none, ours stays."""
        if not isinstance(seen, SeenPasswordPolicy) or seen.before is None:
            return ()
        changed = seen.password_policy == wish.body.policy != seen.before
        return (_update(wish, seen.before),) if changed else ()


def _update(wish: Wish, policy: PasswordPolicy) -> Operation:
    text = f"replace the password policy of the account {wish.account}"
    return Operation("iam", "UpdateAccountPasswordPolicy", policy.parameters(), text)


def _read(iam: Iam) -> PasswordPolicy | None:
    try:
        return iam.password_policy()
    except aws.NotOffered:
        return None  # an emulator; the call itself says so too (rule 28)
