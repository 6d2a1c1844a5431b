"""What befalls the processes: killed at any moment, or standing still for longer than their lease."""

import datetime as dt
import random
import signal
from collections.abc import Callable
from functools import partial

from tests.history.record import KILLED, STOPPED, Disturbance
from tests.history.world import LEASE, Post, World


def befall_server(world: World, post: Post, seed: int, between: tuple[float, float]) -> None:
    """Kill a server every few seconds and start it again, until the time is up.

    Args:
        between: The fewest and the most seconds of quiet.
    """
    draw = random.Random(f"{seed}-{post.name}")  # noqa: S311 - a seed is what it is for
    while not world.over.wait(draw.uniform(*between)):
        _noted(world, KILLED, post, lambda: _killed(world, post, draw))


def befall_worker(world: World, post: Post, seed: int, between: tuple[float, float]) -> None:
    """The same for a worker, which more often stands still for longer than its lease and then goes on."""
    draw = random.Random(f"{seed}-{post.name}")  # noqa: S311 - as above
    while not world.over.wait(draw.uniform(*between)):
        if draw.random() < 0.5:
            _noted(world, KILLED, post, lambda: _killed(world, post, draw))
        else:
            _noted(world, STOPPED, post, lambda: _stopped(world, post, draw))


def _killed(world: World, post: Post, draw: random.Random) -> None:
    post.kill()
    world.over.wait(draw.uniform(0, 1))
    post.start()


def _stopped(world: World, post: Post, draw: random.Random) -> None:
    post.send(signal.SIGSTOP)
    world.over.wait(LEASE * draw.uniform(1.2, 3))
    post.send(signal.SIGCONT)


def _noted(world: World, what: str, post: Post, happens: Callable[[], None]) -> None:
    began = dt.datetime.now(dt.UTC)
    try:
        happens()
    finally:
        world.disturbances.append(Disturbance(what, post.name, began, dt.datetime.now(dt.UTC)))


def everything(world: World, seed: int) -> list[Callable[[], None]]:
    """What goes on side by side, each until the time is up."""
    if world.kind == "sqlite":
        [server] = world.servers
        return [lambda: befall_server(world, server, seed, (2, 6))]
    servers = [partial(befall_server, world, post, seed, (15, 40)) for post in world.servers]
    return [*servers, *(partial(befall_worker, world, post, seed, (2, 7)) for post in world.workers)]
