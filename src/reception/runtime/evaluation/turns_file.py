"""What a caller does and answers, read from a scenario's file."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.existing_file import reservations_of
from reception.runtime.evaluation.expected_file import Sight, expected_of, question_of
from reception.runtime.evaluation.moments import read_length
from reception.runtime.evaluation.reading import Fields, Report, Wrong, flag_of, items, raised, said_by, text_of
from reception.runtime.evaluation.scenario import Act, ActKind, BusinessSetUp, Cancellation, ReservationSetUp, Turn

_ACTS = ("say", "dtmf", "silence", "hang_up", "wait", "interrupt", "reconnect", "meanwhile")
_FIELDS = (*_ACTS, "when", "only_if", "expect", "after")
_ALIASES = {
    "text": "say", "says": "say", "caller": "say", "press": "dtmf", "keys": "dtmf", "digits": "dtmf",
    "silent": "silence", "hangup": "hang_up", "hangs_up": "hang_up", "asked": "when", "when_asked": "when",
    "if": "only_if", "if_asked": "only_if", "pause": "wait", "later": "wait", "barge_in": "interrupt",
    "reconnects": "reconnect", "lost": "reconnect",
}  # fmt: skip
_MOST_TURNS = 200
_LONGEST_SAID = 20_000
_LONGEST_SILENCE = timedelta(minutes=10)
_LONGEST_WAIT = timedelta(days=30)
_KEYS = frozenset("0123456789*#")


def turns_of(node: Node, sight: Sight, business: BusinessSetUp, clock: datetime, report: Report) -> tuple[Turn, ...]:
    """The list of turns; a text is something said."""
    found = items(node)
    if len(found) > _MOST_TURNS:
        raise Wrong(node, f"has {len(found)} turns; at most {_MOST_TURNS}")
    turns: list[Turn] = []
    for item in found:
        try:
            turns.append(_turn(item, sight, business, clock))
        except Wrong as wrong:
            report(wrong)
    return tuple(turns)


def _turn(node: Node, sight: Sight, business: BusinessSetUp, clock: datetime) -> Turn:
    if not isinstance(node.content, dict):
        return Turn(_said(node), line=node.line)
    found = Fields(node, "a turn", _FIELDS, raised, _ALIASES)
    when = found.take("when", partial(question_of, sight=sight), "")
    only_if = found.take("only_if", partial(question_of, sight=sight), "")
    expect = found.take("expect", lambda inner: expected_of(inner, sight), None)
    acts = [name for name in _ACTS if name in found]
    if len(acts) > 1:
        raise Wrong(node, f"does {' and '.join(acts)}: a turn does one thing")
    if not acts:
        if expect is None:
            raise Wrong(node, f"does nothing: give one of {', '.join(_ACTS)}, or expect")
        return Turn(Act("nothing"), when, only_if, expect, node.line)
    kind = acts[0]
    inner = found.node_of(kind)
    assert inner is not None
    act = Act("meanwhile", meanwhile=_meanwhile(inner, business, clock)) if kind == "meanwhile" else _act(kind, inner)
    return Turn(act, when, only_if, expect, node.line)


def _said(node: Node) -> Act:
    text = text_of(node)
    if len(text) > _LONGEST_SAID:
        raise Wrong(node, f"is {len(text)} characters; at most {_LONGEST_SAID}")
    return Act("say", text)


def _act(kind: str, node: Node) -> Act:
    if kind in ("say", "interrupt"):
        said = _said(node)
        return Act("say" if kind == "say" else "interrupt", said.text)
    if kind == "dtmf":
        return Act("dtmf", _keys(node))
    if kind in ("hang_up", "reconnect"):
        if not node.is_empty and not flag_of(node):
            raise Wrong(node, "must be yes")
        return Act("hang_up" if kind == "hang_up" else "reconnect")
    longest = _LONGEST_SILENCE if kind == "silence" else _LONGEST_WAIT
    once = node.is_empty or (isinstance(node.content, str) and node.content.lower() in ("yes", "true"))
    lasts = timedelta() if once and kind == "silence" else said_by(read_length, node)
    if lasts > longest:
        raise Wrong(node, f"at most {longest}")
    name: ActKind = "silence" if kind == "silence" else "wait"
    return Act(name, lasts=lasts)


def _keys(node: Node) -> str:
    keys = "".join(text_of(node).replace("-", " ").split())
    if not keys or set(keys) - _KEYS or len(keys) > 40:
        raise Wrong(node, f'"{node.content}" must be keys of a telephone: 0 to 9, * and #')
    return keys


def _meanwhile(node: Node, business: BusinessSetUp, clock: datetime) -> tuple[ReservationSetUp | Cancellation, ...]:
    """What others do: `reservations` that they make, and bookings that they `cancel`, by the guest's name."""
    found = Fields(node, "what happens meanwhile", ("reservations", "cancel"), raised, {"reserve": "reservations"})
    made = found.take("reservations", lambda inner: reservations_of(inner, business, clock), ())
    cancelled = found.take("cancel", lambda inner: tuple(Cancellation(text_of(item)) for item in items(inner)), ())
    both: list[ReservationSetUp | Cancellation] = [*made, *cancelled]
    return tuple(both)


def answers_of(node: Node, sight: Sight, report: Report) -> Mapping[str, tuple[Act, ...]]:
    """Answers by question: a text, a list of texts for one time after the other, or `{dtmf: …}`."""
    if not isinstance(node.content, dict):
        raise Wrong(node, "must be a mapping of questions to answers")
    answers: dict[str, tuple[Act, ...]] = {}
    for key, value in node.content.items():
        try:
            name = question_of(Node(key, value.line, value.field, value.file), sight)
            answers[name] = tuple(_answer(item) for item in items(value))
        except Wrong as wrong:
            report(wrong)
    return {name: given for name, given in answers.items() if given}


def _answer(node: Node) -> Act:
    if not isinstance(node.content, dict):
        return _said(node)
    found = Fields(node, "an answer", ("say", "dtmf", "silence", "hang_up"), raised, _ALIASES)
    for kind in ("say", "dtmf", "silence", "hang_up"):
        inner = found.node_of(kind)
        if inner is not None:
            return _act(kind, inner)
    raise Wrong(node, "must be a text, or one of say, dtmf, silence and hang_up")
