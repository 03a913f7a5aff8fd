"""`POST /chat/message`: one message to an agent, one reply."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.runtime.chat import ChatReply
from reception.runtime.principal import Scope

router = APIRouter(prefix="/chat", tags=["chat"])


class ChatMessage(Request):
    agent_id: UUID
    message: Annotated[Text, Field(min_length=1, max_length=2000)]
    conversation_id: UUID | None = None


class Cited(Response):
    chunk_id: UUID
    document: str


class Sentence(Response):
    """One sentence of the reply and the passages that it rests on; see `/knowledge/passages/{chunk_id}`."""

    text: str
    citations: list[Cited]


class Action(Response):
    """Something that was done and is committed, e.g. `reservation.created`."""

    name: str
    data: dict[str, Any]


class Reply(Response):
    conversation_id: UUID
    agent_version: int
    turn: int
    reply: str
    citations: list[Cited]
    sentences: list[Sentence]
    actions: list[Action]
    ended: bool

    @classmethod
    def of(cls, reply: ChatReply) -> "Reply":
        return cls(
            conversation_id=reply.conversation_id,
            agent_version=reply.agent_version,
            turn=reply.turn,
            reply=reply.reply,
            citations=[Cited(chunk_id=one.chunk_id, document=one.document) for one in reply.citations],
            sentences=[
                Sentence(
                    text=said.text,
                    citations=[Cited(chunk_id=one.chunk_id, document=one.document) for one in said.citations],
                )
                for said in reply.sentences
            ],
            actions=[Action(name=act.name, data=dict(act.data)) for act in reply.actions],
            ended=reply.ended,
        )


@router.post("/message", summary="Send a message to an agent")
@done_once
async def message(
    body: ChatMessage,
    services: ServicesDep,
    where: Annotated[InTenant, Depends(in_tenant(Scope.CHAT))],
    answer: Answer,
) -> Reply:
    """Without `conversation_id` a new conversation starts; its id is in the reply."""
    where.check_agent(body.agent_id)
    return Reply.of(await services.chat.answer(where.tenant_id, body.agent_id, body.message, body.conversation_id))
