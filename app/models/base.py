"""What every table is made with: the names of constraints, ids, enums by value."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import uuid_utils
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """A UUIDv7 as text: it sorts by time, so it is the key of keyset pages as well."""
    return str(uuid_utils.uuid7())


def by_value(enum: type[StrEnum]) -> TypeEngine[Any]:
    """Store the value and not the name; refuse an unknown one before the database sees it."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        validate_strings=True,
        values_callable=lambda members: [m.value for m in members],
    )


def columns(model: type[SQLModel]) -> sa.Table:
    """The bare table: statements on it skip the ORM, whose building and looking up costs most of a short query."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined] # SQLModel does not declare it
    return found
