"""The turn as a graph: understand, route, then a node for each thing that the turn asks for, then the reply.

What was understood is a list of work: its first goes straight to its node, and where more is left `route` takes the
next kind until nothing is. Nodes see values and Protocols; nothing here has an effect. Drawn by
`build_turn_graph().get_graph().draw_mermaid()`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langsmith import tracing_context

from reception.core.clock import Clock
from reception.core.requirements import requirements
from reception.dialogue.asking import completed, talking_of
from reception.dialogue.assent import weighed
from reception.dialogue.commands import AskKnowledge, Command, Confirm, Flow, RequestHuman, StartFlow
from reception.dialogue.context import Understanding, UnderstandingContext
from reception.dialogue.finish import finish
from reception.dialogue.flows.dispatch import advance, farewell
from reception.dialogue.flows.handoff import hand_over
from reception.dialogue.grounding import is_grounded
from reception.dialogue.hours import answer_from_profile, answer_from_rules, profile_text
from reception.dialogue.knowledge import Sentence, compose, wanted_passages
from reception.dialogue.language.answers import Continued, WrittenAnswer
from reception.dialogue.language.data import without_orders
from reception.dialogue.language.turn import LanguageTurn
from reception.dialogue.listing import GO_ON, NO_MORE, asks_on, list_things
from reception.dialogue.pointing import ASKS, ONLY_POINTS_BACK
from reception.dialogue.quotes import quote
from reception.dialogue.reasons import reason_asked
from reception.dialogue.replies import NOT_CAUGHT, UNKNOWN
from reception.dialogue.routing import Work, plan_work
from reception.dialogue.sharing import may_share, shared
from reception.dialogue.smalltalk import small_talk
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.answers import Answer, AnswerCache, CacheLevel, CacheUse, Lookup
from reception.ports.dialogue import ReplyPart, Say, Unheard
from reception.ports.expectation import Expectation
from reception.ports.knowledge import Passage, WholeKnowledge
from reception.ports.tools import Effect

_STEPS_A_TURN = 60
_BRIEF_SENTENCES = 2
_MOST_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class TurnTools:
    """What the nodes of one turn work with. Without `answers` every question is answered anew; `whole` is what a
    language model may be given of the agent's knowledge in place of what is searched for."""

    scene: TurnScene
    understanding: Understanding
    context: UnderstandingContext
    clock: Clock
    answers: AnswerCache | None = None
    language: LanguageTurn | None = None
    whole: WholeKnowledge | None = None


@dataclass(frozen=True, slots=True)
class TurnDraft:
    """A turn as it comes about.

    `lookup` is what came of looking for an answer to the question at hand, `fresh` the answer found since that may be
    kept, `uses` what is to be counted and kept once the turn is committed. `given_whole`: the passages are all that the
    agent knows, `searched`: those found for the question, after a language model had failed with all. `left` are the
    things that fit besides those that the answer names; `unheard` is as of `Said`.
    """

    before: DialogueState
    state: DialogueState
    unheard: Unheard = ""
    commands: tuple[Command, ...] = ()
    work: tuple[Work, ...] = ()
    parts: tuple[ReplyPart | Continued, ...] = ()
    effects: tuple[Effect, ...] = ()
    passages: tuple[Passage, ...] = ()
    answer: tuple[Sentence, ...] = ()
    answered: bool = False
    resumed: bool = False
    asks: bool = True
    understanding_ms: float = 0.0
    retrieval_ms: float = 0.0
    told: bool = False
    lookup: Lookup | None = None
    asked_s: float = 0.0
    given_whole: bool = False
    searched: bool = False
    fresh: tuple[Say, ...] = ()
    uses: tuple[CacheUse, ...] = ()
    unanswered: tuple[str, ...] = ()
    left: int = 0

    @property
    def cache(self) -> CacheLevel | None:
        """The level of the last look-up; None when there was none."""
        return self.uses[-1].lookup.level if self.uses else None


class TurnGraphState(TypedDict):
    """The one channel of the graph."""

    draft: TurnDraft


TurnGraph = CompiledStateGraph[TurnGraphState, TurnTools, TurnGraphState, TurnGraphState]


async def _understand(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    tools, draft = runtime.context, state["draft"]
    began_s = tools.clock.monotonic_s()
    if asks_on(tools.scene.text, draft.state):
        understood: Sequence[Command] = (AskKnowledge(tools.scene.text),)
    else:
        understood = await tools.understanding.understand(tools.scene.text, tools.context)
    commands = weighed(draft.state, understood, tools.scene.text, heard=not draft.unheard)
    if draft.state.question is Question.NEXT_WISH and any(isinstance(command, Confirm) for command in commands):
        commands, draft = await _next_wish(tools, draft)
    elapsed_ms = (tools.clock.monotonic_s() - began_s) * 1000
    work = plan_work(draft.state, commands)
    return {"draft": replace(draft, commands=commands, work=work, understanding_ms=elapsed_ms)}


async def _next_wish(tools: TurnTools, draft: TurnDraft) -> tuple[tuple[Command, ...], TurnDraft]:
    """What the caller wanted besides, read now that its turn has come."""
    text, *rest = draft.state.later
    context = replace(tools.context, expectation=Expectation(), slots={}, offered=(), booked=False)
    commands = tuple(await tools.understanding.understand(text, context))
    if not any(isinstance(command, StartFlow | RequestHuman) for command in commands):
        commands = (StartFlow(Flow.NEW_RESERVATION), *commands)
    return commands, replace(draft, state=replace(draft.state, later=tuple(rest), question=Question.HOW_HELP))


async def _route(state: TurnGraphState) -> TurnGraphState:
    return state


async def _next_node(state: TurnGraphState) -> str:
    work = state["draft"].work
    return work[0].node if work else "reply"


async def _cache(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    """What needs no search: what the profile says, and what another caller was told."""
    tools, draft = runtime.context, state["draft"]
    question = _question(draft)
    about = talking_of(draft.state, _asked(draft), question, tools.scene)
    draft = replace(draft, state=about, told=False, lookup=None, fresh=(), searched=False, left=0)
    profile = reason_asked(_asked(draft), draft.state) or answer_from_profile(question, tools.scene)
    profile = await quote(question, draft.state, draft.commands, tools.scene) or profile
    if profile:
        return {"draft": _told(draft, tuple(map(Say, profile)))}
    if tools.answers is not None and not draft.state.listed and may_share(question, draft.state, tools.scene):
        lookup = await tools.answers.find(question)
        if lookup.answer is not None:
            said = lookup.answer.sentences[: _most_sentences(draft, tools.scene)]
            return {"draft": replace(_told(draft, said), uses=(*draft.uses, CacheUse(lookup)))}
        draft = replace(draft, lookup=lookup)
    return {"draft": replace(draft, asked_s=tools.clock.monotonic_s())}


def _told(draft: TurnDraft, said: tuple[Say, ...]) -> TurnDraft:
    return replace(draft, parts=draft.parts + said, work=draft.work[1:], answered=True, resumed=True, told=True)


async def _after_work(state: TurnGraphState) -> str:
    return "route" if state["draft"].work else "reply"


async def _after_cache(state: TurnGraphState) -> str:
    return await _after_work(state) if state["draft"].told else "retrieve"


async def _retrieve(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    tools, draft = runtime.context, state["draft"]
    question = _question(draft)
    began_s = tools.clock.monotonic_s()
    known = await tools.whole.whole() if tools.whole and tools.language and not draft.given_whole else None
    if known is None:
        passages = tuple(await tools.scene.reads.passages(question, limit=wanted_passages(question)))
    else:
        passages = known.passages
    retrieval_ms = draft.retrieval_ms + (tools.clock.monotonic_s() - began_s) * 1000
    searched, given_whole = draft.given_whole, known is not None
    retrieved = replace(draft, passages=passages, retrieval_ms=retrieval_ms, searched=searched, given_whole=given_whole)
    return {"draft": retrieved}


async def _write(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    """The answer by the model, as far as its first sentence; what it does not answer is composed without it."""
    scene, turn, draft = runtime.context.scene, runtime.context.language, state["draft"]
    assert turn is not None
    draft = replace(draft, passages=tuple(map(without_orders, draft.passages)))
    most = _most_sentences(draft, scene)
    answer = WrittenAnswer(_question(draft), draft.passages, scene, turn, most=most, whole=draft.given_whole)
    first = await answer.first()
    if first is None:
        return {"draft": draft}
    parts = (*draft.parts, first, Continued(answer, draft.lookup, draft.asked_s))
    return {"draft": replace(_told(draft, ()), parts=parts, passages=(), given_whole=False)}


async def _compose(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    draft, business = state["draft"], runtime.context.scene.business
    about = f"{business.name} {business.address} {business.kind.value.replace('_', ' ')}"
    most = _most_sentences(draft, runtime.context.scene)
    listing = list_things(_question(draft), draft.passages, about, draft.state, most)
    if listing is not None:
        return {"draft": replace(draft, answer=listing.sentences, state=listing.state, left=listing.left)}
    return {"draft": replace(draft, answer=compose(_question(draft), draft.passages, about))}


async def _ground(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    scene, draft = runtime.context.scene, state["draft"]
    profile = profile_text(scene)
    kept = tuple(
        Say(sentence.text, (sentence.citation,))
        for sentence in draft.answer
        if is_grounded(sentence.text, (sentence.source, profile, scene.text))
    )
    if draft.lookup is not None and runtime.context.language is None:
        fresh = shared(draft.lookup.question, draft.answer, kept[:_MOST_SENTENCES], draft.state, scene)
        draft = replace(draft, fresh=fresh)
    kept = kept[: _most_sentences(draft, scene)]
    if kept and draft.left:
        draft = replace(draft, parts=(*draft.parts, *kept, Say(GO_ON)), answered=True, resumed=True, fresh=())
    elif kept:
        draft = replace(draft, parts=draft.parts + kept, answered=True, resumed=True)
    elif draft.state.listed and draft.state.listed_so_far:
        draft = replace(draft, parts=(*draft.parts, Say(NO_MORE)), answered=True, resumed=True)
    elif draft.answered and ONLY_POINTS_BACK.match(_asked(draft)):
        pass
    elif ruled := answer_from_rules(_asked(draft), scene):
        draft = replace(draft, parts=(*draft.parts, *map(Say, ruled)), answered=True, resumed=True)
    elif draft.state.flow is not None and not ASKS.search(scene.text):
        draft = replace(draft, parts=(*draft.parts, Say(scene.pick(NOT_CAUGHT))))
    elif not any(part.text in UNKNOWN for part in draft.parts if isinstance(part, Say)):
        draft = replace(_unknown(draft, _question(draft)), parts=(*draft.parts, Say(scene.pick(UNKNOWN))))
    return {"draft": replace(draft, work=draft.work[1:], answer=(), passages=())}


def _most_sentences(draft: TurnDraft, scene: TurnScene) -> int:
    brief = scene.channel == "voice" and (draft.state.flow is not None or bool(draft.parts))
    return _BRIEF_SENTENCES if brief else _MOST_SENTENCES


async def _cache_store(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    """Notes what is to be kept; keeping it is for a committed turn."""
    draft = state["draft"]
    if draft.lookup is None:
        return state
    cost_ms = (runtime.context.clock.monotonic_s() - draft.asked_s) * 1000
    fresh = Answer(draft.fresh, cost_ms) if draft.fresh else None
    return {"draft": replace(draft, uses=(*draft.uses, CacheUse(draft.lookup, fresh)), lookup=None, fresh=())}


def _unknown(draft: TurnDraft, question: str) -> TurnDraft:
    """Nothing to answer with: offer to take the question, unless something else is being talked about."""
    draft = replace(draft, unanswered=(*draft.unanswered, question))
    state = draft.state
    idle = state.flow is None and not any(work.node == "flow" for work in draft.work)
    if not idle or state.question is Question.OFFER_MESSAGE:
        return draft
    details = replace(state.details, message=f"Question: {question}"[:1000])
    return replace(draft, state=replace(state, question=Question.OFFER_MESSAGE, details=details))


def _question(draft: TurnDraft) -> str:
    return completed(_asked(draft), draft.commands, draft.state)


def _asked(draft: TurnDraft) -> str:
    command = draft.work[0].commands[0]
    return command.question if isinstance(command, AskKnowledge) else ""


async def _after_retrieval(state: TurnGraphState, runtime: Runtime[TurnTools]) -> str:
    if not state["draft"].passages:
        return "ground"
    # Of things that are searched for, those that fit are counted out, with a model and without.
    lists = requirements(_question(state["draft"])).searches
    return "write" if runtime.context.language and not (lists or state["draft"].searched) else "compose"


async def _after_writing(state: TurnGraphState) -> str:
    draft = state["draft"]
    if draft.told:
        return "cache_store"
    if draft.given_whole:
        return "retrieve"
    return "compose" if draft.passages else "ground"


async def _flow(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    draft = state["draft"]
    step = await advance(draft.state, draft.work[0].commands, runtime.context.scene)
    return {"draft": _taken(draft, step)}


async def _handoff(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    draft = state["draft"]
    target = next((each.target for each in draft.work[0].commands if isinstance(each, RequestHuman)), "")
    step = hand_over(draft.state, runtime.context.scene, draft.work[0].reason, target)
    return {"draft": _taken(draft, step)}


async def _small_talk(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    draft = state["draft"]
    step = small_talk(draft.state, draft.work[0].commands, runtime.context.scene)
    greeted = step.answered and draft.state.question is not Question.HOW_HELP
    return {"draft": replace(_taken(draft, step), resumed=draft.resumed or greeted)}


async def _goodbye(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    draft = state["draft"]
    if draft.effects:
        return {"draft": replace(draft, work=draft.work[1:], state=replace(draft.state, leaving=True))}
    return {"draft": _taken(draft, farewell(draft.state, runtime.context.scene))}


async def _reply(state: TurnGraphState, runtime: Runtime[TurnTools]) -> TurnGraphState:
    draft = state["draft"]
    if draft.effects:
        return state
    scene, asks, resumed = runtime.context.scene, draft.asks, draft.resumed and draft.unheard != "all"
    done = finish(draft.before, draft.state, scene, answered=draft.answered, resumed=resumed, asks=asks)
    said = tuple(
        part for part in draft.parts if not (done.gave_up and isinstance(part, Say) and part.text in NOT_CAUGHT)
    )
    return {"draft": replace(draft, state=done.state, parts=said + done.parts)}


def _taken(draft: TurnDraft, step: Step) -> TurnDraft:
    return replace(
        draft,
        state=step.state,
        parts=draft.parts + step.parts,
        effects=draft.effects + step.effects,
        answered=draft.answered or step.answered,
        asks=draft.asks and step.asks,
        work=draft.work[1:],
    )


@cache
def build_turn_graph() -> TurnGraph:
    """The compiled graph, built once per process."""
    graph = StateGraph(TurnGraphState, context_schema=TurnTools)
    nodes: Sequence[tuple[str, Any]] = (
        ("understand", _understand),
        ("route", _route),
        ("flow", _flow),
        ("cache", _cache),
        ("retrieve", _retrieve),
        ("write", _write),
        ("compose", _compose),
        ("ground", _ground),
        ("cache_store", _cache_store),
        ("handoff", _handoff),
        ("small_talk", _small_talk),
        ("goodbye", _goodbye),
        ("reply", _reply),
    )
    for name, node in nodes:
        graph.add_node(name, node)
    graph.add_edge(START, "understand")
    for name in ("understand", "route"):
        graph.add_conditional_edges(name, _next_node, ["flow", "cache", "handoff", "small_talk", "goodbye", "reply"])
    graph.add_conditional_edges("cache", _after_cache, ["retrieve", "route", "reply"])
    graph.add_conditional_edges("retrieve", _after_retrieval, ["write", "compose", "ground"])
    graph.add_conditional_edges("write", _after_writing, ["retrieve", "compose", "ground", "cache_store"])
    graph.add_edge("compose", "ground")
    graph.add_edge("ground", "cache_store")
    for name in ("flow", "cache_store", "handoff", "small_talk", "goodbye"):
        graph.add_conditional_edges(name, _after_work, ["route", "reply"])
    graph.add_edge("reply", END)
    return graph.compile()


async def run_turn(draft: TurnDraft, tools: TurnTools) -> TurnDraft:
    """One turn through the graph. Never traced: what callers say is told to nobody."""
    with tracing_context(enabled=False):
        done = await build_turn_graph().ainvoke(
            {"draft": draft}, config={"recursion_limit": _STEPS_A_TURN}, context=tools
        )
    drafted: TurnDraft = done["draft"]
    return drafted
