"""A model's brain for tests: it reads requests by rules of its own, and answers with the passages it is given."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.vendors.chat_models import Prompt, Writes

Commands = Sequence[Mapping[str, str]]


def command(name: str, target: str = "", words: str = "", text: str = "") -> Mapping[str, str]:
    return {"command": name, "target": target, "words": words, "text": text}


@dataclass
class ReadingModel:
    """Says of each utterance in `readings` what it was given for it, and nothing of others; `answers` likewise.

    Without an answer of its own, it repeats the first sentence of the first passage that has a word of the question.
    """

    readings: dict[str, Commands] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    before: Callable[[Prompt], None] = lambda prompt: None
    asked: list[str] = field(default_factory=list)

    def __call__(self, prompt: Prompt) -> Writes:
        self.before(prompt)
        said = tagged(prompt.user, "caller")
        if prompt.output:
            self.asked.append(f"read: {said}")
            return Writes(json.dumps({"commands": list(self.readings.get(said, ()))}))
        question = tagged(prompt.user, "question")
        self.asked.append(f"answer: {question}")
        return Writes(self.answers.get(question) or _first_that_fits(question, prompt.user))


def tagged(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
    return found.group(1) if found else ""


def _first_that_fits(question: str, user: str) -> str:
    words = {word.lower() for word in re.findall(r"\w{4,}", question)}
    for number, told in re.findall(r'<passage id="(\d+)"[^>]*>(.*?)</passage>', user, re.DOTALL):
        for sentence in re.split(r"(?<=[.!])\s+", told):
            if words & {word.lower() for word in re.findall(r"\w{4,}", sentence)}:
                return f"{sentence.rstrip('.')} [{number}]."
    return "NO_ANSWER"
