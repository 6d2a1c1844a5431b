from enum import StrEnum


class Disabled(StrEnum):
    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"
    OWNER = "owner"

    def __str__(self) -> str:
        return str(self.value)
