"""A running Gatehouse: database, lock, worker, web server on a socket of our own."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import uvicorn

from app import log, migrate, worker
from app.clients.iam import BotoIam
from app.config import Settings
from app.db import Database
from app.delivery.embedded import EmbeddedDelivery, only_one
from app.errors import StartError
from app.main import create_app, make_database

DRAIN = 30.0
"""Seconds for the work under way when the process is asked to end."""
_log = log.get("serve")


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
def started(
    settings: Settings, *, host: str, port: int, endpoint_url: str | None = None, with_worker: bool = True
) -> Iterator[Running]:
    """Everything of a Gatehouse but the event loop.

    Raises:
        StartError: The database is not migrated, another process uses it, the port is taken.
    """
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(contextlib.closing(bind(host, port)))
        database = make_database(settings)
        stack.callback(database.close)
        migrate.require_current(database.engine)
        alone = only_one(database) if with_worker or database.is_sqlite else nullcontext(lambda: False)
        may_work = stack.enter_context(alone)
        delivery = None
        if with_worker:
            delivery = EmbeddedDelivery(database, may_work)
            clients = worker.Clients(lambda _account: BotoIam(pace=settings.aws_pace, endpoint_url=endpoint_url))
            worker.start(database, delivery, clients)
            stack.callback(_drain, delivery)
        app = create_app(settings, database, delivery)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
        )
        yield Running(uvicorn.Server(config), sock, database)


def _drain(delivery: EmbeddedDelivery) -> None:
    if not delivery.stop(DRAIN):
        _log.warning("worker_still_busy", seconds=DRAIN, note="what is under way is resumed at the next start")


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
