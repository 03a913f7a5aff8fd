"""Whose call it is: vendors' keys and usage go by the context, also when another call's context brings the news."""

from collections.abc import Callable
from contextvars import Context

from reception.ports.audio import Pcm16
from reception.ports.dialogue import CallerTurn, PreparedTurn
from reception.providers.account import own_keys
from tests.support.call_fakes import FakeDialogue, FakeVad, FakeVadStream, Phrasebook
from tests.unit.call.scene import Scene, play


class SharedVad(FakeVad):
    """Tells of its windows as a model does that judges those of many calls in one go: in the context of one of them."""

    def open(self, sample_rate_hz: int, on_window: Callable[[float], None]) -> FakeVadStream:
        other = Context()
        other.run(own_keys.set, {"vendor": "another tenant's"})
        return super().open(sample_rate_hz, lambda probability: other.run(on_window, probability))


class NotingBook(Phrasebook):
    def read(self, samples: Pcm16) -> str:
        seen.append(("transcription", dict(own_keys.get())))
        return super().read(samples)


class NotingDialogue(FakeDialogue):
    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        seen.append(("dialogue", dict(own_keys.get())))
        return await super().prepare(caller)


seen: list[tuple[str, dict[str, str]]] = []


def test_every_part_of_a_call_works_with_the_keys_of_its_tenant() -> None:
    seen.clear()

    async def script(s: Scene) -> None:
        await s.caller.says("a table for two")
        await s.caller.waits()

    tenant = Context()
    tenant.run(own_keys.set, {"vendor": "ours"})
    tenant.run(play, script, vad=SharedVad(), book=NotingBook(), dialogue=NotingDialogue())
    assert {part for part, _ in seen} == {"transcription", "dialogue"}
    assert all(keys == {"vendor": "ours"} for _, keys in seen)
