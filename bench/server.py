"""The servers that are measured: Gatehouse with an IAM that costs nothing, and the floor of bare inserts."""

import argparse
import contextlib
import datetime as dt
import os
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI
from sqlmodel import Field, Session, SQLModel

from app import log, worker
from app.cli.runtime import bind
from app.config import Settings
from app.db import make_engine
from app.delivery.embedded import EmbeddedDelivery
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser
from app.main import create_app, make_database
from app.models import columns, new_id


class FreeIam:
    """IAM answered in-process, so that our own cost shows: every user and group is there.

    Args:
        delay: Seconds that each call takes.
    """

    emulated = True

    def __init__(self, delay: float = 0.0) -> None:
        self._members: dict[str, set[str]] = {}
        self._delay = delay

    def account(self) -> tuple[str, str]:
        return "123456789012", "aws"

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        time.sleep(self._delay * (1 + mfa + belongings))
        groups = tuple(sorted(self._members.get(name, ())))
        return SeenUser(name, f"arn:aws:iam::123456789012:user/lab/{name}", groups, boundary="arn:b", has_mfa=True)

    def group(self, name: str) -> SeenGroup | None:
        time.sleep(self._delay)
        return SeenGroup(name, (SeenPolicy("arn:aws:iam::aws:policy/X", "sha256:" + "0" * 64),))

    def policy(self, arn: str) -> SeenPolicy | None:
        time.sleep(self._delay)
        return SeenPolicy(arn, "sha256:" + "1" * 64)

    def call(self, operation: Operation) -> None:
        time.sleep(self._delay)
        members = self._members.setdefault(operation.parameters.get("UserName", ""), set())
        if operation.action == "AddUserToGroup":
            members.add(operation.parameters["GroupName"])
        elif operation.action == "RemoveUserFromGroup":
            members.discard(operation.parameters["GroupName"])


class FloorRow(SQLModel, table=True):
    """A row like a request's."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    user: str
    reason: str
    at: dt.datetime


class FloorBody(SQLModel):
    """A body like a request's."""

    kind: str
    user: str
    reason: str


def floor_app(url: str) -> FastAPI:
    """One bare insert for each request, as FastAPI's and SQLModel's own pages show it."""
    engine = make_engine(url)
    SQLModel.metadata.create_all(engine, tables=[columns(FloorRow)])
    app = FastAPI()

    def opened() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    @app.post("/rows", status_code=201)
    def insert(body: FloorBody, session: Annotated[Session, Depends(opened)]) -> FloorRow:
        row = FloorRow(kind=body.kind, user=body.user, reason=body.reason, at=dt.datetime.now(dt.UTC))
        session.add(row)
        session.commit()
        session.refresh(row)
        return row

    return app


def gatehouse_app(stack: contextlib.ExitStack, url: str, delay: float) -> FastAPI:
    """Gatehouse with its embedded worker, without rate limit and pacing."""
    os.environ["GATEHOUSE_DATABASE_URL"] = url
    os.environ["GATEHOUSE_RATE_LIMIT"] = "off"
    settings = Settings(require_mfa=False)
    database = make_database(settings)
    delivery = EmbeddedDelivery(database)
    iam = FreeIam(delay)
    worker.start(database, delivery, lambda _account: iam)
    stack.callback(delivery.stop, 30)
    return create_app(settings, database, delivery)


def main() -> None:
    """Serve one of them on a free port and print where."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["gatehouse", "floor"])
    parser.add_argument("url")
    parser.add_argument("--delay", type=float, default=0.0)
    chosen = parser.parse_args()
    log.configure(json_lines=True, level="ERROR")
    with contextlib.ExitStack() as stack:
        floor = chosen.what == "floor"
        app = floor_app(chosen.url) if floor else gatehouse_app(stack, chosen.url, chosen.delay)
        sock = stack.enter_context(contextlib.closing(bind("127.0.0.1", 0)))
        sys.stdout.write(f"http://127.0.0.1:{sock.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[sock])


if __name__ == "__main__":
    main()
