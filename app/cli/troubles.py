"""What goes wrong in a command that works on the host itself, in one line. Loads the server's libraries."""

import contextlib
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from app.clients.aws import AwsError, Retryable
from app.errors import GatehouseError, StartError


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Say AWS's and the database's troubles as our own; also a decorator for commands."""
    try:
        yield
    except Retryable as problem:
        text = f"AWS does not answer ({problem}). Check AWS_ENDPOINT_URL, the network and the credentials."
        raise StartError(text) from problem
    except AwsError as problem:
        raise GatehouseError(f"AWS refused: {problem}") from problem
    except SQLAlchemyError as problem:
        text = f"The database failed: {type(problem).__name__}. Run gatehouse migrate, or look at its log."
        raise StartError(text) from problem
