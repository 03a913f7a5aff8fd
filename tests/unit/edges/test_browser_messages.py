"""Messages of the browser's socket: read strictly, written completely."""

from uuid import uuid4

import pytest

from reception.core.errors import InvalidInput
from reception.ports.dialogue import Citation
from reception.ports.events import (
    ActionDone,
    CallEnded,
    CallEvent,
    CallFault,
    ReplySaid,
    SpeechChanged,
    TranscriptHeard,
    TurnMetrics,
)
from reception.transports.browser_messages import Start, event_message, parse_client_message


def test_a_start_is_read() -> None:
    message = parse_client_message(
        '{"type":"start","agent_id":"a","audio":{"encoding":"alaw","sample_rate":8000},"caller":{"phone":"+12125550100"}}'
    )
    assert isinstance(message, Start)
    assert message.audio.format.sample_rate_hz == 8000
    assert message.caller.phone == "+12125550100"
    assert message.partial_transcripts


def test_a_client_may_spare_what_nobody_looks_at() -> None:
    message = parse_client_message(
        '{"type":"start","agent_id":"a","audio":{"encoding":"mulaw","sample_rate":8000},"partial_transcripts":false}'
    )
    assert isinstance(message, Start)
    assert not message.partial_transcripts


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[1]", "type|dictionary|object"),
        ('{"type":"start"}', "agent_id"),
        ('{"type":"start","agent_id":"a","audio":{"encoding":"opus","sample_rate":8000}}', "encoding"),
        ('{"type":"start","agent_id":"a","audio":{"encoding":"mulaw","sample_rate":7999}}', "sample_rate"),
        ('{"type":"start","agent_id":"a","audio":{"encoding":"mulaw","sample_rate":"8000"}}', "sample_rate"),
        ('{"type":"mark"}', "name"),
        ('{"type":"stop","now":true}', "now"),
    ],
)
def test_a_bad_message_is_explained(text: str, hint: str) -> None:
    with pytest.raises(InvalidInput, match=hint):
        parse_client_message(text)


def test_every_event_has_its_message() -> None:
    chunk = uuid4()
    events: dict[CallEvent, dict[str, object]] = {
        SpeechChanged("started", 120): {"type": "speech", "state": "started", "at_ms": 120},
        TranscriptHeard(1, "hello", False): {"type": "transcript", "turn": 1, "text": "hello", "final": False},
        ReplySaid(1, "Hi.", (Citation(chunk, "Menu"),)): {
            "type": "reply",
            "turn": 1,
            "text": "Hi.",
            "citations": [{"chunk_id": chunk, "document": "Menu"}],
        },
        CallFault("provider_error", "No voice.", False): {
            "type": "error",
            "code": "provider_error",
            "message": "No voice.",
            "fatal": False,
        },
        CallEnded("goodbye"): {"type": "ended", "reason": "goodbye"},
    }
    for event, message in events.items():
        assert event_message(event) == message
    done = event_message(ActionDone("lead.created", {"lead_id": "x"}))
    assert done == {"type": "action", "name": "lead.created", "data": {"lead_id": "x"}}
    metrics = event_message(TurnMetrics(2, stt_ms=131.26))
    assert (metrics["type"], metrics["stt_ms"], metrics["endpointing_ms"]) == ("turn_metrics", 131.3, None)
