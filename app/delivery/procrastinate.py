"""Delivery over PostgreSQL, for any number of processes: procrastinate's workers, and a timer for what is due later."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status

from app import log
from app.db import Database
from app.delivery import wakes
from app.delivery.due import due
from app.delivery.protocol import Runner
from app.domain.work import Work
from app.errors import Unavailable

_log = log.get("worker")
TICK = 1.0
"""Seconds between two looks at what is due (rule 31)."""
TIDY_EVERY = 3600.0
STUCK_AFTER = 120.0
"""Seconds without a sign of life after which `/readyz` no longer calls the worker fresh."""
HEARTBEAT, STALLED_AFTER, SWEEP_EVERY = 5.0, 20.0, 5.0
ENDS_AT_ONCE = 2
_MOST_GROUPS, _MOST_REQUESTS = 20, 50
_TIMER = 0x6761746574  # "gatet": one timer at a time is enough
_PAIR = 2
"""procrastinate counts each of our two queues as a worker."""


async def _autocommit(connection: psycopg.AsyncConnection[Any]) -> None:
    """Each call of procrastinate is one statement, so that a transaction around it would only cost round trips."""
    await connection.set_autocommit(True)


class ProcrastinateDelivery:
    """Takes wake-ups from both queues and hands them to a runner, on threads.

    Args:
        database: On PostgreSQL.
        concurrency: Requests at a time; ends have `ENDS_AT_ONCE` of their own.
        drain: Seconds that work under way may take when asked to stop.
    """

    def __init__(self, database: Database, *, concurrency: int, drain: float) -> None:
        self._database, self._concurrency, self._drain = database, concurrency, drain
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ticked = self._listened = time.monotonic()
        self._tidied = time.monotonic()
        self._workers = 1

    def start(self, runner: Runner) -> None:
        """Start the timer and the loop that procrastinate runs on."""
        for target, name in ((self._listen, "gatehouse-worker"), (self._tick_on, "gatehouse-timer")):
            thread = threading.Thread(target=target, args=(runner,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float) -> bool:
        """Let the work under way finish."""
        self._stopping.set()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def is_fresh(self) -> bool:
        """Whether both threads live and gave a sign of life lately."""
        oldest = min(self._ticked, self._listened)
        alive = bool(self._threads) and all(t.is_alive() for t in self._threads)
        return alive and time.monotonic() - oldest < STUCK_AFTER

    def workers(self) -> int:
        """Processes whose heartbeat is recent."""
        return self._workers

    # The timer: what is due by the clock, and what is due because somebody died.

    def _tick_on(self, runner: Runner) -> None:
        while not self._stopping.wait(TICK):
            try:
                self._tick()
                runner.remember()
            except (sa.exc.SQLAlchemyError, Unavailable) as problem:
                _log.error("database_away", problem=type(problem).__name__)
                runner.without_database()
            except Exception:  # noqa: BLE001 - were this thread to die, no access would end any more
                _log.exception("tick_failed")
            self._ticked = time.monotonic()

    def _tick(self) -> None:
        with self._database.write() as tx:
            mine = sa.select(sa.func.pg_try_advisory_xact_lock(_TIMER))
            if not tx.session.connection().execute(mine).scalar_one():
                return
            tx.due |= wakes.unwoken(tx, due(tx, groups=_MOST_GROUPS, requests=_MOST_REQUESTS))
            if time.monotonic() - self._tidied > TIDY_EVERY:
                self._tidied = time.monotonic()
                tx.due.add(Work("tidy"))

    # The loop: procrastinate is async, reconcile runs on threads.

    def _listen(self, runner: Runner) -> None:
        asyncio.run(self._listen_on(runner))

    async def _listen_on(self, runner: Runner) -> None:
        threads = ThreadPoolExecutor(self._concurrency + ENDS_AT_ONCE, thread_name_prefix="gatehouse-work")
        asyncio.get_running_loop().set_default_executor(threads)
        while not self._stopping.is_set():
            try:
                await self._work(runner)
            except (psycopg.Error, ConnectorException, OSError) as problem:
                _log.error("queue_away", problem=type(problem).__name__)
            except Exception:  # noqa: BLE001 - the same: the loop must live as long as the process
                _log.exception("queue_failed")
            if not self._stopping.is_set():
                await asyncio.sleep(TICK)

    async def _work(self, runner: Runner) -> None:
        app = procrastinate.App(connector=self._connector())

        @app.task(name=wakes.TASK)
        def wake(what: str, account: str, id: str) -> None:  # noqa: A002 - the names of Work
            try:
                runner(Work(what, account, id))  # type: ignore[arg-type] # what was put in by `wakes.defer`
            except (sa.exc.SQLAlchemyError, Unavailable) as problem:
                # The row stays due, so the timer wakes somebody again when the database answers.
                _log.error("database_away", problem=type(problem).__name__)

        async with app.open_async():
            at_once = {wakes.ENDS: ENDS_AT_ONCE, wakes.OTHERS: self._concurrency}
            tasks = [asyncio.create_task(self._queue(app, name, many)) for name, many in at_once.items()]
            tasks.append(asyncio.create_task(self._sweep(app)))
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            for problem in ended:
                if isinstance(problem, Exception):
                    raise problem

    def _connector(self) -> procrastinate.PsycopgConnector:
        address = self._database.engine.url.set(drivername="postgresql")
        return procrastinate.PsycopgConnector(
            conninfo=address.render_as_string(hide_password=False),
            configure=_autocommit,
            kwargs={"connect_timeout": 5, "options": "-c statement_timeout=60000 -c timezone=UTC"},
            min_size=2,
            max_size=6,
            timeout=10,
        )

    async def _queue(self, app: procrastinate.App, name: str, concurrency: int) -> None:
        await app.run_worker_async(
            queues=[name],
            name=name,
            concurrency=concurrency,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            fetch_job_polling_interval=TICK,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED_AFTER,
            shutdown_graceful_timeout=self._drain,
        )

    async def _sweep(self, app: procrastinate.App) -> None:
        """Throw away what dead workers left: the rows are still due, so the timer wakes somebody for them."""
        manager, swept = app.job_manager, -SWEEP_EVERY
        while not self._stopping.is_set():
            if time.monotonic() - swept >= SWEEP_EVERY:
                swept = time.monotonic()
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
                    _log.warning("stalled_job", **job.task_kwargs)
                    await manager.finish_job(job, Status.FAILED, delete_job=True)
                await manager.prune_stalled_workers(STALLED_AFTER)
                self._workers = max(1, await self._count(app) // _PAIR)
            self._listened = time.monotonic()
            await asyncio.sleep(0.1)

    async def _count(self, app: procrastinate.App) -> int:
        query = "SELECT count(*) AS n FROM procrastinate_workers"
        row = await app.connector.execute_query_one_async(query)
        return int(row["n"])
