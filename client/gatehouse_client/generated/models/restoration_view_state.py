from enum import StrEnum


class RestorationViewState(StrEnum):
    CONFIRMED = "confirmed"
    OPEN = "open"

    def __str__(self) -> str:
        return str(self.value)
