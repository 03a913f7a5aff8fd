"""`reception call`: phones a running server and prints the conversation with the latency of each turn."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reception.cli.phone import PhoneCall, Turn, dial
from reception.cli.phone_book import Line, look_up
from reception.cli.playback import percentile
from reception.cli.recordings import read_wav, speak_all
from reception.core.errors import AppError, InvalidInput
from reception.ports.audio import AudioFormat, Encoding, Pcm16
from reception.providers.embedded.tts import HibariTextToSpeech

STAGES = ("endpointing_ms", "stt_ms", "understanding_ms", "retrieval_ms", "tts_first_audio_ms")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn of the caller: what it says in words, or the recording's name, and the sound."""

    text: str
    samples: Pcm16


@dataclass(frozen=True, slots=True)
class Manner:
    """How the caller behaves. `interrupt_after_s` is counted from the first sound of each reply."""

    pause_s: float = 0.5
    interrupt_after_s: float | None = None
    reply_timeout_s: float = 30.0
    hang_up_after_last: bool = False


def call(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE.wav]...", help="Recordings, a turn each.")
    ] = None,
    url: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8000",
    agent: Annotated[str, typer.Option(help="The agent's id, name or demo slug.")] = "",
    say: Annotated[list[str] | None, typer.Option(help="A turn to speak; may be given again and again.")] = None,
    rate: Annotated[int, typer.Option(min=8000, max=48000, help="Samples a second.")] = 16000,
    encoding: Annotated[str, typer.Option(help="pcm_s16le, or mulaw or alaw as on a telephone.")] = "pcm_s16le",
    token: Annotated[str, typer.Option(envvar="RECEPTION_TOKEN", help="Default: the server's demo mode.")] = "",
    tenant: Annotated[str, typer.Option(help="The tenant's id, with a platform admin's token.")] = "",
    phone: Annotated[str, typer.Option(help="The number to call from, as shown to the agent.")] = "",
    pause: Annotated[float, typer.Option(min=0.0, help="Seconds from the end of a reply to the next turn.")] = 0.5,
    interrupt_after: Annotated[
        float | None, typer.Option(min=0.0, help="Speak again this many seconds into each reply.")
    ] = None,
    reply_timeout: Annotated[float, typer.Option(min=1.0, help="Seconds to wait for a reply.")] = 30.0,
    hang_up_after_last: Annotated[
        bool, typer.Option("--hang-up-after-last", help="Hang up without hearing the last reply.")
    ] = False,
    save: Annotated[Path | None, typer.Option(help="Write the call to this WAV: caller left, agent right.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Phone a running server, as a person with a microphone would, and show what was said and how soon.

    The turns of --say are spoken by the embedded voice and come first, then the recordings. Latency is measured
    from the waveform: last speech of the caller to first sound of the reply.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    if encoding not in get_args(Encoding):
        raise typer.BadParameter(f"one of {', '.join(get_args(Encoding))}", param_hint="--encoding")
    audio = AudioFormat("mulaw" if encoding == "mulaw" else "alaw" if encoding == "alaw" else "pcm_s16le", rate)
    manner = Manner(pause, interrupt_after, reply_timeout, hang_up_after_last)
    printer = Printer(Console(quiet=as_json, highlight=False))
    try:
        if not (say or files):
            raise InvalidInput("Nothing to say: give --say TEXT or a WAV file, as often as there are turns.")
        report = asyncio.run(
            _place((url, agent, token, tenant), phone, audio, (say or [], files or []), manner, printer, save)
        )
    except AppError as error:
        if as_json:
            typer.echo(json.dumps({"error": {"code": error.code, "message": error.detail}}))
        Console(stderr=True, highlight=False).print(f"[bold red]Call failed:[/] {escape(error.detail)}")
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(report, indent=2))


async def _place(
    wanted: tuple[str, str, str, str],
    phone: str,
    audio: AudioFormat,
    turns: tuple[Sequence[str], Sequence[Path]],
    manner: Manner,
    printer: "Printer",
    save: Path | None,
) -> Mapping[str, Any]:
    """Look the agent up, prepare what will be said, call, and report."""
    url, agent, token, tenant = wanted
    line = await look_up(url, agent, token=token, tenant=tenant)
    texts, files = turns
    recordings = [Utterance(f"[{path.name}]", read_wav(path, audio.sample_rate_hz)) for path in files]
    spoken: list[Pcm16] = []
    if texts:
        with printer.console.status("Preparing the caller's voice"):
            spoken = await speak_all(HibariTextToSpeech(), texts, audio.sample_rate_hz)
    utterances = [Utterance(text, samples) for text, samples in zip(texts, spoken, strict=True)] + recordings
    printer.calling(line, audio)
    async with dial(line, audio, caller_phone=phone) as phone_call:
        await converse(phone_call, utterances, manner, printer)
    if save is not None:
        phone_call.save(save)
    report = report_of(phone_call, line, audio)
    printer.summary(report)
    return report


async def converse(call: PhoneCall, utterances: Sequence[Utterance], manner: Manner, printer: "Printer") -> None:
    """Hear the greeting, then say each utterance and hear its reply, until the last or until the call ends."""
    printer.turn(await call.wait_reply(manner.reply_timeout_s))
    for number, utterance in enumerate(utterances, start=1):
        if call.ended is not None:
            return
        last = number == len(utterances)
        await call.listen(manner.pause_s if manner.interrupt_after_s is None or number == 1 else 0.0)
        await call.say(utterance.samples, utterance.text)
        if last and manner.hang_up_after_last:
            await call.hang_up()
        elif manner.interrupt_after_s is not None and not last:
            await call.wait_sound(manner.reply_timeout_s)
            await call.listen(manner.interrupt_after_s)
        else:
            await call.wait_reply(manner.reply_timeout_s)
        printer.turn(call.turns[-1])


def report_of(call: PhoneCall, line: Line, audio: AudioFormat) -> dict[str, Any]:
    """The call as one JSON document."""
    latencies = [turn.latency_ms for turn in call.turns[1:] if turn.latency_ms is not None]
    return {
        "url": line.url,
        "agent": line.agent_name,
        "agent_id": line.agent_id,
        "conversation_id": call.conversation_id,
        "audio": {"encoding": audio.encoding, "sample_rate": audio.sample_rate_hz},
        "turns": [asdict(turn) for turn in call.turns],
        "actions": [asdict(action) for action in call.actions],
        "latency": {
            "turns": len(latencies),
            "p50_ms": percentile(latencies, 50),
            "p95_ms": percentile(latencies, 95),
        },
        "ended": call.ended,
    }


class Printer:
    """Shows a conversation as it goes on."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def calling(self, line: Line, audio: AudioFormat) -> None:
        self.console.print(
            f"Calling [bold]{escape(line.agent_name)}[/] in {audio.encoding}, {audio.sample_rate_hz} Hz\n"
        )

    def turn(self, turn: Turn) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", min_width=7, style="dim")
        table.add_column(ratio=1)
        if turn.said:
            table.add_row("Caller", f"[bold cyan]{escape(turn.said)}[/]")
        if turn.heard and turn.heard != turn.said:
            table.add_row("heard", f"[dim]{escape(turn.heard)}[/]")
        if turn.cleared:
            table.add_row("", "[yellow]interrupted the agent[/]")
        for sentence in turn.reply:
            table.add_row("Agent", escape(sentence))
        if not turn.reply:
            table.add_row("Agent", "[yellow]no reply[/]")
        for action in turn.actions:
            details = ", ".join(f"{key} {value}" for key, value in action.data.items() if isinstance(value, str | int))
            table.add_row("Done", f"[bold green]{escape(action.name)}[/] [green]{escape(details)}[/]")
        if turn.latency_ms is not None:
            table.add_row("", f"[magenta]{turn.latency_ms:.0f} ms[/] [dim]{escape(stages_of(turn))}[/]")
        elif turn.overlapped:
            table.add_row("", "[yellow]the agent talked over the caller[/]")
        self.console.print(table)
        self.console.print()

    def summary(self, report: Mapping[str, Any]) -> None:
        latency = report["latency"]
        if latency["turns"]:
            self.console.print(
                f"[bold]Voice to voice[/] over {latency['turns']} turns: p50 [magenta]{latency['p50_ms']:.0f} ms[/], "
                f"p95 [magenta]{latency['p95_ms']:.0f} ms[/], measured from the waveform"
            )
        self.console.print(f"Call ended: {escape(str(report['ended']))}")


def stages_of(turn: Turn) -> str:
    """Where the server says the time of a turn went."""
    if not turn.metrics:
        return ""
    stages = [(name.removesuffix("_ms").replace("_", " "), turn.metrics[-1].get(name)) for name in STAGES]
    return " · ".join(f"{name} {value:.0f}" for name, value in stages if value is not None)
