from enum import StrEnum


class FindingViewSeverity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"

    def __str__(self) -> str:
        return str(self.value)
