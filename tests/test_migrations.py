"""The migrations, both ways, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

import migrations
from app import db, migrate
from app.errors import StartError
from tests.conftest import BOTH, Databases


@pytest.fixture
def engine(databases: Databases, kind: str) -> Iterator[Engine]:
    """The engine of an empty database."""
    made = db.make_engine(databases.empty(kind))
    yield made
    made.dispose()


def left_behind(engine: Engine) -> set[str]:
    """Every table, view, sequence and function of ours but Alembic's own table."""
    look = sa.inspect(engine)
    found = {*look.get_table_names(), *look.get_view_names()}
    if engine.dialect.name == "postgresql":
        found |= set(look.get_sequence_names())
        with engine.connect() as connection:
            query = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            found |= set(connection.execute(sa.text(query)).scalars())
    return found - {"alembic_version"}


@BOTH
def test_up_and_down_and_up_again_with_nothing_left_or_missing(engine: Engine) -> None:
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    assert set(db.metadata().tables) <= left_behind(engine)
    with engine.connect() as connection:
        assert migrate.current(connection) == migrate.head()

    migrate.downgrade(engine)
    assert left_behind(engine) == set()
    with engine.connect() as connection:
        assert migrate.current(connection) is None

    migrate.upgrade(engine)
    assert migrate.differences(engine) == []


@BOTH
def test_a_column_that_no_migration_made_is_a_difference(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE lab_user ADD COLUMN nickname VARCHAR"))
    assert migrate.differences(engine) != []


@BOTH
def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    migrate.upgrade(engine)
    migrate.upgrade(engine)
    migrate.require_current(engine)
    assert migrate.differences(engine) == []


@BOTH
def test_an_empty_and_an_unknown_database_are_refused(engine: Engine) -> None:
    with pytest.raises(StartError, match="no tables yet"):
        migrate.require_current(engine)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'from_later'"))
    with pytest.raises(StartError, match="another version"):
        migrate.require_current(engine)


def test_there_is_one_head_and_one_line_to_it() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrate.head()]
    revisions = list(scripts.walk_revisions())
    assert [r.is_branch_point or r.is_merge_point for r in revisions] == [False] * len(revisions)
    files = [f for f in (Path(migrations.__file__).parent / "versions").glob("*.py") if f.name != "__init__.py"]
    assert len(revisions) == len(files)
