import asyncio

import numpy as np
import pytest

from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.providers.embedded.turn import SmartTurn
from tests.support import sounds
from tests.support.caller_voice import speak


async def test_what_means_the_same_is_near(embedder: MiniLmEmbedder) -> None:
    table, reserve, parking = await embedder.embed(
        ["I'd like to book a table", "Can I reserve a table please?", "Where can I park my car?"]
    )
    assert table @ reserve > 0.6
    assert table @ parking < 0.3


async def test_rows_are_unit_vectors_in_the_order_of_the_texts(embedder: MiniLmEmbedder) -> None:
    texts = ["short", "a somewhat longer text about rooms", "", "word " * 900, *[f"number {n}" for n in range(40)]]
    rows = await embedder.embed(texts)
    assert rows.shape == (len(texts), embedder.dimensions)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    alone = await embedder.embed([texts[1]])
    assert alone[0] @ rows[1] > 0.99


async def test_a_question_waits_for_no_document(embedder: MiniLmEmbedder) -> None:
    document = asyncio.create_task(embedder.embed(["The rule of the house is kept by everybody. " * 12] * 80))
    await asyncio.sleep(0)
    await embedder.embed(["When is breakfast?"])
    assert not document.done()
    document.cancel()


async def test_no_texts_no_rows(embedder: MiniLmEmbedder) -> None:
    assert (await embedder.embed([])).shape == (0, embedder.dimensions)


async def test_case_and_accents_do_not_matter(embedder: MiniLmEmbedder) -> None:
    cafe, plain = await embedder.embed(["CAFÉ with WiFi", "cafe with wifi"])
    assert cafe @ plain > 0.999


@pytest.mark.parametrize("rate_hz", [8000, 16000])
async def test_a_finished_sentence_is_more_complete_than_one_cut_off(turn_detector: SmartTurn, rate_hz: int) -> None:
    finished = speak("My name is Nora Quill.", rate_hz)
    hesitating = speak("I would like a table for, um,", rate_hz)
    pause = sounds.silence(0.2, rate_hz)
    complete = await turn_detector.complete_probability(np.concatenate((finished, pause)), rate_hz)
    incomplete = await turn_detector.complete_probability(np.concatenate((hesitating, pause)), rate_hz)
    assert complete > 0.8
    assert incomplete < 0.2


async def test_no_audio_is_no_complete_turn(turn_detector: SmartTurn) -> None:
    assert await turn_detector.complete_probability(sounds.silence(0, 8000), 8000) == 0.0


async def test_only_the_end_of_long_audio_counts(turn_detector: SmartTurn) -> None:
    finished = speak("My name is Nora Quill.", 8000)
    eight = np.concatenate((sounds.noise(8, 8000, 30), finished))[-8 * 8000 :]
    longer = np.concatenate((sounds.tone(20, 8000), eight))
    expected = await turn_detector.complete_probability(eight, 8000)
    assert await turn_detector.complete_probability(longer, 8000) == pytest.approx(expected, abs=0.02)
