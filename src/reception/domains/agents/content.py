"""What a version of an agent consists of: its validation, and its form as JSON columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from pydantic import TypeAdapter

from reception.db.bounds import bounded, bounded_json, refuse
from reception.domains.agents.rules import check_definition
from reception.ports.business import AgentKind, AgentSettings
from reception.ports.definition import AgentDefinition
from reception.ports.dialogue import Json

MOST_PRONUNCIATIONS = 200
MOST_WORDS = 100
LONGEST_WORD = 60
"""Of the vocabulary; characters."""
LONGEST_DEFINITION = 100_000
"""Characters of its JSON."""
_RANGES = {
    "voice_speed": (0.5, 2.0),
    "patience": (0.5, 3.0),
    "silence_prompt_s": (2.0, 60.0),
    "silence_prompts": (0, 5),
    "filler_after_ms": (200, 5000),
    "max_call_s": (30, 14_400),
    "recording_days": (1, 3650),
}
_LENGTHS = {
    "greeting": 500,
    "persona_name": 60,
    "voice": 60,
    "handoff_phone": 32,
    "recording_notice": 300,
    "stt": 400,
    "tts": 400,
    "llm": 400,
    "language": 35,
}
_LANGUAGE_MODEL = r"(?:local|(?!https?:)[a-z_]{2,32}:[\w./:@+-]{1,80})"
_LANGUAGE_MODELS = re.compile(rf"{_LANGUAGE_MODEL}(?:\s*,\s*{_LANGUAGE_MODEL}){{0,5}}")
"""No addresses: those are for the operator to choose, who alone knows what is behind them."""
_DEFINITION: TypeAdapter[AgentDefinition] = TypeAdapter(AgentDefinition)


@dataclass(frozen=True, slots=True)
class AgentContent:
    """All of an agent that an owner edits, and that a version keeps."""

    name: str
    settings: AgentSettings
    definition: AgentDefinition

    def changed(
        self, name: str | None, settings: AgentSettings | None, definition: AgentDefinition | None
    ) -> "AgentContent":
        """This content with what is not None in its place."""
        return AgentContent(
            self.name if name is None else name,
            self.settings if settings is None else settings,
            self.definition if definition is None else definition,
        )

    def validated(self, kind: AgentKind) -> "AgentContent":
        """This content with its texts stripped.

        Raises:
            Unprocessable: a field is not valid.
        """
        check_definition(self.definition, kind)
        bounded_json(definition_json(self.definition), "/definition", longest=LONGEST_DEFINITION)
        return AgentContent(
            bounded(self.name, "/name", shortest=1, longest=120), _validated(self.settings), self.definition
        )

    def columns(self) -> dict[str, object]:
        """As the columns of a row."""
        return {
            "name": self.name,
            "settings": settings_json(self.settings),
            "definition": definition_json(self.definition),
        }

    @classmethod
    def read(cls, columns: Mapping[str, Any]) -> "AgentContent":
        """The reverse of `columns`."""
        return cls(
            columns["name"],
            settings_from(columns["settings"]),
            _DEFINITION.validate_python(columns["definition"]),
        )


def definition_json(definition: AgentDefinition) -> dict[str, Json]:
    return cast("dict[str, Json]", _DEFINITION.dump_python(definition, mode="json", exclude_defaults=True))


def settings_json(settings: AgentSettings) -> dict[str, Json]:
    return {
        **asdict(replace(settings, pronunciations={})),
        "vocabulary": list(settings.vocabulary),
        "pronunciations": dict(settings.pronunciations),
    }


def settings_from(stored: Mapping[str, Json]) -> AgentSettings:
    known = {name: stored[name] for name in AgentSettings.__slots__ if name in stored}
    vocabulary = tuple(cast("Sequence[str]", known.pop("vocabulary", ())))
    return AgentSettings(**cast("dict[str, Any]", known), vocabulary=vocabulary)


def _validated(settings: AgentSettings) -> AgentSettings:
    for name, (lowest, highest) in _RANGES.items():
        if not lowest <= getattr(settings, name) <= highest:
            raise refuse(f"/settings/{name}", f"must be {lowest} to {highest}")
    texts = {name: bounded(getattr(settings, name), f"/settings/{name}", longest=n) for name, n in _LENGTHS.items()}
    if settings.llm and not _LANGUAGE_MODELS.fullmatch(settings.llm):
        raise refuse(
            "/settings/llm",
            "must be vendor:model, such as groq:openai/gpt-oss-20b, or several with commas between, or local, or empty",
        )
    if len(settings.vocabulary) > MOST_WORDS:
        raise refuse("/settings/vocabulary", f"must have at most {MOST_WORDS} words")
    vocabulary = tuple(
        bounded(word, f"/settings/vocabulary/{index}", shortest=1, longest=LONGEST_WORD)
        for index, word in enumerate(settings.vocabulary)
    )
    return replace(
        settings,
        **cast("dict[str, Any]", texts),
        vocabulary=vocabulary,
        pronunciations=_pronunciations(settings.pronunciations),
    )


def _pronunciations(given: Mapping[str, str]) -> dict[str, str]:
    if len(given) > MOST_PRONUNCIATIONS:
        raise refuse("/settings/pronunciations", f"must have at most {MOST_PRONUNCIATIONS} words")
    at = "/settings/pronunciations"
    return {
        bounded(written, at, shortest=1, longest=LONGEST_WORD): bounded(spoken, at, shortest=1, longest=LONGEST_WORD)
        for written, spoken in given.items()
    }
