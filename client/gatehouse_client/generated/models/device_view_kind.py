from enum import StrEnum


class DeviceViewKind(StrEnum):
    HARDWARE = "hardware"
    SECURITY_KEY = "security_key"
    VIRTUAL = "virtual"

    def __str__(self) -> str:
        return str(self.value)
