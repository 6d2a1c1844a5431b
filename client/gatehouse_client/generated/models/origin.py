from enum import StrEnum


class Origin(StrEnum):
    IMPORTED = "imported"
    REQUEST = "request"

    def __str__(self) -> str:
        return str(self.value)
