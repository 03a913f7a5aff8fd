import pytest

from reception.dialogue.commands import AskKnowledge, Command, Flow, RequestHuman, SmallTalk, StartFlow
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.providers.embedded.embeddings import MiniLmEmbedder
from tests.unit.understanding.corpus import situation


@pytest.fixture(scope="module")
def context() -> UnderstandingContext:
    return situation({"business": "restaurant"})


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we were thinking of eating with you this weekend", StartFlow(Flow.NEW_RESERVATION)),
        ("we won't be able to come after all", StartFlow(Flow.CANCEL_RESERVATION)),
        ("kindly take us off your list for this evening", StartFlow(Flow.CANCEL_RESERVATION)),
        ("allow me one minute while I look in my diary", SmallTalk("wait")),
        ("your opening hours please", AskKnowledge("your opening hours please")),
    ],
)
async def test_what_no_rule_covers_goes_to_the_nearest_example(
    embedder: MiniLmEmbedder, context: UnderstandingContext, text: str, expected: Command
) -> None:
    understanding = LocalUnderstanding(embedder)
    await understanding.warm()
    assert expected in list(await understanding.understand(text, context))


async def test_what_is_near_nothing_is_not_guessed(embedder: MiniLmEmbedder, context: UnderstandingContext) -> None:
    understanding = LocalUnderstanding(embedder)
    await understanding.warm()
    commands = await understanding.understand("purple elephants juggle seventeen theorems", context)
    assert not any(isinstance(command, StartFlow | RequestHuman) for command in commands)
