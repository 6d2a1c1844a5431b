from enum import StrEnum


class NoticesViewSecret(StrEnum):
    MAIL = "mail"
    SLACK = "slack"

    def __str__(self) -> str:
        return str(self.value)
