"""A running Gatehouse: database, lock, worker, web server on a socket of our own."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn

from app import log, migrate, rights, worker
from app.clients.iam import BotoIam
from app.clients.webhooks import Poster
from app.config import Settings
from app.db import Database
from app.delivery import wakes
from app.delivery.courier import Courier, stop_all
from app.delivery.embedded import only_one
from app.delivery.protocol import Delivery
from app.errors import StartError
from app.files.anchors import AnchorFile
from app.files.locked import place, require_usable
from app.main import create_app, make_database
from app.services import account_roles
from app.services.account_roles import Roles
from app.services.anchoring import Anchoring
from app.services.backoff import Backoff
from app.services.webhook_rounds import WebhookRounds
from app.slack.desk import Desk, make_desk
from app.slack.house import SlackHouse
from app.slack.socket import SocketMode
from app.telling import rounds

_log = log.get("serve")
ACCOUNT_TIMEOUT = 60.0
"""Seconds for one answer: a thousand users at once take longer to be written down than any other."""

DRAIN_TELLING = 15.0
"""Seconds for what is being told when the process is asked to end: longer than one call waits."""
DRAIN_SLACK = 10.0
"""Seconds for what people asked for in Slack, likewise."""


@dataclass(frozen=True)
class Running:
    """What was started."""

    server: uvicorn.Server
    sock: socket.socket
    database: Database

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.sock.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self) -> None:
        """Serve until a signal or `server.should_exit`."""
        self.server.run(sockets=[self.sock])


@contextlib.contextmanager
def opened(settings: Settings, *, alone: bool = True) -> Iterator[Database]:
    """The database, fit to be served or worked on, with its transactions waking the workers.

    Args:
        alone: SQLite will do, since this process is the only one (rule 34).

    Raises:
        StartError: It is not migrated, another process uses it (SQLite), its role may do too much (PostgreSQL).
    """
    with contextlib.ExitStack() as stack:
        database = make_database(settings)
        stack.callback(database.close)
        if database.is_sqlite and not alone:
            raise StartError("SQLite has one process, gatehouse serve, which works as well; others need PostgreSQL")
        migrate.require_current(database.engine)
        if database.is_sqlite:
            stack.enter_context(only_one(database))
        elif not settings.simulate:
            rights.require_humble(database.engine)
        wakes.install(database)
        anchors = AnchorFile(place(settings.anchors, settings.database_url, "anchors"), database.audit_key)
        require_usable(anchors.path, "GATEHOUSE_ANCHORS")
        anchoring = Anchoring(database, anchors)
        anchoring.begin()
        stack.callback(anchoring.stop)
        yield database


@contextlib.contextmanager
def working(
    settings: Settings, database: Database, *, endpoint_url: str | None = None, backoff: Backoff | None = None
) -> Iterator[Delivery]:
    """A worker until the end of the block, when the work under way is given time to end."""
    delivery = worker.start(settings, database, endpoint_url=endpoint_url, backoff=backoff)
    try:
        yield delivery
    finally:
        if not delivery.stop(worker.DRAIN):
            note = "what is under way is resumed at the next start"
            _log.warning("worker_still_busy", seconds=worker.DRAIN, note=note)


@contextlib.contextmanager
def telling(settings: Settings, database: Database) -> Iterator[None]:
    """Until the end of the block people and programs are told what happens, as far as the settings say how."""
    webhooks = WebhookRounds(database, Poster(settings.webhooks_allow_private))
    couriers = [Courier(database, "webhooks", webhooks)]
    people = rounds.courier(settings, database)
    if people is not None:
        couriers.append(people)
    for one in couriers:
        one.start()
    try:
        yield
    finally:
        if not all([stop_all(couriers, DRAIN_TELLING), webhooks.stop(DRAIN_TELLING)]):
            _log.warning("courier_still_busy", seconds=DRAIN_TELLING, note="what it was telling may be told twice")


@contextlib.contextmanager
def hearing(settings: Settings, database: Database) -> Iterator[Desk]:
    """What takes what Slack tells, until the end of the block, when what is still to be said is given time.

    Raises:
        StartError: Slack is not configured.
    """
    desk = make_desk(SlackHouse(database, settings))
    try:
        yield desk
    finally:
        if not desk.close(DRAIN_SLACK):
            _log.warning("slack_still_talking", seconds=DRAIN_SLACK, note="some were not told what came of it")


@contextlib.contextmanager
def listening(desk: Desk) -> Iterator[None]:
    """Socket Mode until the end of the block, when what was taken is given time to end."""
    mode = SocketMode(desk)
    mode.start()
    try:
        yield
    finally:
        if not mode.stop(DRAIN_SLACK):
            _log.warning("slack_still_busy", seconds=DRAIN_SLACK, note="who asked sees an error in Slack")


@contextlib.contextmanager
def started(
    settings: Settings,
    *,
    host: str,
    port: int,
    endpoint_url: str | None = None,
    with_worker: bool = True,
    backoff: Backoff | None = None,
) -> Iterator[Running]:
    """Everything of a Gatehouse but the event loop.

    Raises:
        StartError: What `opened` says, or the port is taken.
    """
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(contextlib.closing(bind(host, port)))
        database = stack.enter_context(opened(settings))
        delivery = None
        if with_worker:
            inside = working(settings, database, endpoint_url=endpoint_url, backoff=backoff)
            delivery = stack.enter_context(inside)
            stack.enter_context(telling(settings, database))
        desk = None
        if settings.slack() is not None:
            desk = stack.enter_context(hearing(settings, database))
            if database.is_sqlite and settings.slack_app_token:  # elsewhere `gatehouse slack` does it (rule 34)
                stack.enter_context(listening(desk))
        app = create_app(
            settings,
            database,
            delivery,
            worker.direct(settings, database, endpoint_url=endpoint_url),
            lambda account: reading(settings, database, account, endpoint_url),
            desk,
        )
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
        )
        yield Running(uvicorn.Server(config), sock, database)


def reading(settings: Settings, database: Database, account: str, endpoint_url: str | None = None) -> BotoIam:
    """What reads a whole account, as the first of its roles: made anew each time, which is rare."""
    timeout = max(ACCOUNT_TIMEOUT, settings.aws_timeout.total_seconds())
    role = account_roles.of_all(database).get(account, Roles()).first
    return BotoIam(pace=settings.aws_pace, endpoint_url=endpoint_url, read_timeout=timeout, role_arn=role)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        StartError: The port is taken, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(256)
    except (OSError, OverflowError) as problem:
        sock.close()
        why = getattr(problem, "strerror", None) or str(problem)
        raise StartError(f"Cannot listen on {host} port {port}: {why}. Choose another with --port") from None
    return sock
