"""`/v1/tokens` and `/v1/enrolments`."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app.api import paging, views
from app.api.bodies import RedeemBody, TokenBody
from app.api.door import AnyToken, respond
from app.api.entry import channel_of
from app.api.house import House
from app.api.middleware import request_id_of
from app.api.pagination import CursorText, Limit
from app.api.schemas import NewTokenView, Page, RedeemedView, TokenView
from app.api.strict import StrictRoute
from app.db import Tx
from app.services import idempotency, listing, tokens
from app.services.doors import database_errors

router = APIRouter(prefix="/v1", tags=["tokens"], route_class=StrictRoute)


@router.get("/tokens", response_model=Page[TokenView], summary="List my tokens")
def list_tokens(door: AnyToken, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """One's own live tokens, newest first."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[TokenView],
            {},
            cursor,
            limit,
            lambda before, n: listing.tokens(tx, door.caller.name, before=before, limit=n),
            lambda rows: [TokenView.model_validate(views.token(row)) for row in rows],
            lambda row: row.id,
        )
    )


@router.post("/tokens", status_code=201, response_model=NewTokenView, summary="Make a token")
def make(body: TokenBody, door: AnyToken) -> Response:
    """Scopes and end are at most those of the token in hand. The text is shown once."""

    def change(tx: Tx) -> NewTokenView:
        row, text = tokens.mint(
            tx, door.caller, name=body.name, scopes=frozenset(body.scopes), expires_in=body.expires_in
        )
        return NewTokenView(**views.token(row), token=text)

    return door.write(change, status=201, secret=True)


@router.delete("/tokens/{token_id}", status_code=204, response_class=Response, summary="End a token")
def delete(token_id: Annotated[str, Path(max_length=64)], door: AnyToken) -> Response:
    """One's own."""
    return door.write(lambda tx: tokens.revoke(tx, door.caller, token_id), status=204)


@router.post("/enrolments/redeem", response_model=RedeemedView, summary="Turn a code into a token")
def redeem(body: RedeemBody, request: Request) -> Response:
    """Needs no token. The code works once."""
    house: House = request.app.state.house
    key = request.headers.get(idempotency.HEADER)
    channel = channel_of(request.headers.get("user-agent", ""))
    owner = "code:" + hashlib.sha256(body.code.encode()).hexdigest()
    with database_errors(), house.database.write() as tx:
        if key is not None:
            # Claimed and never stored: the answer is a secret (rule 17).
            idempotency.claim(tx, owner, idempotency.check_form(key), owner)
        row, text = tokens.redeem(tx, body.code, channel=channel, request_id=request_id_of(request))
        return respond(RedeemedView(**views.token(row), token=text, user=row.owner))
