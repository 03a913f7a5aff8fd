"""A conversation turn by turn: heard, understood, decided, said and timed; its recordings, and all of it as a file."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, status
from fastapi import Response as Answer
from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from reception.api.chat import Cited, Sentence
from reception.api.conversations import ConversationDetail, ConversationReader, read
from reception.api.paging import Cursor, Limit, Page, cursor_of, number_after
from reception.api.ranges import byte_range
from reception.api.schemas import Response
from reception.api.services import Services, ServicesDep
from reception.api.usage import UsageRead
from reception.core.errors import NotFound
from reception.domains.conversations import archive, events, service
from reception.domains.conversations.archive import Deed
from reception.domains.conversations.events import Event
from reception.domains.conversations.service import Message
from reception.domains.usage import service as usage

router = APIRouter(prefix="/conversations/{conversation_id}", tags=["conversations"])

_TURNS_AT_ONCE = 200
_STAGES = (
    "endpointing_ms", "stt_ms", "understanding_ms", "retrieval_ms", "llm_first_token_ms", "tts_first_audio_ms",
    "voice_to_voice_ms",
)  # fmt: skip


class Decided(Response):
    """An effect that ran, such as `CommitReservation` or `CreateLead`; `refused_for` is the code of why it was not
    done."""

    what: str
    done: bool
    refused_for: str
    reservation_id: UUID | None
    lead_id: UUID | None


class Happened(Response):
    """`switch`: another provider stood in (part, from, to, reason); `fault`: a part failed (code)."""

    kind: str
    data: dict[str, JsonValue]
    at: datetime


class Timing(Response):
    """Milliseconds, null where a stage did not run. `voice_to_voice_ms` is what the caller waited: from the end of
    their speech to the first sound of the reply."""

    endpointing_ms: float | None
    stt_ms: float | None
    understanding_ms: float | None
    retrieval_ms: float | None
    llm_first_token_ms: float | None
    tts_first_audio_ms: float | None
    voice_to_voice_ms: float | None


class TurnRead(Response):
    """Turn 0 is the greeting. `heard` is what was made out of the caller's words, `understood` the commands read from
    it, `unanswered` the questions that nothing was known to, `decided` what was done, `said` the reply with the
    passages that each sentence rests on, `heard_by_caller` what of it was played, null while that is not known."""

    turn: int
    at: datetime
    heard: str
    understood: tuple[str, ...]
    unanswered: tuple[str, ...]
    decided: tuple[Decided, ...]
    said: str
    sentences: tuple[Sentence, ...]
    heard_by_caller: str | None
    interrupted: bool
    timing: Timing | None
    cache: str
    providers: dict[str, str]
    happened: tuple[Happened, ...]


class Export(Response):
    """Everything that is kept of a conversation."""

    conversation: ConversationDetail
    turns: tuple[TurnRead, ...]
    usage: UsageRead


@router.get("/messages", summary="Read a conversation turn by turn")
async def list_turns(
    conversation_id: UUID, services: ServicesDep, where: ConversationReader, limit: Limit = 50, cursor: Cursor = ""
) -> Page[TurnRead]:
    turns, more = await _turns(services, where.tenant_id, conversation_id, number_after(cursor), limit)
    return Page[TurnRead](items=turns, next_cursor=cursor_of(str(turns[-1].turn)) if more else None)


@router.get("/export", summary="Take a conversation away as a file")
async def export(conversation_id: UUID, services: ServicesDep, where: ConversationReader, answer: Answer) -> Export:
    whole = await read(conversation_id, services, where)
    turns: list[TurnRead] = []
    more = True
    while more:
        after = turns[-1].turn if turns else None
        some, more = await _turns(services, where.tenant_id, conversation_id, after, _TURNS_AT_ONCE)
        turns += some
    async with services.database.tenant_session(where.tenant_id) as session:
        used = await usage.of_conversation(session, conversation_id)
    answer.headers["Content-Disposition"] = f'attachment; filename="conversation-{conversation_id}.json"'
    return Export(conversation=whole, turns=tuple(turns), usage=UsageRead.of(used))


@router.get(
    "/recordings/{part}",
    summary="Listen to a recording",
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}},
        status.HTTP_206_PARTIAL_CONTENT: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
async def listen(
    conversation_id: UUID,
    part: Annotated[int, Path(ge=1, le=1000)],
    services: ServicesDep,
    where: ConversationReader,
    wanted: Annotated[str, Header(alias="Range", max_length=200)] = "",
) -> StreamingResponse:
    """The caller on the left, the agent on the right. One range of bytes may be asked for."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await service.get(session, conversation_id)
    kept = {one.part: one for one in await services.recordings.of(where.tenant_id, conversation_id)}
    if part not in kept:
        raise NotFound("There is no such recording")
    size = await services.recordings.size_bytes(kept[part])
    start, end, partial = byte_range(wanted, size)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start), "Cache-Control": "private, no-store"}
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        services.recordings.read(kept[part], start, end),
        status.HTTP_206_PARTIAL_CONTENT if partial else status.HTTP_200_OK,
        headers,
        media_type="audio/wav",
    )


async def _turns(
    services: Services, tenant_id: UUID, conversation_id: UUID, after: int | None, limit: int
) -> tuple[tuple[TurnRead, ...], bool]:
    """Up to `limit` turns after the one of this number, and whether there are more."""
    async with services.database.tenant_session(tenant_id) as session:
        await service.get(session, conversation_id)
        numbers = await service.list_turns(session, conversation_id, after=after, limit=limit + 1)
        if not numbers:
            return (), False
        shown = numbers[:limit]
        first, last = shown[0], shown[-1]
        messages = await service.list_messages(session, conversation_id, first=first, last=last)
        deeds = await archive.list_deeds(session, conversation_id, first=first, last=last)
        happened = await events.list_events(session, conversation_id, first=first, last=last)
    by_turn: dict[int, dict[str, Message]] = defaultdict(dict)
    for message in messages:
        by_turn[message.turn][message.speaker] = message
    turns = tuple(
        _turn(
            number,
            sides,
            [deed for deed in deeds if deed.turn == number],
            [event for event in happened if event.turn == number],
        )
        for number, sides in sorted(by_turn.items())
    )
    return turns, len(numbers) > limit


def _turn(number: int, sides: dict[str, Message], deeds: Sequence[Deed], happened: Sequence[Event]) -> TurnRead:
    caller, agent = sides.get("caller"), sides.get("agent")
    measured: Any = agent.metrics if agent else None
    return TurnRead(
        turn=number,
        at=min(message.created_at for message in sides.values()),
        heard=caller.text if caller else "",
        understood=tuple(caller.commands) if caller else (),
        unanswered=tuple(caller.unanswered) if caller else (),
        decided=tuple(
            Decided(
                what=deed.what,
                done=deed.done,
                refused_for=deed.refused_for,
                reservation_id=deed.reservation_id,
                lead_id=deed.lead_id,
            )
            for deed in deeds
        ),
        said=agent.text if agent else "",
        sentences=tuple(
            Sentence(
                text=said.text,
                citations=[Cited(chunk_id=one.chunk_id, document=one.document) for one in said.citations],
            )
            for said in (agent.sentences if agent else ())
        ),
        heard_by_caller=agent.heard if agent else None,
        interrupted=agent.interrupted if agent else False,
        timing=Timing(**{stage: measured.get(stage) for stage in _STAGES}) if measured else None,
        cache=measured.get("cache", "") if measured else "",
        providers=measured.get("providers", {}) if measured else {},
        happened=tuple(Happened.model_validate({"kind": one.kind, "data": one.data, "at": one.at}) for one in happened),
    )
