from enum import StrEnum


class SecretKind(StrEnum):
    ACCESS_KEY = "access_key"
    CONSOLE_PASSWORD = "console_password"
    MFA_SEED = "mfa_seed"

    def __str__(self) -> str:
        return str(self.value)
