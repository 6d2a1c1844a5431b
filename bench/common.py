"""What every bench uses: clients, rounds, figures, and how they are printed."""

import argparse
import http.client
import itertools
import json
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich import box
from rich.console import Console
from rich.table import Table

KINDS = ("sqlite", "postgresql")
_WIDTH = 250
_IDLE = 2.0
"""Seconds; uvicorn closes what was not used for 5."""


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        met: None where nothing was wanted.
        found: Everything that was measured for it.
    """

    measure: str
    wanted: str
    printed: str
    met: bool | None = None
    found: Mapping[str, Any] = field(default_factory=dict)


def report(figures: Sequence[Figure], path: Path | None) -> None:
    """Print the table, and one JSON document: to a file, or below the table."""
    table = Table("measure", "wanted", "printed", "met", box=box.MARKDOWN)
    for figure in figures:
        table.add_row(figure.measure, figure.wanted, figure.printed, _yes_or_no(figure.met))
    Console(width=_WIDTH, highlight=False).print(table)
    document = json.dumps({"machine": _machine(), "figures": [asdict(f) for f in figures]})
    if path is None:
        print(document)
    else:
        path.write_text(document + "\n")


def _yes_or_no(met: bool | None) -> str:  # noqa: FBT001 - three words for three values
    return {True: "yes", False: "no", None: ""}[met]


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "load_before": round(_LOAD, 2)}


_LOAD = os.getloadavg()[0]
"""Of the minute before; above 0.2 or so somebody else is using the machine."""


class Client:
    """One kept connection; the standard library's client costs least."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._token = token
        self._used = time.monotonic()

    def send(self, method: str, path: str, body: object = None, *, token: str | None = None) -> bytes:
        """One call, by the token given or the client's own; what was answered. Anything but success ends the bench."""
        headers = {"Content-Type": "application/json"}
        if token or self._token:
            headers["Authorization"] = f"Bearer {token or self._token}"
        if time.monotonic() - self._used > _IDLE:
            self._connection.close()  # it opens itself again
        self._used = time.monotonic()
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= http.client.MULTIPLE_CHOICES:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return text

    def call(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Any:
        """The same, read."""
        return json.loads(self.send(method, path, body, token=token))


def spread(url: str, clients: int, many: int, one: Callable[[Client, int], None]) -> None:
    """Do `one` for the numbers below `many`, with so many clients at a time."""
    numbers, lock, failed = itertools.count(), threading.Lock(), list[BaseException]()

    def work() -> None:
        client = Client(url)
        try:
            while not failed:
                with lock:
                    number = next(numbers)
                if number >= many:
                    return
                one(client, number)
        except BaseException as problem:  # noqa: BLE001 - raised below
            failed.append(problem)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def alternate(rounds: int, **measures: Callable[[], float]) -> dict[str, list[float]]:
    """Measure each in turn, so many times over: what slows the machine for a while then slows all of them."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def rounded(values: Sequence[float], digits: int = 2) -> list[float]:
    return [round(v, digits) for v in values]


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every bench takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the JSON document there")
    parser.add_argument("--on", choices=KINDS, action="append", help="only on this database")
    return parser
