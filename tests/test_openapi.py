"""The OpenAPI document is the code's, every operation is described, and every route has its door."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from typer.testing import CliRunner

from app import cli
from app.config import Settings
from app.db import Database
from app.domain.words import Scope
from app.main import create_app

ROOT = Path(__file__).parent.parent
STORED: dict[str, Any] = json.loads((ROOT / "openapi" / "openapi.json").read_text())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in STORED["paths"].items()
    for method, operation in item.items()
}
OPEN = {"POST /v1/enrolments/redeem"}
SIGNED = {"POST /v1/slack/events"}
"""Slack's own door: not in the document, since nobody else can use it."""
ANY_TOKEN = {
    "GET /v1/me",
    "GET /v1/me/slack",
    "DELETE /v1/me/slack",
    "GET /v1/tokens",
    "POST /v1/tokens",
    "DELETE /v1/tokens/{token_id}",
}
DOCS = ("/docs", "/redoc", "/docs/oauth2-redirect")


def application(tmp_path: Path, *, docs: bool) -> FastAPI:
    settings = Settings.model_construct(secret_key=bytes(range(32)), audit_key=bytes(range(1, 33)), docs=docs)
    return create_app(settings, Database(f"sqlite:///{tmp_path / 'never.db'}", audit_key=b""), None)


def routes_below(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from routes_below(router.routes)


def scopes_asked(route: APIRoute) -> list[tuple[Scope, ...]]:
    """What each door of a route asks for; a route without a door has none."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    return [call.scopes for call in calls if call is not None and hasattr(call, "scopes")]


def test_the_stored_document_is_what_the_code_says() -> None:
    printed = CliRunner().invoke(cli.app, ["openapi"])
    assert printed.exit_code == 0
    assert printed.stdout == (ROOT / "openapi" / "openapi.json").read_text()
    assert STORED["openapi"].startswith("3.1")


def test_the_document_is_served_as_it_is_stored(tmp_path: Path) -> None:
    for docs in (True, False):
        assert application(tmp_path, docs=docs).openapi() == STORED


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    operation = OPERATIONS[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"])
    assert operation["summary"]
    assert operation["description"]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert operation["responses"]["4XX"]["content"] == problem
    assert [status for status in operation["responses"] if status.startswith("2")] != []
    assert "422" not in operation["responses"]
    open_to_all = name in OPEN or not name.split()[1].startswith("/v1")
    from_elsewhere: list[Any] = [{}, {"token": []}] if name == "GET /metrics" else []
    assert operation["security"] == (from_elsewhere if open_to_all else [{"token": []}])


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert sorted(set(ids)) == sorted(ids)


def test_every_post_takes_an_idempotency_key() -> None:
    taking = {
        name
        for name, operation in OPERATIONS.items()
        if "Idempotency-Key" in [parameter["name"] for parameter in operation.get("parameters", [])]
    }
    assert taking == {name for name in OPERATIONS if name.startswith("POST ")}


def test_every_body_refuses_unknown_fields() -> None:
    schemas = STORED["components"]["schemas"]

    def below(schema: Any) -> Iterator[str]:
        for part in [schema, *schema.get("oneOf", []), *schema.get("anyOf", [])]:
            if "$ref" in part:
                yield part["$ref"].removeprefix("#/components/schemas/")

    bodies = {
        name
        for operation in OPERATIONS.values()
        if "requestBody" in operation
        for name in below(operation["requestBody"]["content"]["application/json"]["schema"])
    }
    bodies |= {name for body in bodies for part in schemas[body]["properties"].values() for name in below(part)}
    objects = {name for name in bodies if schemas[name]["type"] == "object"}
    assert len(objects) > 10
    assert {name for name in objects if schemas[name].get("additionalProperties") is not False} == set()


def test_every_route_declares_its_door(tmp_path: Path) -> None:
    doors: dict[str, list[tuple[Scope, ...]]] = {
        f"{method} {route.path}": scopes_asked(route)
        for route in routes_below(application(tmp_path, docs=True).routes)
        for method in route.methods or ()
        if route.path.startswith("/v1")
    }
    assert doors.keys() - SIGNED == {name for name in OPERATIONS if name.split()[1].startswith("/v1")}
    assert {name for name, asked in doors.items() if len(asked) != 1} == OPEN | SIGNED
    assert {name for name, asked in doors.items() if asked == [()]} == ANY_TOKEN
    # Reading asks for a scope that reads, and changing for one that does not; previews and lint store nothing.
    reading = {Scope.REQUESTS_READ, Scope.DIRECTORY_READ, Scope.REPORTS_READ, Scope.AUDIT_READ}
    for name, asked in doors.items():
        if asked in ([], [()]):
            continue
        reads = name.startswith("GET ") or name.endswith(("/preview", "/lint"))
        assert reading.isdisjoint(asked[0]) is not reads, name


def fetch(app: FastAPI, *paths: str) -> list[httpx.Response]:
    async def get() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(get())


def test_the_docs_pages_name_no_outside_asset(tmp_path: Path) -> None:
    app = application(tmp_path, docs=True)
    for page in fetch(app, *DOCS):
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert re.findall(r"(?:https?:)?//(?!127\.0\.0\.1)[\w.-]+\.\w+", page.text) == []
    assets = {found for page in fetch(app, *DOCS) for found in re.findall(r'(?:src|href)="([^"]+)"', page.text)}
    assert len(assets) >= 3
    assert {asset: fetch(app, asset)[0].status_code for asset in assets} == dict.fromkeys(assets, 200)


def test_the_docs_pages_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_DOCS", "false")
    settings = Settings(_env_file=None)  # type: ignore[call-arg] # pydantic-settings takes it
    app = application(tmp_path, docs=settings.docs)
    assert [page.status_code for page in fetch(app, *DOCS)] == [404, 404, 404]
    assert fetch(app, "/openapi.json")[0].status_code == 200
