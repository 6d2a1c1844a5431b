from enum import StrEnum


class RuleViewSlack(StrEnum):
    DECIDE = "decide"
    NOTIFY = "notify"
    OFF = "off"

    def __str__(self) -> str:
        return str(self.value)
