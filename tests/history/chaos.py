"""What befalls the processes: killed at any moment, or in the middle of a write, or standing still past their lease."""

import datetime as dt
import random
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from tests.history.record import KILLED, OVERTAKEN, STOPPED, Disturbance
from tests.history.world import LEASE, WORST_CALL, Post, World
from tests.support.faults import Hold

_A_WRITE_COMES_WITHIN = 3.0


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


def befall_writes(world: World, seed: int) -> None:
    """Every few seconds, kill whoever works in the middle of a write, which arrives only when others work again.

    By chance this hardly ever happens, and it is where a claim and the second look are needed (rule 32).
    """
    draw = random.Random(f"{seed}-writes")  # noqa: S311 - as above
    working = world.workers or world.servers
    while not world.over.wait(draw.uniform(5, 15)):
        with ExitStack() as nobody_else:
            for post in working:
                nobody_else.enter_context(post.befalling)
            hold = world.proxy.hold(lambda call: call.is_write)
            if hold.reached.wait(_A_WRITE_COMES_WITHIN):
                _overtaken(world, working, hold, draw)
            hold.release()  # whatever it meets from now on goes on at once


def _overtaken(world: World, working: Sequence[Post], hold: Hold, draw: random.Random) -> None:
    arrives = threading.Timer(draw.uniform(0, WORST_CALL), hold.release)
    began = dt.datetime.now(dt.UTC)
    arrives.start()
    for post in working:
        post.kill()
    for post in working:
        post.start()
        world.disturbances.append(Disturbance(OVERTAKEN, post.name, began, dt.datetime.now(dt.UTC)))
    arrives.join()


def _killed(world: World, post: Post, draw: random.Random) -> None:
    post.kill()
    world.over.wait(draw.uniform(0, 1))
    post.start()


def _stopped(world: World, post: Post, draw: random.Random) -> None:
    post.send(signal.SIGSTOP)
    world.over.wait(LEASE * draw.uniform(1.2, 3))
    post.send(signal.SIGCONT)


def _noted(world: World, what: str, post: Post, happens: Callable[[], None]) -> None:
    with post.befalling:
        began = dt.datetime.now(dt.UTC)
        try:
            happens()
        finally:
            world.disturbances.append(Disturbance(what, post.name, began, dt.datetime.now(dt.UTC)))


def everything(world: World, seed: int) -> list[Callable[[], None]]:
    """What goes on side by side, each until the time is up."""
    if world.kind == "sqlite":
        [server] = world.servers
        return [partial(befall_server, world, server, seed, (2, 6)), partial(befall_writes, world, seed)]
    servers = [partial(befall_server, world, post, seed, (15, 40)) for post in world.servers]
    workers = [partial(befall_worker, world, post, seed, (2, 7)) for post in world.workers]
    return [*servers, *workers, partial(befall_writes, world, seed)]
