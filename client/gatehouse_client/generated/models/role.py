from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    AUDITOR = "auditor"
    MEMBER = "member"
    SERVICE = "service"

    def __str__(self) -> str:
        return str(self.value)
