"""Names that have several addresses, as those of load balancers do."""

import socket

from app.clients.webhooks import Poster
from app.domain.endpoints import parse
from tests.support.receiver import receiving
from tests.test_addresses import LOOPBACK, PUBLIC, Changing, named


def test_a_load_balancer_of_both_kinds_is_not_too_much() -> None:
    balancer = Changing([PUBLIC] * 8 + ["2606:2800:21f::1"] * 8)
    assert Poster((), balancer).why_not(parse("https://hooks.example/")) is None


def test_an_address_that_swallows_everything_leaves_time_for_the_next() -> None:
    with receiving() as receiver, socket.socket() as dead:
        dead.bind(("127.0.0.2", parse(receiver.url).port))
        dead.listen(0)  # who comes after the queue is full is not answered
        queue = [socket.socket() for _ in range(3)]
        for one in queue:
            one.setblocking(False)
            one.connect_ex(dead.getsockname())
        both = Changing(["127.0.0.2", "127.0.0.1"])
        outcome = Poster(LOOPBACK, both, connect=2.0).post(named(receiver), b"{}", {})
        for one in queue:
            one.close()
    assert (outcome.status, outcome.error) == (200, None)
