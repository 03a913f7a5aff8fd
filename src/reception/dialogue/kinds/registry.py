"""The kinds by name, and what an agent has of them."""

from collections.abc import Mapping

from reception.dialogue.commands import Flow
from reception.dialogue.kinds.custom import CUSTOM
from reception.dialogue.kinds.kind import BUILTIN_FLOWS, Kind
from reception.dialogue.kinds.real_estate import REAL_ESTATE
from reception.dialogue.kinds.receptionist import RECEPTIONIST
from reception.dialogue.spoken import say_list
from reception.ports.business import Agent, AgentKind
from reception.ports.definition import Builtin

KINDS: Mapping[AgentKind, Kind] = {each.kind: each for each in (RECEPTIONIST, REAL_ESTATE, CUSTOM)}
_ALWAYS: tuple[Builtin, ...] = ("message", "handoff")
"""Every agent can take a message and fetch a person: there is no other way out of a misunderstanding."""
_MOST_NAMED = 3


def kind_of(agent: Agent) -> Kind:
    return KINDS[agent.kind]


def builtins_of(agent: Agent) -> tuple[Builtin, ...]:
    """The product's flows that `agent` has, by name."""
    named = kind_of(agent).builtins
    return tuple(dict.fromkeys((*(agent.definition.builtins if named is None else named), *_ALWAYS)))


def flows_of(agent: Agent) -> frozenset[Flow]:
    """The product's flows that `agent` has."""
    return frozenset(flow for name in builtins_of(agent) for flow in BUILTIN_FLOWS[name])


def offers_of(agent: Agent) -> str:
    """How `agent` says what it can do, to a caller who does not know what to ask for."""
    kind = kind_of(agent)
    if kind.builtins is not None:
        return kind.offers
    can = [f"help you with {spoken_name(flow.name)}" for flow in agent.definition.flows[:_MOST_NAMED]]
    if "reservation" in builtins_of(agent):
        can.append("make, change or cancel a booking")
    return f"I can {say_list([*can, 'answer questions', 'take a message'], 'or')}. What can I do for you?"


def task_of(agent: Agent) -> str:
    """What a language model is told of `agent`'s task: its kind's prompt, then its owner's, then its persona."""
    definition = agent.definition
    return "\n\n".join(part for part in (kind_of(agent).prompt, definition.prompt, definition.persona) if part)


def spoken_name(name: str) -> str:
    """An identifier as it is said."""
    return name.replace("_", " ")
