"""`gatehouse serve` and `gatehouse demo`."""

import json
import signal
import sys
import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from app import config, log, metrics
from app.cli import keys_story, runtime, simulation, story
from app.cli.troubles import told
from app.clients.iam import BotoIam
from app.config import Settings
from app.main import VERSION
from app.services import exposition
from app.services.watch import Watch

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


_OUTSIDE = ("mail_url", "mail_from", *(f"slack_{name}" for name in ("bot_token", "app_token", "signing_secret")))
_OUTSIDE += ("slack_team_id", "slack_app_id", "slack_channel")
"""Settings of those who would be told of what happens in a demo."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, worker, slack, demo):
        app.command()(told()(command))


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Serve only; the work is done elsewhere.")] = False,
    simulate: Annotated[bool, typer.Option("--simulate", help="With a simulated AWS and a small lab.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the API, with the worker inside."""
    settings = config.load()
    log.configure(json_lines=not sys.stderr.isatty(), level=settings.log_level)
    with ExitStack() as stack:
        endpoint_url, people = None, dict[str, str]()
        if simulate:
            settings, endpoint_url, people = _simulate(stack, settings)
        running = stack.enter_context(
            runtime.started(settings, host=host, port=port, endpoint_url=endpoint_url, with_worker=not no_worker)
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn ends on the signal and then raises it again: that must unwind us, so that the worker drains.
            signal.signal(number, _leave)
        _announce(running.url, endpoint_url, people, as_json=as_json)
        running.run()


def worker() -> None:
    """Work without serving: any number of these beside PostgreSQL."""
    settings, stop = _until_told()
    with ExitStack() as stack:
        database = stack.enter_context(runtime.opened(settings, alone=False))
        delivery = stack.enter_context(runtime.working(settings, database))
        stack.enter_context(runtime.telling(settings, database))
        if settings.metrics_port:
            registry = exposition.registry(Watch(database, delivery), VERSION)
            stack.enter_context(metrics.serve(registry, settings.metrics_port))
        log.get("worker").info("working", concurrency=settings.worker_concurrency)
        stop.wait()


def slack() -> None:
    """Listen to Slack over Socket Mode, beside PostgreSQL. On SQLite gatehouse serve does it."""
    settings, stop = _until_told()
    with ExitStack() as stack:
        database = stack.enter_context(runtime.opened(settings, alone=False))
        desk = stack.enter_context(runtime.hearing(settings, database))
        stack.enter_context(runtime.listening(desk))
        if settings.metrics_port:
            stack.enter_context(metrics.serve(metrics.of_process(VERSION), settings.metrics_port))
        log.get("slack").info("listening")
        stop.wait()


def _until_told() -> tuple[Settings, threading.Event]:
    """The settings of a process without a web server, and what is set when it is told to leave."""
    settings = config.load()
    log.configure(json_lines=not sys.stderr.isatty(), level=settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return settings, stop


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def demo() -> None:
    """Run the main job end to end on SQLite and a simulated AWS, telling each step."""
    settings = config.load()
    log.configure(json_lines=False, level="ERROR")
    with ExitStack() as stack:
        # Always on a database of its own: a demo in somebody's real one would be a bad surprise.
        waits = {"key_overlap": keys_story.OVERLAP, "key_idle": keys_story.IDLE}
        alone = settings.model_copy(update={"database_url": "", **waits})
        alone = alone.model_copy(update=dict.fromkeys(_OUTSIDE))
        alone.model_fields_set.discard("database_url")
        settings, endpoint_url, people = _simulate(stack, alone)
        running = stack.enter_context(runtime.started(settings, host="127.0.0.1", port=0, endpoint_url=endpoint_url))
        story.tell(running, endpoint_url, people, keys_story.tell)


def _simulate(stack: ExitStack, settings: Settings) -> tuple[Settings, str, dict[str, str]]:
    endpoint_url = stack.enter_context(simulation.simulated_aws())
    settings = stack.enter_context(simulation.simulated_settings(settings))
    return settings, endpoint_url, simulation.small_lab(settings, BotoIam(endpoint_url=endpoint_url))


def _announce(url: str, endpoint_url: str | None, people: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"url": url, "aws_endpoint_url": endpoint_url, "tokens": people}))
    else:
        typer.echo(f"Gatehouse is at {url}  (the API's pages: {url}/docs)")
        if endpoint_url:
            typer.echo(f"Simulated AWS is at {endpoint_url}")
        roles = {"pi": "admin, the owner", "alice": "admin", "bob": "member"}
        for name, token in people.items():
            typer.echo(f"  {name:<6} {token}  {roles[name]}")
        if people:
            exports = " ".join(f"{name.upper()}={token}" for name, token in people.items())
            typer.echo('For another terminal (README, "The whole life with curl"):')
            typer.echo(f"export URL={url} AWS_ENDPOINT_URL={endpoint_url} {exports}")
            typer.echo("Stop with Ctrl-C.")
    sys.stdout.flush()
