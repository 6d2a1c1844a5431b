from enum import StrEnum


class Provisioning(StrEnum):
    APPLIED = "applied"
    APPLYING = "applying"
    FAILED = "failed"
    NONE = "none"
    QUEUED = "queued"

    def __str__(self) -> str:
        return str(self.value)
