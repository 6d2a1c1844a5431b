"""Structured logs on stderr: JSON lines, or coloured text at a terminal. Whatever writes, no line holds a secret."""

import logging
import re
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from typing_extensions import override

from app import metrics

_SECRETS = (
    # No \b in front: after a line break, which JSON writes as \n, there is none. Nor does any reach past a quote of
    # JSON's own, so that what is hidden leaves JSON what it is.
    (re.compile(r"gh_(pat|svc)_\w+"), r"gh_\1_***"),
    (re.compile(r"(?<![A-Z0-9-])(?:[2-9A-HJ-NP-Z]{4}-){4}[2-9A-HJ-NP-Z]{4}(?![A-Z0-9-])"), "***"),
    (re.compile(r"(?i)((?:bearer |password=|secret=)(?:\\\"|')?)[^\s\"'\\,]+"), r"\1***"),
    (re.compile(r"(xox[a-z]|xapp)-[A-Za-z0-9-]+"), r"\1-***"),
    (re.compile(r"(?i)(ticket=)[^\s\"'\\&]+"), r"\1***"),
    (re.compile(r"(://[^\s:/@\"]*:)[^\s@\"]+@"), r"\1***@"),
)
"""Tokens, enrolment codes, credentials in headers and connection strings, passwords in addresses, Slack's tokens.
Nothing of ours logs them; this is for what a library's message or an address that somebody typed may hold."""


def configure(*, json_lines: bool, level: str = "INFO") -> None:
    """Set logging up for the process. Request ids and the like are bound with `structlog.contextvars`.

    Args:
        json_lines: One JSON object a line, for programs. Warnings, what libraries log and what nobody caught
            come out as such lines, too. Otherwise text for people.
        level: Of our own lines. Libraries log warnings and worse, never more: at DEBUG botocore would log
            what it signs with.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json_lines
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, *rendered, _masked],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _stderr)),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered, _masked],
    )
    root = logging.getLogger()
    for earlier in [h for h in root.handlers if isinstance(h, _Lines)]:
        root.removeHandler(earlier)
    root.addHandler(_Lines(formatter))
    root.setLevel(max(logging.WARNING, threshold))
    logging.captureWarnings(capture=json_lines)
    if json_lines:
        _catch_the_rest()


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of that name."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(part=name)
    return logger


@contextmanager
def working(**about: str) -> Iterator[None]:
    """Bind what is worked on, and an id of this piece of work, to every line that is written meanwhile.

    Args:
        about: Names and ids. Never a secret.
    """
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(**about, work_id=str(uuid.uuid4())):
        yield
        get("worker").info("worked", ms=round((time.perf_counter() - began) * 1000, 1))


def masked(text: str) -> str:
    """The text without what looks like a secret."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _masked(_logger: Any, _name: str, line: Any) -> str:
    return masked(str(line))


class _Stderr:
    """Stderr as it is now. Where it is gone (a closed pipe, a full disk), the line is lost and counted.

    A line that cannot be written must not stop who wrote it: it would end the thread that ends access.
    """

    def write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
        except (OSError, ValueError, AttributeError):  # ValueError: it is closed; AttributeError: there is none
            metrics.LOG_LINES_LOST.inc()

    def flush(self) -> None:
        # Stderr goes out line by line: what is lost was counted by write.
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()


_stderr = _Stderr()


class _Lines(logging.Handler):
    """What libraries log, through the writer of our own lines, so that no two lines mix."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._out = structlog.WriteLogger(cast(TextIO, _stderr))

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as problem:  # noqa: BLE001 - a library's wrong format must not stop who called it
            get("log").error("unwritable", logger=record.name, problem=type(problem).__name__)
            return
        self._out.msg(line)


def _catch_the_rest() -> None:
    """Let what nobody caught be a line as well. Not where somebody else, such as a test runner, listens for it."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _uncaught_in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, problem, trace)
        return
    get("process").critical("uncaught", exc_info=(kind, problem, trace))


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None and found.exc_type is not SystemExit:
        name = found.thread.name if found.thread else None
        get("process").critical(
            "uncaught", thread=name, exc_info=(found.exc_type, found.exc_value, found.exc_traceback)
        )


def _unraisable(found: Any) -> None:
    problem = found.exc_value
    get("process").error("unraisable", where=repr(found.object)[:200], problem=repr(problem)[:200])
