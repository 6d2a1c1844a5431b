from enum import StrEnum


class NoticesBodyToDecide(StrEnum):
    MAIL = "mail"
    OFF = "off"
    SLACK = "slack"

    def __str__(self) -> str:
        return str(self.value)
