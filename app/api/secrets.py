"""`/v1/secrets`: what waits for me, and collecting it once."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api import paging
from app.api.door import ReadRequests, WriteRequests
from app.api.pagination import CursorText, Limit
from app.api.schemas import Page, View
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain.credentials import SecretKind
from app.domain.devices import Seed
from app.models import Secret
from app.services import secrets

router = APIRouter(prefix="/v1/secrets", tags=["secrets"], route_class=StrictRoute)


class SecretView(View):
    """A password, key or seed that waits; what it is comes with collecting."""

    id: str
    kind: SecretKind
    account: str
    access_request_id: str
    created_at: datetime
    expires_at: datetime | None


class PasswordView(View):
    """A password for the console, to be changed at the first sign-in. Shown once."""

    kind: Literal["console_password"]
    user_name: str
    password: str
    sign_in_url: str


class KeyView(View):
    """An access key. Shown once."""

    kind: Literal["access_key"]
    access_key_id: str
    secret_access_key: str


class SeedView(View):
    """The seed of a new MFA device, to be typed or as a QR code (PNG in base64). Shown once; then activate it."""

    kind: Literal["mfa_seed"]
    serial_number: str
    base32_seed: str
    qr_png_base64: str


@router.get("", response_model=Page[SecretView], summary="List what waits for me")
def list_waiting(door: ReadRequests, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """Passwords and keys that I can collect, newest first."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[SecretView],
            {},
            cursor,
            limit,
            lambda before, n: secrets.waiting(tx, door.caller, before=before, limit=n),
            lambda rows: [_view(row) for row in rows],
            lambda row: row.id,
        )
    )


@router.post("/{secret_id}/collect", response_model=PasswordView | KeyView | SeedView, summary="Collect a secret, once")
def collect(secret_id: Annotated[str, Path(max_length=64)], door: WriteRequests) -> Response:
    """Only the user it is for. After that, and 72 hours after it was made, it is gone."""

    def change(tx: Tx) -> PasswordView | KeyView | SeedView:
        found = secrets.collect(tx, door.caller, secret_id)
        if found.row.kind == SecretKind.CONSOLE_PASSWORD:
            return PasswordView(
                kind="console_password",
                user_name=found.row.user,
                password=found.text,
                sign_in_url=found.sign_in_url,
            )
        if found.row.kind == SecretKind.MFA_SEED:
            seed = Seed.from_text(found.text)
            return SeedView(
                kind="mfa_seed",
                serial_number=found.row.key_id or "",
                base32_seed=seed.base32,
                qr_png_base64=seed.qr_png,
            )
        return KeyView(kind="access_key", access_key_id=found.row.key_id or "", secret_access_key=found.text)

    return door.write(change, secret=True)


def _view(row: Secret) -> SecretView:
    return SecretView(
        id=row.id,
        kind=row.kind,
        account=row.account,
        access_request_id=row.access_request_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
