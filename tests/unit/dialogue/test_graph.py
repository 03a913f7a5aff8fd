"""The turn graph: what it costs, that it can be drawn, and that it tells nobody."""

import socket

import pytest

from reception.dialogue.graph import build_turn_graph
from tests.unit.dialogue.stage import Caller, book_of, restaurant

_SCRIPT = ("a table for four on Friday at 7 pm", "do you have parking?", "Maria Ramos", "415 555 0142", "yes")


def test_the_graph_is_built_once_and_can_be_drawn() -> None:
    graph = build_turn_graph()
    assert build_turn_graph() is graph
    drawn = graph.get_graph().draw_mermaid()
    for node in ("understand", "flow", "handoff", "small_talk", "reply"):
        assert node in drawn
    assert "cache -.-> retrieve" in drawn.replace("&nbsp;", " ")
    assert "ground --> cache_store" in drawn


async def test_nothing_is_sent_anywhere_even_when_tracing_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "none")

    def refuse(*args: object) -> None:
        raise AssertionError("a connection was about to be made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    caller = Caller(book_of(restaurant()))
    await caller.talk(*_SCRIPT)
    assert caller.acts
