from enum import StrEnum


class RuleSlack(StrEnum):
    DECIDE = "decide"
    NOTIFY = "notify"
    OFF = "off"

    def __str__(self) -> str:
        return str(self.value)
