"""What a call tells of its language model, and what becomes of a turn that was prepared in vain."""

from collections.abc import AsyncIterator
from dataclasses import replace

from reception.ports.dialogue import CallerTurn, PreparedTurn, ProviderSwitch, ReplyPart
from reception.ports.events import ProviderSwitched, TurnMetrics
from tests.support.call_fakes import FakeDialogue
from tests.unit.call.scene import Scene, play


class SwitchingDialogue(FakeDialogue):
    """Its model is late to understand, and breaks off while the reply is being said."""

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        self.switches = [ProviderSwitch("understanding", "groq:a-model", "local", "provider_timeout", "late")]
        prepared = await super().prepare(caller)
        self.providers = {"understanding": "local", "answer": "groq:a-model"}
        return replace(prepared, switches=self.switches, providers=self.providers, llm_first_token_ms=120.0)

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        async for part in super().commit(prepared):
            yield part
        self.switches.append(ProviderSwitch("answer", "groq:a-model", "local", "provider_error", "broke off"))
        self.providers["answer"] = "local"


async def _one_turn(scene: Scene) -> None:
    await scene.caller.says("is there parking")
    await scene.caller.waits()


def test_every_switch_is_told_when_it_happens_and_shows_in_the_figures_of_its_turn() -> None:
    scene = play(_one_turn, dialogue=SwitchingDialogue())
    assert scene.events(ProviderSwitched) == [
        ProviderSwitched("llm", "groq:a-model", "local", "provider_timeout"),
        ProviderSwitched("llm", "groq:a-model", "local", "provider_error"),
    ]
    (metrics,) = (event for event in scene.events(TurnMetrics) if isinstance(event, TurnMetrics) and event.turn == 1)
    assert metrics.llm_first_token_ms == 120.0
    assert metrics.providers["understanding"] == "local"
    assert metrics.providers["answer"] == "local"


def test_a_turn_that_was_prepared_in_vain_is_given_back() -> None:
    async def script(scene: Scene) -> None:
        await scene.caller.says("a table for two")
        await scene.caller.is_silent(170)
        await scene.caller.says("on friday at eight")
        await scene.caller.waits()

    scene = play(script)
    assert scene.texts() == ["a table for two on friday at eight"]
    assert [turn.text for turn in scene.dialogue.discarded] == ["a table for two"]
