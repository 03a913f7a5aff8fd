"""What an agent is beyond its settings, as data: prompt, intents, flows, tools and the people calls go to.

The types carry their own bounds, by which requests and stored rows are read alike; what one part says of another is
checked by `domains.agents.rules`. A text marked as a template may hold `{name}` of a slot or of a tool's result.
"""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

LONGEST_VALUE = 1500
"""Characters of what a caller says for a slot of free text."""

Builtin: TypeAlias = Literal["reservation", "message", "lead", "handoff"]
"""The product's own flows, as an agent of kind `custom` names them."""

BUILTINS: tuple[Builtin, ...] = ("reservation", "message", "lead", "handoff")


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise ValueError("must not contain control characters")
    return text


_Free = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_printable)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A name within the definition: lower-case letters, digits and underscores, beginning with a letter."""
Label = Annotated[_Free, Field(min_length=1, max_length=60)]
Line = Annotated[_Free, Field(max_length=300)]
"""What is said at once."""
Asked = Annotated[_Free, Field(min_length=1, max_length=300)]
Example = Annotated[_Free, Field(min_length=2, max_length=200)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{5,14}$")]
Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^~/]|~[01])*){1,8}$", max_length=200)]
_Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
_STRICT = ConfigDict(extra="forbid")
TIME_OF_DAY = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$",
        "examples": ["19:30:00"],
    }
)
"""How a time without an offset is described: of JSON Schema's formats, `time` would need one."""
_Time = Annotated[time, TIME_OF_DAY]


class SlotType(StrEnum):
    TEXT = "text"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    AMOUNT = "amount"
    CHOICE = "choice"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a choice's values, and what callers also call it."""

    value: Label
    synonyms: Annotated[tuple[Label, ...], Field(max_length=20)] = ()

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class SlotDefinition:
    """One thing that a flow asks for.

    `minimum` and `maximum` bound numbers and amounts; of a date they count days from today, of a text its characters.
    `pattern` is a regular expression that the whole of a text must match, spaces and case aside. `reprompt` is asked
    after an answer that was not one, `invalid` said of one that is out of bounds. A slot that is not `required` may be
    declined.
    """

    name: Identifier
    type: SlotType
    prompt: Asked
    reprompt: Line = ""
    required: bool = True
    choices: Annotated[tuple[Choice, ...], Field(max_length=30)] = ()
    minimum: _Number | None = None
    maximum: _Number | None = None
    pattern: Annotated[str, Field(max_length=200)] = ""
    invalid: Line = ""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


class Ending(StrEnum):
    """What a flow may do once its slots are known."""

    CREATE_LEAD = "create_lead"
    CALL_TOOL = "call_tool"
    HAND_OVER = "hand_over"
    SAY = "say"


@dataclass(frozen=True, slots=True)
class EndStep:
    """One thing that is done at the end of a flow.

    `create_lead` takes `kind` and `summary` (a template), `call_tool` takes `tool`, `hand_over` may take `target`,
    `say` takes `text` (a template).
    """

    do: Ending
    kind: Annotated[str, Field(max_length=40)] = ""
    summary: Annotated[_Free, Field(max_length=500)] = ""
    tool: str = ""
    target: str = ""
    text: Annotated[_Free, Field(max_length=600)] = ""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class FlowDefinition:
    """Slots asked for in order, then `confirmation` (a template; nothing is read back when it is empty), then
    `at_end`, whose leads are stored before its tools are called."""

    name: Identifier
    slots: Annotated[tuple[SlotDefinition, ...], Field(min_length=1, max_length=20)]
    at_end: Annotated[tuple[EndStep, ...], Field(min_length=1, max_length=8)]
    intro: Line = ""
    confirmation: Annotated[_Free, Field(max_length=600)] = ""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class IntentDefinition:
    """What callers may want, by examples. It begins `flow` (one of the agent's own or a built-in one), or is answered
    with `say`, or puts the caller through to `target`: exactly one of the three."""

    name: Identifier
    examples: Annotated[tuple[Example, ...], Field(min_length=1, max_length=20)]
    flow: str = ""
    say: Annotated[_Free, Field(max_length=600)] = ""
    target: str = ""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A value of a tool's answer, at `pointer` (RFC 6901), that templates may use as `{name}`."""

    name: Identifier
    pointer: Pointer

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A service of the owner's, called with a signed webhook (see docs/AGENTS.md).

    `filler` is said to a caller who would have to wait, `failed` when no answer came.
    """

    name: Identifier
    url: Annotated[str, Field(min_length=10, max_length=2000)]
    timeout_s: Annotated[float, Field(ge=0.5, le=15.0)] = 5.0
    filler: Line = "One moment, please."
    failed: Line = ""
    results: Annotated[tuple[ToolResult, ...], Field(max_length=20)] = ()

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class ScheduleSpan:
    """From `opens` to `closes`; a `closes` not after `opens` means the next day."""

    opens: _Time
    closes: _Time

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class ScheduleException:
    """Replaces the hours of one day; no spans close it."""

    date: date
    spans: Annotated[tuple[ScheduleSpan, ...], Field(max_length=6)] = ()

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class Schedule:
    """`weekly[0]` is Monday; times are local to the business."""

    weekly: Annotated[
        tuple[Annotated[tuple[ScheduleSpan, ...], Field(max_length=6)], ...], Field(min_length=7, max_length=7)
    ]
    exceptions: Annotated[tuple[ScheduleException, ...], Field(max_length=100)] = ()

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """A person or team that calls may be put through to; callers mean it by `name` or one of `synonyms`.

    Out of its hours `closed` is said, and a message is taken.
    """

    name: Label
    phone: Phone
    synonyms: Annotated[tuple[Label, ...], Field(max_length=10)] = ()
    available: Literal["always", "business_hours", "schedule"] = "always"
    schedule: Schedule | None = None
    closed: Line = ""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """Everything that makes an agent the owner's own.

    `prompt` is what a language model is told of the agent's task, `persona` of who it is and how it speaks. `builtins`
    are the product's flows that an agent of kind `custom` uses; the other kinds have all of theirs.
    """

    prompt: Annotated[_Free, Field(max_length=8000)] = ""
    persona: Annotated[_Free, Field(max_length=1000)] = ""
    builtins: Annotated[tuple[Builtin, ...], Field(max_length=4)] = ("message", "handoff")
    intents: Annotated[tuple[IntentDefinition, ...], Field(max_length=30)] = ()
    flows: Annotated[tuple[FlowDefinition, ...], Field(max_length=20)] = ()
    tools: Annotated[tuple[ToolDefinition, ...], Field(max_length=10)] = ()
    transfer_targets: Annotated[tuple[TransferTarget, ...], Field(max_length=20)] = ()

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    def flow(self, name: str) -> FlowDefinition | None:
        return next((flow for flow in self.flows if flow.name == name), None)

    def tool(self, name: str) -> ToolDefinition | None:
        return next((tool for tool in self.tools if tool.name == name), None)

    def intent(self, name: str) -> IntentDefinition | None:
        return next((intent for intent in self.intents if intent.name == name), None)
