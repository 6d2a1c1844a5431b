"""What Gatehouse is compared with: FastAPI and SQLModel as their own pages show them.

    python -m bench.plain URL

`POST /rows` is one bare insert; `GET /requests` and `GET /events` are lists of models, by offset and limit;
`GET /guarded/requests` and `GET /guarded/events` ask whose token it is first.
"""

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Field, Session, SQLModel, col, select

from app.cli.runtime import bind
from app.db import make_engine
from app.domain import secrets
from app.models import AccessRequest, AuditEvent, Token, User, columns, new_id


class PlainRow(SQLModel, table=True):
    """A row like a request's."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    user: str
    reason: str
    at: dt.datetime


class PlainBody(SQLModel):
    """A body like a request's."""

    kind: str
    user: str
    reason: str


def make_app(url: str) -> FastAPI:
    """The application, on a database with the same settings as ours."""
    engine = make_engine(url)
    SQLModel.metadata.create_all(engine, tables=[columns(PlainRow)])
    app = FastAPI()

    def opened() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    Opened = Annotated[Session, Depends(opened)]  # noqa: N806 - a type

    @app.post("/rows", status_code=201)
    def insert(body: PlainBody, session: Opened) -> PlainRow:
        row = PlainRow(kind=body.kind, user=body.user, reason=body.reason, at=dt.datetime.now(dt.UTC))
        session.add(row)
        session.commit()
        session.refresh(row)
        return row

    def caller(session: Opened, bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> User:
        query = select(Token).where(Token.sha256 == secrets.fingerprint(bearer.credentials))
        token = session.exec(query).one_or_none()
        if token is None or token.revoked_at is not None or token.expires_at <= dt.datetime.now(dt.UTC):
            raise HTTPException(401)
        return session.get_one(User, token.owner)

    @app.get("/guarded/requests", response_model=list[AccessRequest], dependencies=[Depends(caller)])
    @app.get("/requests", response_model=list[AccessRequest])
    def list_requests(session: Opened, offset: int = 0, limit: int = 50) -> Sequence[AccessRequest]:
        query = select(AccessRequest).order_by(col(AccessRequest.id).desc())
        return session.exec(query.offset(offset).limit(limit)).all()

    @app.get("/guarded/events", response_model=list[AuditEvent], dependencies=[Depends(caller)])
    @app.get("/events", response_model=list[AuditEvent])
    def list_events(session: Opened, offset: int = 0, limit: int = 50) -> Sequence[AuditEvent]:
        query = select(AuditEvent).order_by(col(AuditEvent.seq).desc())
        return session.exec(query.offset(offset).limit(limit)).all()

    return app


def main() -> None:
    """Serve it on a free port and print where."""
    app = make_app(sys.argv[1])
    with contextlib.closing(bind("127.0.0.1", 0)) as sock:
        sys.stdout.write(f"http://127.0.0.1:{sock.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[sock])


if __name__ == "__main__":
    main()
