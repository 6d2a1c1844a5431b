from enum import StrEnum


class Scope(StrEnum):
    ADMIN = "admin"
    AUDITREAD = "audit:read"
    DIRECTORYREAD = "directory:read"
    DIRECTORYWRITE = "directory:write"
    REPORTSREAD = "reports:read"
    REQUESTSDECIDE = "requests:decide"
    REQUESTSREAD = "requests:read"
    REQUESTSWRITE = "requests:write"

    def __str__(self) -> str:
        return str(self.value)
