"""What a turn of the dialogue costs without a language model: `python -m bench.dialogue`.

Understanding is timed on every utterance of the corpus; whole turns (understanding, graph and flow, on
plain values) on a booking that is changed on the way. CPU milliseconds of this process, after one round to warm up.
"""

import asyncio
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from tests.unit.dialogue.stage import Caller, book_of, restaurant
from tests.unit.understanding.corpus import cases

from reception.cli.playback import percentile
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.dialogue.understanding.reader import read
from reception.providers.embedded.embeddings import MiniLmEmbedder

_SCRIPT = (
    "Hi, I'd like to book a table for four on Friday at half past seven",
    "actually, make it five people",
    "Maria Ramos",
    "415 555 0142",
    "no wait, eight o'clock please",
    "yes please",
    "no, that's all, thank you",
)
_ROUNDS = 6


def _ms(began_s: float) -> float:
    return (time.process_time() - began_s) * 1000


def read_by_rules() -> list[float]:
    spent = []
    for case in list(cases()) * 2:
        began_s = time.process_time()
        read(case.text, case.context)
        spent.append(_ms(began_s))
    return spent[len(spent) // 2 :]


async def understood() -> list[float]:
    understanding = LocalUnderstanding(MiniLmEmbedder())
    await understanding.warm()
    spent = []
    for case in cases():
        began_s = time.process_time()
        await understanding.understand(case.text, case.context)
        spent.append(_ms(began_s))
    return spent


async def whole_turns() -> list[float]:
    spent: list[float] = []
    for number in range(_ROUNDS + 1):
        caller = Caller(book_of(restaurant()))
        for text in _SCRIPT:
            began_s = time.process_time()
            await caller.say(text)
            if number:
                spent.append(_ms(began_s))
    return spent


def main() -> None:
    rows: Sequence[tuple[str, list[float]]] = (
        ("read by rules", read_by_rules()),
        ("understood, embeddings included", asyncio.run(understood())),
        ("whole turn of a flow", asyncio.run(whole_turns())),
    )
    table = Table("CPU ms", "count", "p50", "p95", "most")
    for name, spent in rows:
        figures = [
            f"{value:.2f}" for value in (percentile(spent, 50), percentile(spent, 95), max(spent)) if value is not None
        ]
        table.add_row(name, str(len(spent)), *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
