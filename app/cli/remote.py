"""Commands that write while a server runs go through it (rule 34): GATEHOUSE_URL and GATEHOUSE_TOKEN say where."""

from http import HTTPStatus
from typing import Any

import httpx

from app.config import Settings
from app.errors import GatehouseError, StartError


def post(settings: Settings, path: str, body: Any = None, *, seconds: float) -> Any:
    """The JSON of a POST that goes well.

    Args:
        settings: They name a server.
        seconds: To wait for the answer.

    Raises:
        StartError: The server cannot be reached, or there is no token.
        GatehouseError: It refused; its sentence and code.
    """
    if not settings.token:
        raise StartError("GATEHOUSE_URL is set and GATEHOUSE_TOKEN is not; set both, or neither where nothing runs")
    headers = {"Authorization": f"Bearer {settings.token}"}
    try:
        answer = httpx.post(f"{(settings.url or '').rstrip('/')}{path}", json=body, headers=headers, timeout=seconds)
        found = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        raise StartError(f"GATEHOUSE_URL does not answer as a Gatehouse does ({type(problem).__name__})") from None
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        raise GatehouseError(str(found.get("detail", answer.status_code)), code=found.get("code"))
    return found
