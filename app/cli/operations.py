"""The commands of whoever runs Gatehouse: init, setup, migrate, openapi, guardrails, audit, recover."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import make_url

from app import config, migrate, rights
from app.cli.troubles import told
from app.clients.iam import BotoIam
from app.config import Settings
from app.db import Database
from app.delivery import wakes
from app.delivery.embedded import only_one
from app.domain import guardrail_documents
from app.domain.actors import SYSTEM_ACTOR
from app.domain.names import Email, UserName
from app.domain.words import DEFAULT_ACCOUNT
from app.errors import Invalid
from app.main import create_app, make_database
from app.services import assessment, audit, catalogue, owner, setup, tokens
from app.services.account_roles import Roles

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (init, recover, migrate_, openapi, setup_):
        app.command(name=command.__name__.strip("_"))(told()(command))
    below = typer.Typer(help="The audit chain.", no_args_is_help=True)
    below.command(name="verify")(told()(verify))
    app.add_typer(below, name="audit")
    shown = typer.Typer(help="The guardrail documents.", no_args_is_help=True)
    shown.command(name="show")(told()(show_guardrails))
    app.add_typer(shown, name="guardrails")


def init(
    owner_name: Annotated[str, typer.Option("--owner", help="Name of the first admin.")],
    email: Annotated[str, typer.Option(help="The first admin's e-mail address.")],
    as_json: Json = False,
) -> None:
    """Migrate the database, load the catalogue, make the first admin and print their token once."""
    _check(UserName, owner_name, "--owner")
    _check(Email, email, "--email")
    settings = config.load()
    groups = catalogue.read(settings.catalog)
    with writing(settings, migrated=False) as database:
        with contextlib.closing(Database(settings.migrate_url or settings.database_url, audit_key=b"")) as owners:
            _bring_up(settings, owners)
        with database.write() as tx:
            token = owner.begin(tx, groups, name=owner_name, email=email)
    if as_json:
        typer.echo(json.dumps({"token": token}))
    else:
        typer.echo(f"Token of {owner_name}, shown once: {token}")
        typer.echo("Next: gatehouse setup, with an AWS administrator's credentials; then gatehouse serve.")


def setup_(
    account: Annotated[str, typer.Option(help="Which account.")] = DEFAULT_ACCOUNT,
    role_arn: Annotated[str | None, typer.Option(help="The role that Gatehouse is to work as there.")] = None,
    admin_role_arn: Annotated[str | None, typer.Option(help="The role for what touches /lab-admin/.")] = None,
    as_json: Json = False,
) -> None:
    """Prepare an AWS account: guardrails and the catalogue's groups. Safe to repeat; then it only reports."""
    settings = config.load()
    with writing(settings) as database:
        with database.read() as tx:
            assessment.get_account(tx, account)
        iam, roles = BotoIam(pace=settings.aws_pace, attempts=2), Roles(role_arn, admin_role_arn)
        outcome = setup.run(database, iam, SYSTEM_ACTOR, account, roles)
    if as_json:
        shown = {"account": account, "aws_account_id": outcome.aws_account_id}
        typer.echo(json.dumps({**shown, "done": outcome.done, "differences": outcome.differences}))
        return
    for line in outcome.done:
        typer.echo(f"done: {line}")
    for line in outcome.differences:
        typer.echo(f"differs: {line}")
    typer.echo(f"Account {outcome.aws_account_id} is ready." if not outcome.differences else "Nothing was changed.")


def recover(
    owner_name: Annotated[str, typer.Option("--owner", help="Name of the owner.")], as_json: Json = False
) -> None:
    """Give the owner a new code when the token is lost. On this host only; audited."""
    with writing(config.load()) as database, database.write() as tx:
        code, expires_at = tokens.recover(tx, owner_name)
    if as_json:
        typer.echo(json.dumps({"code": code, "expires_at": expires_at.isoformat()}))
    else:
        typer.echo(f"Code of {owner_name}, good until {expires_at:%Y-%m-%d %H:%M} UTC: {code}")
        typer.echo("Redeem it with POST /v1/enrolments/redeem. That ends the owner's other tokens.")


def migrate_() -> None:
    """Bring the database's tables up to date; on PostgreSQL also the rights of the application's own role."""
    settings = config.load()
    with contextlib.ExitStack() as stack:
        owner_url = settings.migrate_url or settings.database_url
        database = stack.enter_context(contextlib.closing(Database(owner_url, audit_key=b"")))
        if database.is_sqlite:
            stack.enter_context(only_one(database))
        _bring_up(settings, database)
    typer.echo(f"The database is at {migrate.head()}.")


def _bring_up(settings: Settings, database: Database) -> None:
    migrate.upgrade(database.engine)
    if not database.is_sqlite:
        rights.give(database.engine, make_url(settings.database_url))


def openapi() -> None:
    """Print the OpenAPI document."""
    settings = Settings.model_construct(secret_key=bytes(range(32)), audit_key=bytes(range(1, 33)), docs=False)
    database = Database("sqlite:///never-opened.db", audit_key=b"")
    typer.echo(json.dumps(create_app(settings, database, None).openapi(), indent=2, sort_keys=True))


def show_guardrails(
    account_id: Annotated[str, typer.Option(help="The account's 12 digits.")] = "123456789012",
    partition: Annotated[str, typer.Option(help="aws, aws-cn, aws-us-gov.")] = "aws",
    as_json: Json = False,  # noqa: ARG001 - documents are JSON anyway; the option is there as for every other command
) -> None:
    """Print all documents by name, for those who apply them by other means."""
    if not re.fullmatch(r"[0-9]{12}", account_id):
        raise Invalid("--account-id: an AWS account has 12 digits")
    groups = catalogue.read(config.load().catalog)
    typer.echo(json.dumps(guardrail_documents.every(partition, account_id, groups), indent=2))


def verify(as_json: Json = False) -> None:
    """Check the whole audit chain; exit code 1 when it does not hold."""
    database = make_database(config.load())
    with contextlib.closing(database):
        migrate.require_current(database.engine)
        found = audit.verify(database)
    if as_json:
        typer.echo(json.dumps(vars(found)))
    elif found.valid:
        typer.echo(f"The audit holds: {found.events} events, head {found.head}.")
    else:
        typer.echo(f"The audit does NOT hold: {found.problem}.")
    if not found.valid:
        raise typer.Exit(1)


@contextlib.contextmanager
def writing(settings: Settings, *, migrated: bool = True) -> Iterator[Database]:
    """The database, for this command alone on SQLite (rule 34)."""
    with contextlib.closing(make_database(settings)) as database, contextlib.ExitStack() as stack:
        if database.is_sqlite:
            stack.enter_context(only_one(database))
        wakes.install(database)
        if migrated:
            migrate.require_current(database.engine)
        yield database


def _check(kind: Any, value: str, option: str) -> None:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as problem:
        why = problem.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise Invalid(f"{option}: {why}") from None
