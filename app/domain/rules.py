"""A group's approval rule: data in the catalogue, in the database and at `/v1/groups/{name}/rule`."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from app.domain.durations import Duration
from app.domain.names import NAME_PATTERN, GroupName, key
from app.domain.numbers import Whole

_APPROVER = rf"^(role:admin|group:{NAME_PATTERN[1:-1]}|{NAME_PATTERN[1:-1]})$"
Approver = Annotated[str, Field(min_length=1, max_length=140, pattern=_APPROVER)]


class SelfService(BaseModel):
    """When a member may have the group without asking anyone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_duration: Duration
    held_before: StrictBool = True


class Rule(BaseModel):
    """Who must approve joining a group, for how long at most, and what else is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    required_approvals: Whole = Field(default=1, ge=1, le=10)
    approvers: tuple[Approver, ...] = Field(default=("role:admin",), min_length=1, max_length=50)
    max_duration: Duration = timedelta(days=30)
    requires_mfa: StrictBool = False
    self_service: SelfService | None = None
    break_glass: tuple[Approver, ...] = ()
    slack: Literal["off", "notify", "decide"] = "notify"
    remind_after: Duration | None = None
    escalate_to: tuple[Approver, ...] = ()


class CatalogueGroup(BaseModel):
    """One group of the catalogue file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: GroupName
    description: str = Field(default="", max_length=500)
    path: Literal["/lab/", "/lab-admin/"] = "/lab/"
    policies: tuple[str, ...] = Field(default=(), max_length=10)
    rule: Rule = Rule()


class Catalogue(BaseModel):
    """The whole catalogue file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: tuple[CatalogueGroup, ...] = Field(max_length=300)

    @field_validator("group")
    @classmethod
    def _once(cls, groups: tuple[CatalogueGroup, ...]) -> tuple[CatalogueGroup, ...]:
        if len({key(group.name) for group in groups}) != len(groups):
            raise ValueError("name each group once; the case does not matter")
        return groups
