import base64

import orjson
import pytest

from reception.core.errors import InvalidInput
from reception.transports.twilio_messages import (
    LONGEST_FRAME_BYTES,
    Connected,
    KeyPressed,
    MarkReached,
    Media,
    Stopped,
    StreamStarted,
    TwilioMessage,
    media_message,
    parse_twilio,
    render,
)

PAYLOAD = base64.b64encode(b"\xff\x7f").decode()
AUDIO = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
START = {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": AUDIO, "customParameters": {"from": "+14155550100"}}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"event": "connected", "protocol": "Call"}, Connected()),
        (
            {"event": "start", "streamSid": "MZ1", "start": START},
            StreamStarted("MZ1", "CA1", {"from": "+14155550100"}),
        ),
        ({"event": "media", "media": {"track": "inbound", "chunk": "7", "payload": PAYLOAD}}, Media(7, b"\xff\x7f")),
        ({"event": "media", "media": {"payload": PAYLOAD}}, Media(None, b"\xff\x7f")),
        ({"event": "media", "media": {"track": "outbound", "payload": PAYLOAD}}, None),
        ({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "#"}}, KeyPressed("#")),
        ({"event": "mark", "mark": {"name": "1.2.3"}}, MarkReached("1.2.3")),
        ({"event": "stop", "stop": {"callSid": "CA1"}}, Stopped()),
        ({"event": "something new"}, None),
    ],
)
def test_what_twilio_sends_is_understood(sent: dict[str, object], expected: TwilioMessage | None) -> None:
    assert parse_twilio(orjson.dumps(sent)) == expected


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"event":"media"}',
        b'{"event":"media","media":[]}',
        b'{"event":"media","media":{"payload":"not base64!"}}',
        b'{"event":"media","media":{"payload":7}}',
        b'{"event":"media","media":{"payload":"AAAA","chunk":"x"}}',
        b'{"event":"dtmf","dtmf":{"digit":"12"}}',
        b'{"event":"mark","mark":{}}',
        b'{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"encoding":"audio/opus"}}}',
        b'{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"sampleRate":"fast"}}}',
        b'{"event":"start","start":{}}',
    ],
)
def test_what_is_malformed_is_refused_without_being_repeated(sent: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_twilio(sent)
    assert "not base64!" not in refused.value.detail


def test_a_frame_has_a_longest() -> None:
    payload = base64.b64encode(bytes(LONGEST_FRAME_BYTES + 1)).decode()
    with pytest.raises(InvalidInput):
        parse_twilio(orjson.dumps({"event": "media", "media": {"payload": payload}}))


def test_audio_is_sent_as_twilio_wants_it() -> None:
    sent = orjson.loads(render(media_message("MZ1", b"\xff\x7f")))
    assert sent == {"event": "media", "streamSid": "MZ1", "media": {"payload": PAYLOAD}}
