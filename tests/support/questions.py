"""The questions that callers ask of the demo businesses, with what a right answer holds."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reception.dialogue.knowledge import NOTHING_ON
from reception.ports.knowledge import Passage

_FOLDER = Path(__file__).parent.parent / "integration" / "questions"

Kind = Literal["answerable", "near_miss", "unanswerable"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a demo business.

    `answerable`: every string of `expect` occurs in a right answer, which rests on one of `documents`, under a heading
    that holds one of `headings` (letters of either case). `near_miss`: resembles what is answered, but is not; an
    answer that holds one of `reject` is false. `unanswerable`: nothing in the documents is about it. `held_out`
    questions were written after the documents and are not to be used for mending them.
    """

    text: str
    kind: Kind
    expect: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    held_out: bool = False

    def rests_on(self, passage: Passage) -> bool:
        """Whether `passage` is where the answer stands, and holds all of it."""
        where = passage.heading.casefold() + " " + passage.text.casefold()
        return (
            passage.document in self.documents
            and any(heading.casefold() in where for heading in self.headings)
            and all(fact.casefold() in where for fact in self.expect)
        )

    def answered_by(self, reply: str) -> bool:
        """Whether `reply` holds every fact; "9 p.m." and "9 PM" are the same."""
        said = _plain(reply)
        return all(_plain(fact) in said for fact in self.expect)


def verdict(question: Question, said: str, *, cited: bool) -> str:
    """What became of a question to which `said` was the reply; `cited`: it rests on a document.

    Something answerable is answered `right`, `wrong` or `unanswered`. To something that the documents do not speak of,
    every answer with a source is `false`; to something near what they say, one that gives a fact of the neighbour's,
    and one that only tells what there is instead, or says that nothing is known of what was asked, is `related`.
    """
    if question.kind == "answerable":
        return "right" if question.answered_by(said) else "wrong" if cited else "unanswered"
    if not cited:
        return "declined"
    if question.kind == "near_miss" and NOTHING_ON.partition("{")[0] in said:
        return "related"
    if question.kind == "unanswerable" or any(fact.casefold() in said.casefold() for fact in question.reject):
        return "false"
    return "related"


def _plain(text: str) -> str:
    return text.casefold().replace("a.m.", "am").replace("p.m.", "pm")


def questions(slug: str) -> list[Question]:
    """All questions to the demo business `slug`; under `<slug>-later` those set aside, which
    show how they do with what nobody thought of."""
    lines = (_FOLDER / f"{slug}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_question(json.loads(line)) for line in lines]


def _question(row: dict[str, object]) -> Question:
    def strings(key: str) -> tuple[str, ...]:
        value = row.get(key, [])
        assert isinstance(value, list)
        return tuple(str(item) for item in value)

    kind = row["kind"]
    assert kind in ("answerable", "near_miss", "unanswerable")
    return Question(
        text=str(row["question"]),
        kind=kind,
        expect=strings("expect"),
        documents=strings("documents"),
        headings=strings("headings"),
        reject=strings("reject"),
        held_out=row.get("held_out") is True,
    )
