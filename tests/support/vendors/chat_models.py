"""Chat models: OpenAI's chat completions, as OpenAI, Groq and other servers speak them, and Anthropic's Messages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tests.support.vendors.faults import KEY
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor


@dataclass(frozen=True, slots=True)
class Writes:
    """What a model writes: `text`, or the arguments of a call of `tool`. `ending` is why it stops, in their words."""

    text: str
    tool: str = ""
    ending: str = "stop"
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model was asked. `output` is the name of the JSON object that was asked for, empty for text; `said` is
    what of its answer there is already, where it is asked to go on."""

    system: str
    user: str
    output: str
    body: Mapping[str, Any]
    said: str = ""


Brain = Callable[[Prompt], Writes]
USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
"""What OpenAI's format says was used; streams say so only when they are asked to."""


def pieces_of(text: str, length: int = 7) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)] or [""]


class OpenAiChatServer(HttpVendor):
    """`model` must be asked for; `models` are those it lists."""

    path = "/chat/completions"
    models_path = "/models"
    tokens = "max_completion_tokens"
    streams_json = True

    def __init__(self, brain: Brain, model: str = "some-model", models: Sequence[str] | None = None) -> None:
        super().__init__()
        self.brain = brain
        self.model = model
        self.models = [model] if models is None else list(models)
        self.prompts: list[Prompt] = []

    def answer(self, asked: Asked) -> Answer:
        self.check_key(asked)
        if asked.path == self.models_path:
            assert asked.method == "GET"
            listed = [{"id": name, "object": "model", "created": 1, "owned_by": "test"} for name in self.models]
            return Answer("application/json", [orjson.dumps({"object": "list", "data": listed})])
        assert (asked.method, asked.path) == ("POST", self.path)
        prompt = self.read(asked.json())
        self.prompts.append(prompt)
        writes = self.brain(prompt)
        if not prompt.body["stream"]:
            return Answer("application/json", [orjson.dumps(self._completion(writes))])
        return Answer("text/event-stream", self.written(writes, prompt))

    def check_key(self, asked: Asked) -> None:
        assert asked.headers["authorization"] == f"Bearer {KEY}"

    def read(self, body: Mapping[str, Any]) -> Prompt:
        assert body["model"] == self.model
        assert body["stream"] is (self.streams_json or "response_format" not in body)
        assert 0 < body[self.tokens] <= 1000
        self.check_options(body)
        system, user, *later = body["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        assert [message["role"] for message in later] in ([], ["assistant", "user"])
        wanted = body.get("response_format")
        output = ""
        if wanted is not None:
            assert wanted["type"] == "json_schema"
            asked = wanted["json_schema"]
            assert asked["strict"] is True
            check_strict(asked["schema"])
            output = asked["name"]
        return Prompt(system["content"], user["content"], output, body, later[0]["content"] if later else "")

    def check_options(self, body: Mapping[str, Any]) -> None:
        assert body["temperature"] == 0.0

    def written(self, writes: Writes, prompt: Prompt) -> list[bytes]:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
        if writes.tool:
            deltas.append(_tool_delta(0, writes.tool, ""))
            deltas += [_tool_delta(0, "", piece) for piece in pieces_of(writes.text)]
        elif writes.refusal:
            deltas += [{"refusal": piece} for piece in pieces_of(writes.refusal)]
        else:
            deltas += [{"content": piece} for piece in pieces_of(writes.text)]
        chunks = [self._chunk(delta, None) for delta in deltas]
        chunks.append(self._chunk({}, writes.ending))
        if (prompt.body.get("stream_options") or {}).get("include_usage"):
            chunks.append({**self._chunk({}, None), "choices": [], "usage": USAGE})
        return [*(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"]

    def _completion(self, writes: Writes) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": writes.text}
        if writes.tool:
            function = {"name": writes.tool, "arguments": writes.text}
            message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
        return {
            "id": "chatcmpl-123",
            "object": "chat.completion",
            "created": 1700000000,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": writes.ending}],
            "usage": USAGE,
        }

    def _chunk(self, delta: dict[str, Any], ending: str | None) -> dict[str, Any]:
        return {
            "id": "chatcmpl-123",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": self.model,
            "system_fingerprint": "fp_1",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}],
        }


def _tool_delta(index: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    call: dict[str, Any] = {"index": index, "function": function}
    if name:
        call |= {"id": "call_1", "type": "function"}
    return {"tool_calls": [call]}


class CompatibleChatServer(OpenAiChatServer):
    """A server of one's own, such as Ollama, vLLM or llama.cpp, which may want no key."""

    tokens = "max_tokens"

    def check_key(self, asked: Asked) -> None:
        assert asked.headers.get("authorization") in {None, f"Bearer {KEY}", "Bearer none"}


class GroqChatServer(OpenAiChatServer):
    """Structured outputs come whole: Groq does not stream them."""

    path = "/openai/v1/chat/completions"
    models_path = "/openai/v1/models"
    tokens = "max_tokens"
    streams_json = False

    def written(self, writes: Writes, prompt: Prompt) -> list[bytes]:
        *events, done = super().written(writes, prompt)
        last = {**orjson.loads(events[-1].removeprefix(b"data: ")), "x_groq": {"id": "req_1", "usage": USAGE}}
        return [*events[:-1], b"data: " + orjson.dumps(last) + b"\n\n", done]

    def check_options(self, body: Mapping[str, Any]) -> None:
        assert body["temperature"] <= 1e-6
        if "gpt-oss" in self.model:
            assert body["reasoning_effort"] == "low"
            assert body["include_reasoning"] is False


class AnthropicChatServer(OpenAiChatServer):
    """The Messages API: JSON comes as the input of a tool that the model must call."""

    path = "/v1/messages"
    models_path = "/v1/models"

    def check_key(self, asked: Asked) -> None:
        super().check_key(asked)
        assert asked.headers["anthropic-version"] == "2026-10-21"

    def read(self, body: Mapping[str, Any]) -> Prompt:
        assert body["model"] == self.model
        assert body["stream"] is True
        assert 0 < body["max_tokens"] <= 1000
        user, *later = body["messages"]
        assert user["role"] == "user"
        assert [message["role"] for message in later] in ([], ["assistant", "user"])
        output = ""
        if "tools" in body:
            (tool,) = body["tools"]
            assert body["tool_choice"] == {"type": "tool", "name": tool["name"]}
            check_strict(tool["input_schema"])
            output = tool["name"]
        return Prompt(body["system"], user["content"], output, body, later[0]["content"] if later else "")

    def written(self, writes: Writes, prompt: Prompt) -> list[bytes]:
        tool = writes.tool or prompt.output
        block: dict[str, Any] = {"type": "text", "text": ""}
        if tool:
            block = {"type": "tool_use", "id": "toolu_1", "name": tool, "input": {}}
        deltas = [
            {"type": "input_json_delta", "partial_json": piece} if tool else {"type": "text_delta", "text": piece}
            for piece in pieces_of(writes.text)
        ]
        ending = {"stop": "tool_use" if tool else "end_turn", "length": "max_tokens"}.get(writes.ending, writes.ending)
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": self._message()},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "ping"},
            *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": ending, "stop_sequence": None},
                "usage": {"input_tokens": 25, "output_tokens": 15},
            },
            {"type": "message_stop"},
        ]
        return [f"event: {event['type']}\ndata: ".encode() + orjson.dumps(event) + b"\n\n" for event in events]

    def _message(self) -> dict[str, Any]:
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": self.model,
            "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 25, "output_tokens": 1},
        }  # fmt: skip


def check_strict(schema: Mapping[str, Any]) -> None:
    """As strict vendors want it: every property required, none additional, at every level."""
    if schema.get("type") == "object":
        assert schema["additionalProperties"] is False
        assert sorted(schema["required"]) == sorted(schema["properties"])
        for inner in schema["properties"].values():
            check_strict(inner)
    if schema.get("type") == "array":
        check_strict(schema["items"])
