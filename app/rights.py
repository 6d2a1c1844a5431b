"""What the application's own database role may do: everything but change audit rows (rule 37). PostgreSQL only."""

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import URL, Engine

from app.errors import StartError
from app.migrate import connected

_MAY_CHANGE = sa.text("""
    SELECT has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')
        OR has_table_privilege(c.oid, 'TRUNCATE') OR pg_has_role(c.relowner, 'MEMBER')
    FROM pg_class c WHERE c.oid = to_regclass('audit_event')
""")


def give(engine: Engine, app: URL) -> bool:
    """Let the application's role work, as the owner. The role is made where there is none of that name.

    Args:
        engine: Connects as the owner of the tables.
        app: The application's own address, with its role and password.

    Returns:
        False when the address names the owner itself, so that there was nothing to give.
    """
    role = app.username or ""
    with connected(engine) as connection, connection.begin():
        if role in {"", connection.execute(sa.text("SELECT current_user")).scalar_one()}:
            return False
        known = sa.text("SELECT true FROM pg_roles WHERE rolname = :role")
        if connection.execute(known, {"role": role}).scalar_one_or_none() is None:
            _run(connection, sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {password}"), role, app.password)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "REVOKE UPDATE, DELETE, TRUNCATE ON audit_event FROM {role}",
            "REVOKE DELETE, TRUNCATE ON audit_head FROM {role}",
            "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM {role}",
        ):
            _run(connection, sql.SQL(statement), role)
    return True


def require_humble(engine: Engine) -> None:
    """Refuse to go on with a role that can change what the audit says.

    Raises:
        StartError: It can.
    """
    with connected(engine) as connection:
        if connection.execute(_MAY_CHANGE).scalar_one():
            raise StartError(
                f"The database role {engine.url.username} can change audit rows. Give Gatehouse a role of its own: set "
                "GATEHOUSE_MIGRATE_URL to this address and GATEHOUSE_DATABASE_URL to the new role's, "
                "then run: gatehouse migrate"
            )


def _run(connection: sa.Connection, statement: sql.SQL, role: str, password: object = None) -> None:
    # Names and passwords cannot be parameters of such statements; psycopg quotes them.
    whole = statement.format(role=sql.Identifier(role), password=sql.Literal(str(password or "")))
    driver = connection.connection.driver_connection
    driver.execute(whole)  # type: ignore[union-attr] # psycopg's connection
