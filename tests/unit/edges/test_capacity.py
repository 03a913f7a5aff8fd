"""When a server says that it can carry no further call."""

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import cast

import pytest

from reception.runtime.capacity import Headroom
from reception.runtime.load import LoopLag


@dataclass
class Server:
    """What is measured of a process, set by hand."""

    median_s: float = 0.0
    demand: float = 0.0
    behind_s: float = 0.0
    calls: int = 1
    now_s: float = 0.0

    def headroom(self) -> Headroom:
        return Headroom(cast("LoopLag", self), lambda: self.behind_s, lambda: self.calls, now_s=lambda: self.now_s)

    def fill(self, headroom: Headroom, *, every_s: float) -> int:
        """How many calls are live when the next is refused."""
        while not headroom.full and self.calls < 1000:
            self.calls += 1
            self.now_s += every_s
        return self.calls


def test_a_loop_without_rest_is_full_before_anything_is_late() -> None:
    server = Server(calls=100)
    headroom = server.headroom()
    server.demand = 0.79
    assert not headroom.full
    server.demand = 0.81
    assert headroom.full


def test_of_a_rush_no_more_are_taken_than_can_be_served_once_they_talk() -> None:
    server = Server()
    assert 100 < server.fill(server.headroom(), every_s=0.02) < 150


def test_what_a_rush_costs_as_it_comes_is_not_reckoned_on_top_of_what_it_will_cost() -> None:
    server = Server(calls=0)
    headroom = server.headroom()
    for _ in range(110):
        assert not headroom.full
        server.calls += 1
        server.now_s += 0.02
        server.demand = 0.5
    server.now_s += 2.0
    server.demand = 0.2
    assert not headroom.full


def test_calls_that_are_over_are_no_reason_to_refuse_a_new_one() -> None:
    server = Server(calls=120, demand=0.85)
    headroom = server.headroom()
    assert headroom.full
    server.calls, server.demand = 0, 0.0
    server.now_s += 600
    assert server.fill(headroom, every_s=0.02) > 100


def test_calls_that_come_one_by_one_are_reckoned_by_what_they_cost() -> None:
    server = Server()
    headroom = server.headroom()
    for _ in range(300):
        assert not headroom.full
        server.calls += 1
        server.now_s += 5.0


def test_once_late_it_is_full_until_it_is_on_time_again() -> None:
    server = Server()
    headroom = server.headroom()
    found = []
    for late_s in (0.025, 0.015, 0.005):
        server.median_s = late_s
        found.append(headroom.full)
    server.behind_s = 0.3
    assert [*found, headroom.full] == [True, True, False, True]


async def test_a_server_that_has_only_just_started_is_not_full_of_that() -> None:
    sampled = asyncio.Event()
    lag = LoopLag(lambda _: sampled.set())
    sampling = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    until_s = time.thread_time() + 0.15
    while time.thread_time() < until_s:
        pass
    await sampled.wait()
    assert lag.demand < 0.1
    assert lag.median_s < 0.001
    sampling.cancel()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells how long a thread waited for a core")
async def test_the_demand_of_a_busy_loop_is_near_one() -> None:
    sampled = asyncio.Event()
    lag = LoopLag(lambda _: sampled.set(), demand_over=1)
    sampling = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    until_s = time.thread_time() + 0.15
    while time.thread_time() < until_s:
        pass
    await sampled.wait()
    assert lag.demand > 0.6
    sampling.cancel()
