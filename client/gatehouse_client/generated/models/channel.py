from enum import StrEnum


class Channel(StrEnum):
    API = "api"
    CLI = "cli"
    CONSOLE = "console"
    RULE = "rule"
    SLACK = "slack"

    def __str__(self) -> str:
        return str(self.value)
