"""Scenario files: one scenario, several, or several that share a business and more."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

from reception.ports.audio import Encoding
from reception.runtime.evaluation.business_file import Place, Read, business_of
from reception.runtime.evaluation.document import Node, Problem, ScenarioError, read_documents
from reception.runtime.evaluation.existing_file import existing_of
from reception.runtime.evaluation.expected_file import Sight, expected_of
from reception.runtime.evaluation.moments import read_moment
from reception.runtime.evaluation.reading import (
    Fields,
    Report,
    Wrong,
    choice_of,
    flag_of,
    items,
    number_of,
    raised,
    said_by,
    text_of,
    texts_of,
    whole_of,
)
from reception.runtime.evaluation.scenario import DEFAULT_CLOCK, BusinessSetUp, Expected, Line, Scenario
from reception.runtime.evaluation.turns_file import answers_of, turns_of

_FIELDS = (
    "name", "description", "tags", "business", "agent", "clock", "caller", "channel", "speech", "existing", "turns",
    "answers", "expect", "modes", "most_turns",
)  # fmt: skip
_ALIASES = {
    "title": "name", "about": "description", "tag": "tags", "tenant": "business", "now": "clock", "time": "clock",
    "phone": "caller", "from": "caller", "given": "existing", "says": "turns", "script": "turns",
    "expected": "expect", "then": "expect", "mode": "modes", "max_turns": "most_turns", "slots": "answers",
}  # fmt: skip
_MERGED = ("answers", "expect", "existing")
_MODES = ("local", "llm")
MOST_FILES = 2_000


def scenario_files(paths: Iterable[Path]) -> list[Path]:
    """The YAML files at and below `paths`, sorted; files that hold a business only are left out by their folder's
    name, `businesses`.

    Raises:
        ScenarioError: a path does not exist, or there is no file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inner = (file for pattern in ("*.yaml", "*.yml") for file in path.rglob(pattern))
            found += sorted(file for file in inner if "businesses" not in file.relative_to(path).parts[:-1])
        elif path.exists():
            found.append(path)
        else:
            raise ScenarioError([Problem(str(path), 0, "", "does not exist")])
    if not found:
        raise ScenarioError([Problem(", ".join(map(str, paths)), 0, "", "holds no .yaml file")])
    if len(found) > MOST_FILES:
        raise ScenarioError([Problem(str(found[0].parent), 0, "", f"holds more than {MOST_FILES} files")])
    return list(dict.fromkeys(found))


def load_all(files: Sequence[Path]) -> list[Scenario]:
    """Every scenario of `files`.

    Raises:
        ScenarioError: with what is wrong with all of them.
    """
    problems: list[Problem] = []
    scenarios: list[Scenario] = []
    for file in files:
        try:
            scenarios += load(file)
        except ScenarioError as error:
            problems += error.found
    if problems:
        raise ScenarioError(problems)
    return scenarios


def load(file: Path) -> list[Scenario]:
    """The scenarios of one file.

    Raises:
        ScenarioError: with everything that is wrong with it.
    """
    return read_scenarios(read_documents(file), str(file), file.parent)


def read_scenarios(documents: Sequence[Node], name: str, folder: Path) -> list[Scenario]:
    """The scenarios in YAML `documents`; `folder` is what relative paths start from.

    Raises:
        ScenarioError: with everything that is wrong.
    """
    problems: list[Problem] = []

    def report(wrong: Wrong) -> None:
        problem = Problem(wrong.node.file or name, wrong.node.line, wrong.node.field, wrong.message)
        if problem not in problems:
            problems.append(problem)

    scenarios: list[Scenario] = []
    for number, node in enumerate(_each(documents, report), start=1):
        try:
            scenarios.append(_scenario(node, name, f"{Path(name).stem} {number}", folder, report))
        except Wrong as wrong:
            report(wrong)
    if not scenarios and not problems:
        problems.append(Problem(name, 0, "", "holds no scenario"))
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    return scenarios


def _each(documents: Sequence[Node], report: Report) -> Iterable[Node]:
    """Each scenario, with what its document says for all."""
    for document in documents:
        if isinstance(document.content, list):
            yield from document.content
        elif isinstance(document.content, dict) and "scenarios" in document.content:
            shared = {key: value for key, value in document.content.items() if key != "scenarios"}
            for node in items(document.content["scenarios"]):
                if isinstance(node.content, dict):
                    yield Node(_merged(shared, node.content), node.line, node.field)
                else:
                    report(Wrong(node, "must be a mapping: a scenario"))
        else:
            yield document


def _merged(shared: dict[str, Node], own: dict[str, Node]) -> dict[str, Node]:
    """A scenario's own fields before those of its file; `answers` and the like key by key."""
    merged = {**shared, **own}
    for name in _MERGED:
        ours, theirs = own.get(name), shared.get(name)
        if ours and theirs and isinstance(ours.content, dict) and isinstance(theirs.content, dict):
            merged[name] = Node({**theirs.content, **ours.content}, ours.line, ours.field)
    if "tags" in own and "tags" in shared:
        merged["tags"] = Node([*items(shared["tags"]), *items(own["tags"])], own["tags"].line, own["tags"].field)
    return merged


def _scenario(node: Node, file: str, fallback: str, folder: Path, report: Report) -> Scenario:
    found = Fields(node, "a scenario", _FIELDS, report, _ALIASES)
    written = found.take("clock", lambda inner: said_by(_clock, inner), DEFAULT_CLOCK)
    if "business" not in found:
        raise Wrong(node, '"business" is missing: the name of a demo business, a .yaml file, or a mapping')
    business_node = found.node_of("business")
    assert business_node is not None
    read = _business(business_node, folder, written.date(), report)
    spec = read.business.spec
    clock = written.replace(tzinfo=ZoneInfo(spec.timezone))
    sight = Sight(clock.date(), spec.region, _own_slots(read.business))
    existing = existing_of(
        found.node_of("existing"), (read.reservations, read.leads, read.waitlist), read.business, clock, report
    )
    agents = tuple(agent.name for agent in read.business.agents)
    scenario = Scenario(
        name=found.take("name", text_of, fallback),
        file=file,
        line=node.line,
        business=read.business,
        clock=clock,
        turns=found.take("turns", lambda inner: turns_of(inner, sight, read.business, clock, report), ()),
        answers=found.take("answers", lambda inner: answers_of(inner, sight, report), {}),
        expect=found.take("expect", lambda inner: expected_of(inner, sight), Expected()),
        description=found.take("description", text_of, ""),
        tags=found.take("tags", texts_of, ()),
        agent=found.take("agent", lambda inner: _agent(inner, agents), ""),
        caller=found.take("caller", _caller, ""),
        channel="chat" if found.take("channel", _channel, "voice") == "chat" else "voice",
        speech=found.take("speech", _line, Line()),
        existing=existing,
        modes=found.take("modes", _modes, _MODES),
        most_turns=found.take("most_turns", lambda inner: whole_of(inner, least=1, most=200), 40),
    )
    if any(turn.act.kind == "reconnect" for turn in scenario.turns) and (
        scenario.speech.spoken or scenario.channel == "chat"
    ):
        report(Wrong(node, "reconnect is for calls that are played as text"))
    if "turns" not in found and "answers" not in found:
        report(Wrong(node, '"turns" is missing: what the caller says'))
    return scenario


def _own_slots(business: BusinessSetUp) -> tuple[str, ...]:
    flows = [flow for agent in business.agents for flow in agent.definition.flows]
    return tuple(dict.fromkeys(slot.name for flow in flows for slot in flow.slots))


def _clock(text: str) -> datetime:
    """A day and time in full, or a day alone, which is then ten in the morning."""
    today = DEFAULT_CLOCK.date()
    for form in (text, f"{text} 10:00"):
        try:
            return read_moment(form.strip().removesuffix("Z"), today)
        except ValueError:
            continue
    raise ValueError(f'"{text}" is no moment; write a day and a local time like "2027-03-10 18:30"')


def _business(node: Node, folder: Path, today: date, report: Report) -> Read:
    return business_of(node, Place(folder, today, report))


def _agent(node: Node, agents: Sequence[str]) -> str:
    name = text_of(node)
    if name not in agents:
        raise Wrong(node, f'"{name}" is no agent of the business. Allowed: {", ".join(agents)}')
    return name


def _caller(node: Node) -> str:
    if node.is_empty or (isinstance(node.content, str) and node.content.lower() in ("withheld", "unknown", "none")):
        return ""
    if isinstance(node.content, dict):
        number = node.content.get("phone") or node.content.get("number")
        return text_of(number) if number is not None else ""
    return text_of(node)


def _channel(node: Node) -> str:
    return choice_of(node, ("voice", "chat"), "channel", {"phone": "voice", "call": "voice", "text": "chat"})


def _modes(node: Node) -> tuple[str, ...]:
    return tuple(choice_of(item, _MODES, "mode") for item in items(node))


def _line(node: Node) -> Line:
    """`yes`, or a mapping with `noise` (a signal-to-noise ratio like `15 dB`), `rate` and `encoding`."""
    if not isinstance(node.content, dict):
        return Line(spoken=flag_of(node))
    found = Fields(
        node, "speech", ("noise", "rate", "encoding", "on"), raised, {"snr": "noise", "noise_snr_db": "noise"}
    )
    line = Line(spoken=found.take("on", flag_of, True))
    line = replace(line, noise_snr_db=found.take("noise", _decibels, None))
    rate = found.take("rate", lambda inner: whole_of(inner), line.rate_hz)
    if rate not in (8000, 16000):
        raise Wrong(node, f"rate {rate} must be 8000 or 16000")
    encoding = found.take("encoding", lambda inner: choice_of(inner, get_args(Encoding), "encoding"), "mulaw")
    return replace(line, rate_hz=rate, encoding=cast("Encoding", encoding))


def _decibels(node: Node) -> float | None:
    text = text_of(node).strip().lower()
    if text in ("none", "no", "off"):
        return None
    ratio = number_of(Node(text.removesuffix("db").strip(), node.line, node.field))
    if not -5 <= ratio <= 60:
        raise Wrong(node, f"a signal-to-noise ratio of {ratio:g} dB must be -5 to 60")
    return ratio
