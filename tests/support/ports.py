"""Ports for what is told where to listen, or listens again where it did before."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port that is free, and stays so.

    It is below those that Linux hands out by itself: one of these may be another test's before anybody listens on it.
    """
    for _ in range(100):
        port = random.SystemRandom().randint(20_000, 32_000)
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
