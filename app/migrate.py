"""The database's history: bringing it up to date, and saying whether it is."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from procrastinate.schema import SchemaManager
from sqlalchemy.engine import Engine

import migrations
from app import db
from app.errors import StartError

QUEUE_SCHEMA = "03.04.00_50_post_add_retry_failed_job_procedure"
"""The newest of procrastinate's own migrations that a database made by us has. A newer procrastinate needs a
revision of ours that runs what it adds; a test says so."""
_QUEUE = "procrastinate_"
_DROP_QUEUE = sa.text("""
    DO $$ DECLARE found record; BEGIN
        DROP TABLE IF EXISTS procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs,
            procrastinate_workers CASCADE;
        FOR found IN SELECT p.oid::regprocedure AS what FROM pg_proc p
            WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'procrastinate%' LOOP
            EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', found.what);
        END LOOP;
        DROP TYPE IF EXISTS procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
    END $$
""")


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _has_queue(connection: sa.Connection) -> bool:
    query = sa.text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
    return bool(connection.execute(query).scalar_one())


def head() -> str:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database up."""
    with connected(engine) as connection, connection.begin():
        try:
            command.upgrade(_config(connection), to)
        except CommandError as problem:
            raise StartError(f"The database cannot be migrated: {problem}. Is this program older than it?") from None
        if engine.dialect.name == "postgresql" and not _has_queue(connection):
            # procrastinate's own tables and functions, in the same transaction as ours.
            connection.connection.driver_connection.execute(SchemaManager.get_schema())  # type: ignore[union-attr]


def downgrade(engine: Engine, to: str = "base") -> None:
    """Take the database down, for tests and for going back."""
    with connected(engine) as connection, connection.begin():
        command.downgrade(_config(connection), to)
        if to == "base" and engine.dialect.name == "postgresql":
            connection.execute(_DROP_QUEUE)


def differences(engine: Engine) -> list[object]:
    """What the models have and the migrated database has not, or the other way round."""
    with connected(engine) as connection:
        opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith(_QUEUE)}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, db.metadata()))


def require_current(engine: Engine) -> None:
    """Refuse to go on with a database that this program does not fit.

    Raises:
        StartError: It is empty, old, or newer than this program.
    """
    with connected(engine) as connection:
        at = current(connection)
    if at is None:
        raise StartError("The database has no tables yet; run: gatehouse init --owner NAME --email ADDRESS")
    if at != head():
        raise StartError("The database is at another version than this program; run: gatehouse migrate")


def connected(engine: Engine) -> sa.Connection:
    """A connection.

    Raises:
        StartError: The database does not answer. The line names no password.
    """
    try:
        return engine.connect()
    except sa.exc.DBAPIError as problem:
        shown = engine.url.render_as_string(hide_password=True)
        why = " ".join(str(problem.orig).split())[:200]
        raise StartError(f"The database {shown} cannot be reached: {why}") from None
