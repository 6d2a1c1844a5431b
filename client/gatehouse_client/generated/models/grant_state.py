from enum import StrEnum


class GrantState(StrEnum):
    ACTIVE = "active"
    APPLYING = "applying"
    REVOKED = "revoked"
    REVOKE_FAILED = "revoke_failed"
    REVOKING = "revoking"
    SCHEDULED = "scheduled"

    def __str__(self) -> str:
        return str(self.value)
