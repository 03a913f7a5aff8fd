"""The messages of Twilio Media Streams, read as cheaply as their number demands (the vendor's "WebSocket messages")."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import orjson

from reception.core.errors import InvalidInput

LONGEST_FRAME_BYTES = 16_000
"""Two seconds in one frame."""
_DIGITS = frozenset("0123456789*#ABCD")
_LONGEST_NAME = 128


class Media(NamedTuple):
    """`chunk` counts a track's frames from 1; None where the sender does not number them. A tuple, as there are fifty
    a second of every call."""

    chunk: int | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class StreamStarted:
    stream_sid: str
    call_sid: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    digit: str


@dataclass(frozen=True, slots=True)
class MarkReached:
    name: str


@dataclass(frozen=True, slots=True)
class Connected:
    pass


@dataclass(frozen=True, slots=True)
class Stopped:
    pass


TwilioMessage: TypeAlias = Media | StreamStarted | KeyPressed | MarkReached | Connected | Stopped


def parse_twilio(text: str | bytes) -> TwilioMessage | None:
    """The message in `text`; None for one of a kind that is not known, or audio of the other track.

    Raises:
        InvalidInput: not JSON, or a field is missing or wrong; the detail says which, never what was sent.
    """
    try:
        message = orjson.loads(text)
        event = message["event"]
        if event == "media":
            return _media(message["media"])
        return _rare(event, message)
    except orjson.JSONDecodeError:
        raise InvalidInput("A message must be one JSON object.") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput("A field of the message is missing or of the wrong type.") from None


def _media(media: Mapping[str, Any]) -> Media | None:
    if media.get("track", "inbound") != "inbound":
        return None
    try:
        payload = binascii.a2b_base64(media["payload"])
        chunk = media.get("chunk")
        number = None if chunk is None else int(chunk)
    except ValueError:
        raise InvalidInput("`payload` is not base64, or `chunk` no number.") from None
    if len(payload) > LONGEST_FRAME_BYTES:
        raise InvalidInput(f"A frame may hold at most {LONGEST_FRAME_BYTES} bytes.")
    return Media(number, payload)


def _rare(event: object, message: Mapping[str, Any]) -> TwilioMessage | None:
    match event:
        case "connected":
            return Connected()
        case "start":
            return _start(message)
        case "dtmf":
            digit = str(message["dtmf"]["digit"])
            if digit not in _DIGITS:
                raise InvalidInput("`digit` is no key of a telephone.")
            return KeyPressed(digit)
        case "mark":
            return MarkReached(str(message["mark"]["name"])[:_LONGEST_NAME])
        case "stop":
            return Stopped()
        case _:
            return None


def _start(message: Mapping[str, Any]) -> StreamStarted:
    start = message["start"]
    audio = start.get("mediaFormat", {})
    if audio.get("encoding", "audio/x-mulaw") != "audio/x-mulaw" or str(audio.get("sampleRate", 8000)) != "8000":
        raise InvalidInput("The stream must be audio/x-mulaw at 8000 Hz.")
    parameters = {str(name): str(value) for name, value in dict(start.get("customParameters") or {}).items()}
    sid = message.get("streamSid") or start["streamSid"]
    return StreamStarted(str(sid), str(start.get("callSid", "")), parameters)


def media_message(stream_sid: str, payload: bytes) -> dict[str, Any]:
    coded = binascii.b2a_base64(payload, newline=False).decode("ascii")
    return {"event": "media", "streamSid": stream_sid, "media": {"payload": coded}}


def mark_message(stream_sid: str, name: str) -> dict[str, Any]:
    return {"event": "mark", "streamSid": stream_sid, "mark": {"name": name}}


def clear_message(stream_sid: str) -> dict[str, Any]:
    return {"event": "clear", "streamSid": stream_sid}


def render(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode("utf-8")
