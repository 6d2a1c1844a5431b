from enum import StrEnum


class GetAccessRequestUntil(StrEnum):
    APPLIED = "applied"
    DECIDED = "decided"

    def __str__(self) -> str:
        return str(self.value)
