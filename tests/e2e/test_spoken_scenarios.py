"""Scenarios with sound: a synthesised caller on a telephone line, the real engine and models at the other end."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from reception.cli.eval_bench import prepared
from reception.cli.eval_speech import speech_phone
from reception.cli.eval_table import as_text
from reception.cli.eval_voice import CallerVoice
from reception.runtime.evaluation.running import run_all, run_one
from reception.runtime.evaluation.scenario_file import load_all, scenario_files
from tests.support.scenarios import written

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ROBUST = ("Give me a human", "Cancelling takes a yes", "Hanging up before the yes books nothing")
NOISY = """
name: A question on a noisy line
business: harbor-table
speech: {noise: 25 dB}
turns: ["Is there any parking?"]
expect: {said: [/free/], heard: [parking], reservations: none}
"""


async def test_spoken_scenarios_end_in_the_database_as_typed_ones_do() -> None:
    shipped = load_all(scenario_files([SCENARIOS]))
    chosen = [*(one for one in shipped if one.name in ROBUST), *written(NOISY)]
    assert len(chosen) == len(ROBUST) + 1
    async with prepared("local", lambda _: None, spoken=True) as ready:
        assert ready.speech is not None
        phone = speech_phone(ready.speech, await asyncio.to_thread(CallerVoice, ready.speech.tts))
        run = partial(run_one, ready.bench, manner="speech", make_phone=phone)
        results = await run_all(chosen, run, jobs=len(chosen), on_result=lambda _: None)
    assert all(result.exchanges[1].heard for result in results), [as_text(result) for result in results]
    if failed := [as_text(result) for result in results if not result.passed]:
        pytest.fail("\n\n".join(failed), pytrace=False)
