"""AWS sessions, the pace of calls, and what an AWS error means to us."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.parsers import ResponseParserError

_MESSAGE_LIMIT = 300
_CODE_LIMIT = 100
LARGEST_ANSWER = 8_000_000
"""Bytes. A page of a thousand members has half a million."""
_LARGER = {"GetAccountAuthorizationDetails": 64_000_000}
"""A thousand of anything, with the documents of all versions of their policies."""
_AWS_HOSTS = (
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".amazonwebservices.eu",
    ".c2s.ic.gov",
    ".aws.ic.gov",
    ".sc2s.sgov.gov",
    ".aws.scloud",
    ".cloud.adc-e.uk",
    ".cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".aws.hci.ic.gov",
)
"""The suffixes of every partition in botocore's `partitions.json`."""
WRITES_PER_SECOND = 5.0
"""IAM publishes no rates; a start that other tools found safe (`iam-facts.md`, Limits)."""
BURST = 100

RETRYABLE = frozenset(
    {
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        "InternalFailure",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceFailure",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)
"""The first two are not retried by botocore (`iam-facts.md`, 5)."""


class AwsError(Exception):
    """An AWS call did not do what was asked.

    Attributes:
        action: AWS's name of the call.
        code: AWS's error code, or the name of the client's error.
    """

    def __init__(self, action: str, code: str, message: str) -> None:
        text, code = " ".join(message.split())[:_MESSAGE_LIMIT], code[:_CODE_LIMIT]
        super().__init__(f"{action}: {code}: {text}")
        self.action = action
        self.code = code
        self.message = text


class Retryable(AwsError):
    """It may go through later: throttling, a 5xx, a timeout, no connection."""


class NeedsPerson(AwsError):
    """Trying again changes nothing: a limit, a refusal, missing credentials."""


class Gone(AwsError):
    """NoSuchEntity: what the call names is not there."""


class Exists(AwsError):
    """EntityAlreadyExists."""


class NotOffered(AwsError):
    """The endpoint is not AWS's and does not know the call (rule 28)."""


class Pace:
    """A token bucket: `rate` a second, `BURST` at once, divided by the workers that share it. None is no limit.

    Args:
        workers: How many processes share the rate now.
        clock: Seconds, monotonic.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        workers: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate, self._workers, self._clock, self._sleep = rate, workers, clock, sleep
        self._level, self._at = float(BURST), clock()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Take one token, waiting for it if there is none."""
        if self._rate is None:
            return
        with self._lock:
            now, share = self._clock(), self._workers()
            rate = self._rate / share
            self._level = min(BURST / share, self._level + (now - self._at) * rate) - 1
            self._at = now
            owed = max(0.0, -self._level / rate)
        if owed:
            self._sleep(owed)


def is_aws(endpoint_url: str) -> bool:
    """Say whether an endpoint is AWS's own, in any partition."""
    host = (urlsplit(endpoint_url).hostname or "").lower().rstrip(".")
    return any(host.endswith(suffix) for suffix in _AWS_HOSTS)


CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 10.0
"""Seconds, for each try (`iam-facts.md`, Limits)."""
_PAUSES = 3.0
"""Seconds that botocore's standard mode waits between three tries, at most."""


def worst_call(read_timeout: float, attempts: int = 3) -> float:
    """Seconds that one call can be under way at most, with all its tries."""
    return attempts * (min(CONNECT_TIMEOUT, read_timeout) + read_timeout) + _PAUSES


def session() -> boto3.Session:
    """Make a session. Clients of one session are made in a twentieth of the time, with the same credentials.

    Raises:
        NeedsPerson: The AWS configuration (profile) cannot be used.
    """
    with translated("make a session", emulated=False):
        return boto3.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))


def client(
    service: str,
    *,
    attempts: int,
    endpoint_url: str | None = None,
    read_timeout: float = READ_TIMEOUT,
    of: boto3.Session | None = None,
    region: str | None = None,
) -> Any:
    """Make a client. Clients are thread-safe, sessions are not: make it once and keep it.

    Args:
        of: The session; None makes one.
        attempts: How often botocore tries in all. Few, because our own retries are durable and let others go first.
        read_timeout: Seconds to wait for an answer, each try.
        endpoint_url: Overrides `AWS_ENDPOINT_URL`.
        region: Instead of the session's own.

    Raises:
        NeedsPerson: The AWS configuration (profile, region) cannot be used.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=min(CONNECT_TIMEOUT, read_timeout),
        read_timeout=read_timeout,
        max_pool_connections=40,
    )
    with translated(f"connect to {service}", emulated=False):
        of = of or session()
        made = of.client(
            service,  # type: ignore[call-overload] # the name is a variable
            region_name=region or of.region_name or "us-east-1",
            endpoint_url=endpoint_url,
            config=config,
        )
    made.meta.events.register("before-parse", _sized)
    return made


def _sized(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Refuse an answer before it is taken apart, which takes many times its size."""
    most = _LARGER.get(operation_model.name, LARGEST_ANSWER)
    if len(response_dict["body"]) > most:
        raise NeedsPerson(operation_model.name, "AnswerTooLarge", f"more than {most} bytes")


@contextmanager
def translated(action: str, *, emulated: bool) -> Iterator[None]:
    """Turn what botocore raises into one of our types. Messages are cut to a size; they hold no secret."""
    try:
        yield
    except ClientError as problem:
        raise _from_response(action, problem, emulated=emulated) from problem
    except ResponseParserError as problem:
        # An emulator that lacks a call answers with a page for people; anything else was cut short on its way.
        kind = NotOffered if emulated and "<!doctype html" in str(problem).lower() else Retryable
        raise kind(action, "ResponseParserError", "the answer could not be read") from problem
    except (NoCredentialsError, PartialCredentialsError) as problem:
        raise NeedsPerson(action, "NoCredentials", "set AWS credentials for Gatehouse") from problem
    except (BotoConnectionError, HTTPClientError) as problem:
        raise Retryable(action, type(problem).__name__, str(problem)) from problem
    except (BotoCoreError, ValueError) as problem:
        raise NeedsPerson(action, type(problem).__name__, str(problem)) from problem


def _from_response(action: str, problem: ClientError, *, emulated: bool) -> AwsError:
    error = problem.response.get("Error", {})
    status = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, message = str(error.get("Code", "Unknown")), str(error.get("Message", ""))
    if code == "NoSuchEntity":
        return Gone(action, code, message)
    if code == "EntityAlreadyExists":
        return Exists(action, code, message)
    if emulated and (code in {"InvalidAction", "NotImplemented"} or status == HTTPStatus.NOT_IMPLEMENTED):
        return NotOffered(action, code, message)
    if code in RETRYABLE or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Retryable(action, code, message)
    return NeedsPerson(action, code, message)
