"""The account's password policy: what it says, and where it is weaker than the baseline. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

SHORTEST_EVER = 6
"""Characters that AWS asks for where a policy does not say (IAM API Reference, UpdateAccountPasswordPolicy)."""


@dataclass(frozen=True)
class PasswordPolicy:
    """A whole policy. What stands here first is the baseline (contract, section 7).

    Attributes:
        max_age_days: None: passwords do not expire.
        reuse_prevention: So many passwords before are not taken again.
        hard_expiry: Who let a password expire cannot set another one.
    """

    minimum_length: int = 14
    require_symbols: bool = True
    require_numbers: bool = True
    require_uppercase: bool = True
    require_lowercase: bool = True
    max_age_days: int | None = 90
    reuse_prevention: int = 12
    hard_expiry: bool = False
    allow_users_to_change_password: bool = True

    def parameters(self) -> dict[str, Any]:
        """Of UpdateAccountPasswordPolicy, which replaces the whole policy: what is left out falls back.

        The two that AWS takes no zero for are left out where they are off, which is how AWS says so.
        """
        optional = {"MaxPasswordAge": self.max_age_days, "PasswordReusePrevention": self.reuse_prevention}
        return {
            "MinimumPasswordLength": self.minimum_length,
            "RequireSymbols": self.require_symbols,
            "RequireNumbers": self.require_numbers,
            "RequireUppercaseCharacters": self.require_uppercase,
            "RequireLowercaseCharacters": self.require_lowercase,
            "AllowUsersToChangePassword": self.allow_users_to_change_password,
            "HardExpiry": self.hard_expiry,
            **{name: value for name, value in optional.items() if value},
        }

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Self:
        """From what GetAccountPasswordPolicy answers."""
        age = answer.get("MaxPasswordAge") if answer.get("ExpirePasswords", True) else None
        return cls(
            minimum_length=int(answer["MinimumPasswordLength"]),
            require_symbols=bool(answer.get("RequireSymbols")),
            require_numbers=bool(answer.get("RequireNumbers")),
            require_uppercase=bool(answer.get("RequireUppercaseCharacters")),
            require_lowercase=bool(answer.get("RequireLowercaseCharacters")),
            max_age_days=int(age) if age else None,
            reuse_prevention=int(answer.get("PasswordReusePrevention") or 0),
            hard_expiry=bool(answer.get("HardExpiry")),
            allow_users_to_change_password=bool(answer.get("AllowUsersToChangePassword")),
        )

    def as_json(self) -> dict[str, Any]:
        """For the database and a digest."""
        return asdict(self)

    def below_baseline(self) -> tuple[str, ...]:
        """In words, what is weaker than the baseline."""
        least = PasswordPolicy()
        found = []
        if self.minimum_length < least.minimum_length:
            found.append(f"{self.minimum_length} characters are enough, the baseline asks for {least.minimum_length}")
        kinds = {
            "symbols": self.require_symbols,
            "numbers": self.require_numbers,
            "upper case": self.require_uppercase,
            "lower case": self.require_lowercase,
        }
        found += [f"{kind} are not asked for" for kind, asked in kinds.items() if not asked]
        if self.max_age_days is None:
            found.append("passwords do not expire")
        elif self.max_age_days > (least.max_age_days or 0):
            found.append(f"passwords last {self.max_age_days} days, in the baseline {least.max_age_days}")
        if self.reuse_prevention < least.reuse_prevention:
            found.append(
                f"the last {self.reuse_prevention} passwords are not taken again, in the baseline"
                f" {least.reuse_prevention}"
            )
        if not self.allow_users_to_change_password:
            found.append("people cannot change their password themselves, also not the generated one")
        return tuple(found)
