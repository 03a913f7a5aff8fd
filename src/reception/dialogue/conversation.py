"""One conversation: prepares turns without effect, and commits them once."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError
from reception.core.telemetry import EFFECT_FAILED
from reception.dialogue.carried import Carried, ends_call, place, transfer_to
from reception.dialogue.commands import SlotName, command_text
from reception.dialogue.context import Understanding, UnderstandingContext
from reception.dialogue.custom.context import custom_context
from reception.dialogue.finish import finish
from reception.dialogue.flows.change import overlay
from reception.dialogue.flows.dispatch import settle
from reception.dialogue.flows.returning import welcome
from reception.dialogue.going_on import Said, all_said, is_new_question
from reception.dialogue.graph import TurnDraft, TurnTools, build_turn_graph, run_turn
from reception.dialogue.impersonal import impersonal
from reception.dialogue.language.answers import Continued
from reception.dialogue.language.turn import LanguageModel, LanguageTurn
from reception.dialogue.language.understanding import ModelUnderstanding
from reception.dialogue.patience import is_soon, to_the_end
from reception.dialogue.plan import Plan, filler_of, out_of_reach
from reception.dialogue.questions import expectation_of, prime_for, put_question
from reception.dialogue.replies import (
    CUT_OFF,
    SILENT_AGAIN,
    SILENT_END,
    SILENT_ONCE,
    recording_notice,
)
from reception.dialogue.state import DialogueState, Question, from_json, to_json
from reception.dialogue.turn import TurnScene
from reception.ports.answers import AnswerCache, CacheUse
from reception.ports.booking import GuestHistory
from reception.ports.business import Agent, Business
from reception.ports.dialogue import (
    CallerTurn,
    Channel,
    HangUp,
    Json,
    PreparedTurn,
    ReplyPart,
    Say,
)
from reception.ports.expectation import Completeness, Expectation
from reception.ports.knowledge import WholeKnowledge
from reception.ports.speech import TranscriptionHints
from reception.ports.tools import Ledger, Outcome, ReadTools, Refused, TurnRecord

_log = structlog.get_logger(__name__)

_MOST_NAMES = 40
_GREETS_WITHIN_S = 1.0
_STANDS_WITHIN_S = 1.0


class GraphDialogue:
    """Implements `ports.dialogue.Dialogue` on the turn graph.

    `state` and `last_turn` take a stored conversation up again; `unheard` says that the caller has not heard the
    whole of its last reply, `greeting_heard` is what they heard of its greeting. With `language` a model reads what
    the rules leave open and words answers. Nothing but `commit`, `open`, `heard` and `close` reaches the ledger.
    """

    def __init__(
        self,
        *,
        conversation_id: UUID,
        business: Business,
        agent: Agent,
        channel: Channel,
        understanding: Understanding,
        reads: ReadTools,
        ledger: Ledger,
        clock: Clock,
        answers: AnswerCache | None = None,
        caller_phone: str = "",
        state: Mapping[str, Json] | None = None,
        last_turn: int = 0,
        unheard: bool = False,
        greeting_heard: str = "",
        language: LanguageModel | None = None,
        whole: WholeKnowledge | None = None,
    ) -> None:
        self._conversation_id = conversation_id
        self._business = business
        self._agent = agent
        self._channel = channel
        self._understanding = understanding
        self._language = language
        self._whole = whole
        self._under_way: set[LanguageTurn] = set()
        self._reads = reads
        self._ledger = ledger
        self._clock = clock
        self._answers = answers
        kept = from_json(state) if state else DialogueState()
        self._state = replace(kept, turn=last_turn, caller_phone=caller_phone or kept.caller_phone)
        self._taken_up = bool(state)
        self._unheard = unheard
        self._greeting_heard = greeting_heard
        self._said: Said | None = None
        self._new_question = unheard
        self._recording: set[asyncio.Task[None]] = set()
        self._closed = False
        build_turn_graph()

    @property
    def conversation_id(self) -> UUID:
        return self._conversation_id

    @property
    def agent_version(self) -> int:
        return self._agent.version

    @property
    def next_turn(self) -> int:
        """The number of the caller's next turn."""
        return self._state.turn + 1

    @property
    def ended(self) -> bool:
        """Goodbye has been said."""
        return self._state.ended

    @property
    def question(self) -> str:
        """The name of the question that waits for an answer; of a slot of the agent's own, the slot's."""
        custom = self._state.custom
        if self._state.question is Question.CUSTOM_SLOT and custom is not None and custom.asked:
            return custom.asked
        return self._state.question.value

    def expectation(self) -> Expectation:
        return expectation_of(self._state, self._scene("", self._state.turn))

    def hints(self) -> TranscriptionHints:
        settings, expected = self._agent.settings, self.expectation()
        offered = expected.options if self._state.question is Question.CUSTOM_SLOT else ()
        names = (
            *offered,
            self._business.name,
            settings.persona_name,
            self._state.details.name,
            *self._business.places,
            *settings.vocabulary,
        )
        known = tuple(dict.fromkeys(name for name in names if name))[:_MOST_NAMES]
        return TranscriptionHints(known, prime_for(expected.expects), self._business.locale)

    def completeness(self, text: str) -> Completeness:
        scene = self._scene(text, self.next_turn)
        return self._understanding.completeness(text, self._context(scene))

    async def open(self) -> Sequence[ReplyPart]:
        scene = self._scene("", self._state.turn)
        unsaid = (text for text in recording_notice(scene) if text not in self._greeting_heard)
        notice = tuple(Say(text, interruptible=False) for text in unsaid)
        if self._taken_up:
            # The last reply ends with the pending question, except for the greeting, which is not said twice.
            again = self._state.last_reply if self._unheard and self._state.turn else ()
            again = again or put_question(self._state, scene, resumed=True)
            return (*notice, *map(Say, (CUT_OFF, *again)))
        state, texts = welcome(self._state, await self._history(), scene)
        self._state = replace(state, last_reply=texts)
        parts = (*notice, *map(Say, texts))
        self._record(TurnRecord(0, "", (), " ".join(part.text for part in parts), (), to_json(self._state)))
        return parts

    async def _history(self) -> GuestHistory:
        """What is known of the caller; nothing where it cannot be read in time to greet them."""
        phone = self._state.caller_phone
        if not phone:
            return GuestHistory("")
        try:
            async with asyncio.timeout(_GREETS_WITHIN_S):
                return await self._reads.guest_history(phone)
        except (AppError, TimeoutError):
            return GuestHistory(phone)

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        base = self._state
        said = all_said(caller, self._said, base, new_question=self._new_question)
        scene = await self._as_it_stands(self._scene(said.text, caller.turn), said.before)
        context = self._context(scene, said.before)
        language = self._language.begin(self._channel) if self._language else None
        understanding = ModelUnderstanding(self._understanding, language) if language else self._understanding
        draft = TurnDraft(before=said.before, state=said.before, unheard=said.unheard)
        try:
            tools = TurnTools(scene, understanding, context, self._clock, self._answers, language, self._whole)
            draft = await run_turn(draft, tools)
        except AppError as error:
            _log.warning(EFFECT_FAILED, code=error.code, call_id=str(self._conversation_id), turn=caller.turn)
            draft = out_of_reach(draft, scene)
            self._abandon(language)
        except BaseException:
            self._abandon(language)
            raise
        if language is not None and language.busy:
            self._under_way.add(language)
        return PreparedTurn(
            caller=caller,
            completeness=self._understanding.completeness(caller.text, context),
            preview=tuple(part for part in draft.parts if isinstance(part, Say)),
            plan=Plan(base, said, draft, scene, language),
            acts=bool(draft.effects),
            understanding_ms=draft.understanding_ms,
            retrieval_ms=draft.retrieval_ms,
            cache=draft.cache or "",
            llm_first_token_ms=language.first_token_ms if language else None,
            providers=language.used if language else {},
            switches=language.switches if language else (),
        )

    async def _as_it_stands(self, scene: TurnScene, state: DialogueState) -> TurnScene:
        """`scene` with what others have changed since, if that can be read; soon, where no booking is remembered."""
        try:
            async with asyncio.timeout(None if state.remembered else _STANDS_WITHIN_S):
                stands = await self._reads.stands(state.remembered)
        except (AppError, TimeoutError):
            return scene
        self._business = stands.business
        return replace(self._scene(scene.text, scene.turn), rows=stands.rows)

    def discard(self, prepared: PreparedTurn) -> None:
        if isinstance(prepared.plan, Plan):
            self._abandon(prepared.plan.language)

    def left_unanswered(self, caller: CallerTurn) -> None:
        self._record(TurnRecord(caller.turn, caller.text, (), "", (), to_json(self._state)))

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        work = asyncio.create_task(self._carry_out(prepared))
        filler = filler_of(prepared.plan) if prepared.caller.channel == "voice" else ""
        if filler and not await is_soon(work):
            try:
                yield Say(filler, meanwhile=True)
            finally:
                await to_the_end(work)
        carried = await to_the_end(work)
        said: list[ReplyPart] = []
        try:
            async with aclosing(carried.reply()) as parts:
                async for part in parts:
                    said.append(part)
                    yield part
        finally:
            if carried.is_written_on:
                self._abandon(carried.language)
                self._settle(carried, prepared.caller, said, carried.written())
        await self._recorded()

    async def on_silence(self, count: int) -> Sequence[ReplyPart]:
        if count > self._agent.settings.silence_prompts:
            return (*map(Say, SILENT_END), HangUp("silence"))
        if count == 1:
            return (Say(SILENT_ONCE),)
        scene = self._scene("", self._state.turn)
        return (Say(SILENT_AGAIN), *map(Say, put_question(self._state, scene, resumed=True)))

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        if turn == 0 and self._taken_up:
            # What was heard of the greeting is known already; this was said in its place.
            return
        await self._ledger.heard(turn, text, interrupted=interrupted)

    async def close(self, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        for language in tuple(self._under_way):
            self._abandon(language)
        await self._recorded()
        await to_the_end(asyncio.ensure_future(self._ledger.close(reason)))

    def _abandon(self, language: LanguageTurn | None) -> None:
        if language is not None:
            language.abandon()
            self._under_way.discard(language)

    async def _carry_out(self, prepared: PreparedTurn) -> Carried:
        """Run the effects, take their outcomes in, install the state, and have the turn recorded."""
        turn = prepared.caller.turn
        plan = prepared.plan
        if not isinstance(plan, Plan) or (plan.base is not self._state and self._state.turn < turn):
            self.discard(prepared)
            plan = (await self.prepare(prepared.caller)).plan
            assert isinstance(plan, Plan)
        draft = plan.draft
        self._said = None if draft.effects or any(map(ends_call, draft.parts)) else plan.said
        parts, state = list(draft.parts), draft.state
        if draft.effects:
            asks = draft.asks
            outcomes = await self._run(turn, plan)
            for effect, outcome in zip(draft.effects, outcomes, strict=True):
                settled = settle(state, effect, outcome, plan.scene)
                state, asks = settled.state, asks and settled.asks
                parts += settled.parts
            done = finish(draft.before, state, plan.scene, answered=draft.answered, resumed=draft.resumed, asks=asks)
            state = done.state
            parts += done.parts
        self._new_question = is_new_question(plan.said, state)
        parts.sort(key=place)
        carried = Carried(
            tuple(parts), replace(state, turn=turn), plan.scene, draft.commands, plan.language, draft.unanswered
        )
        said = [part for part in parts if not isinstance(part, Continued)]
        self._settle(carried, prepared.caller, said, draft.uses)
        return carried

    def _settle(
        self, carried: Carried, caller: CallerTurn, said: Sequence[ReplyPart], uses: Sequence[CacheUse] = ()
    ) -> None:
        """Install the state after a turn whose reply is `said`, and have it recorded."""
        turn = caller.turn
        sentences = tuple(part for part in said if isinstance(part, Say))
        texts = tuple(sentence.text for sentence in sentences)
        state = replace(carried.state, last_reply=texts, transfer_to=transfer_to(said))
        if self._state.turn <= turn:
            self._state = state
        cited = tuple(dict.fromkeys(cite.chunk_id for each in sentences for cite in each.citations))
        commands = tuple(command_text(command) for command in carried.commands)
        unknown = tuple(impersonal(each, state.details, carried.commands) for each in carried.unanswered)
        record = TurnRecord(turn, caller.text, commands, " ".join(texts), cited, to_json(state), sentences, unknown)
        self._record(record, uses)

    async def _run(self, turn: int, plan: Plan) -> Sequence[Outcome]:
        try:
            return await self._ledger.run(turn, plan.draft.effects)
        except AppError as error:
            _log.warning(EFFECT_FAILED, code=error.code, call_id=str(self._conversation_id), turn=turn)
            return [Refused(error.code) for _ in plan.draft.effects]

    def _record(self, record: TurnRecord, uses: Sequence[CacheUse] = ()) -> None:
        previous = tuple(self._recording)
        task = asyncio.create_task(self._store(record, uses, previous))
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)

    async def _store(
        self, record: TurnRecord, uses: Sequence[CacheUse], previous: Sequence[asyncio.Task[None]]
    ) -> None:
        if previous:
            await asyncio.wait(previous)
        try:
            await self._ledger.record(record)
            if uses and self._answers is not None:
                await self._answers.committed(uses)
        except AppError as error:
            _log.warning(EFFECT_FAILED, code=error.code, call_id=str(self._conversation_id), turn=record.turn)

    async def _recorded(self) -> None:
        """Wait until every turn so far is stored."""
        if self._recording:
            await asyncio.wait(tuple(self._recording))

    def _scene(self, text: str, turn: int) -> TurnScene:
        now = self._clock.now().astimezone(ZoneInfo(self._business.timezone))
        return TurnScene(self._business, self._agent, self._channel, now, turn, text, self._reads)

    def _context(self, scene: TurnScene, state: DialogueState | None = None) -> UnderstandingContext:
        state = state or self._state
        slots = state.details.as_slots()
        row = state.target if state.flow is not None else state.booked
        if row is not None:
            row = (scene.rows or {}).get(row.reservation_id, row)
            slots = {**overlay(state.details, row, scene).as_slots(), SlotName.NAME: row.guest.name, **slots}
        return UnderstandingContext(
            business=self._business,
            now=scene.now,
            expectation=expectation_of(state, scene),
            flow=state.flow,
            slots=slots,
            offered=state.offered if state.question is Question.CHOICE else (),
            caller_phone=state.caller_phone,
            booked=state.flow is None and state.booked is not None,
            custom=custom_context(self._agent, state),
        )
