from enum import StrEnum


class DecisionState(StrEnum):
    APPROVED = "approved"
    CANCELLED = "cancelled"
    DENIED = "denied"
    LAPSED = "lapsed"
    PENDING = "pending"

    def __str__(self) -> str:
        return str(self.value)
