from enum import StrEnum


class NoticesBodySecret(StrEnum):
    MAIL = "mail"
    SLACK = "slack"

    def __str__(self) -> str:
        return str(self.value)
