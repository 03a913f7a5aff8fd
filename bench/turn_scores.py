"""What a call says about turn taking, once it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.line import Line, Said
from reception.cli.playback import percentile

OVERLAPS = frozenset({"interruption", "backchannel", "noise"})
NEEDLESS_MS = 700.0
_STOPS_WITHIN_S = 1.5


@dataclass(slots=True)
class Score:
    """One utterance. `latency_ms` is the waveform's; `metrics_ms` what the server says of the same turn.

    `cut_off`: committed while more was to come. `stop_ms`: from the first sound of an interruption to the agent's
    silence. `paused_ms`: how long the agent was silent for what was no interruption.
    """

    kind: str
    text: str
    heard: str = ""
    latency_ms: float | None = None
    commit_ms: float | None = None
    metrics_ms: float | None = None
    cut_off: bool = False
    unanswered: bool = False
    interrupted: bool = False
    missed: bool = False
    stop_ms: float | None = None
    paused_ms: float | None = None
    stages: Mapping[str, Any] = field(default_factory=dict)


def score_call(line: Line) -> list[Score]:
    ends = [said.starts_s for said in line.said[1:]] + [float("inf")]
    return [_score(line, said, until_s) for said, until_s in zip(line.said, ends, strict=True)]


def _score(line: Line, said: Said, until_s: float) -> Score:
    found = Score(said.clip.kind, said.clip.text)
    events = [(at_s, event) for at_s, event in line.events if said.begins_s <= at_s < until_s]
    commits = [(at_s, event) for at_s, event in events if event["type"] == "transcript" and event["final"]]
    found.heard = " | ".join(event["text"] for _, event in commits)
    if said.clip.kind in OVERLAPS and line.playback.audible_past(said.begins_s):
        _score_overlap(found, line, said, events, bool(commits))
        if said.clip.kind != "interruption":
            return found
    found.cut_off = any(at_s < said.ends_s for at_s, _ in commits)
    if not commits:
        found.unanswered = True
    elif not found.cut_off:
        found.commit_ms = (commits[0][0] - said.ends_s) * 1000
        sound_s = line.playback.first_sound_s(received_after_s=said.ends_s)
        if sound_s is not None and sound_s < until_s and not line.playback.audible_past(said.ends_s):
            found.latency_ms = (sound_s - said.ends_s) * 1000
        turn = commits[0][1]["turn"]
        for _, event in line.events:
            if event["type"] == "turn_metrics" and event["turn"] == turn:
                found.metrics_ms, found.stages = event["voice_to_voice_ms"], event
                break
    return found


def _score_overlap(
    found: Score, line: Line, said: Said, events: Sequence[tuple[float, Mapping[str, Any]]], committed: bool
) -> None:
    cleared_s = next((at_s for at_s, event in events if event["type"] == "clear"), None)
    if said.clip.kind == "interruption":
        found.missed = cleared_s is None or cleared_s - said.begins_s > _STOPS_WITHIN_S
        found.stop_ms = None if cleared_s is None else (cleared_s - said.begins_s) * 1000
        return
    resumed_s = None if cleared_s is None else line.playback.first_sound_s(received_after_s=cleared_s)
    found.interrupted = committed or (cleared_s is not None and resumed_s is None)
    if cleared_s is not None and resumed_s is not None and not committed:
        found.paused_ms = (resumed_s - cleared_s) * 1000


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    kept = list(values)
    rounded = {f"p{percent}": percentile(kept, percent) for percent in (50, 95)} | {"max": max(kept, default=None)}
    return {"count": len(kept)} | {name: None if one is None else round(one) for name, one in rounded.items()}


def summary(scores: Sequence[Score], lines: Sequence[Line]) -> dict[str, Any]:
    """Latency in all and by kind, where the time went, and the quality per hundred turns."""
    turns = [score for score in scores if score.kind not in OVERLAPS]
    over = [score for score in scores if score.kind in OVERLAPS]
    kinds = [*sorted({score.kind for score in turns}), "interruption"]
    measured = [score for score in scores if score.latency_ms is not None]
    stages = ("endpointing_ms", "stt_ms", "understanding_ms", "retrieval_ms", "tts_first_audio_ms")
    gaps = [one.metrics_ms - one.latency_ms for one in measured if one.metrics_ms and one.latency_ms]
    types = [event["type"] for line in lines for _, event in line.events]
    partials = sum(event["type"] == "transcript" and not event["final"] for line in lines for _, event in line.events)
    hundred = 100 / max(1, len(turns))
    quiet = [score for score in over if score.kind != "interruption"]
    words = [score for score in over if score.kind == "interruption"]
    return {
        "turns": len(turns),
        "voice_to_voice_ms": spread([s.latency_ms for s in turns if s.latency_ms is not None]),
        "by_kind": {k: spread([s.latency_ms for s in measured if s.kind == k and s.latency_ms]) for k in kinds},
        "stages_ms": {
            "last speech to commit": spread([s.commit_ms for s in turns if s.commit_ms is not None]),
            **{
                stage: spread([s.stages[stage] for s in measured if s.stages.get(stage) is not None])
                for stage in stages
            },
        },
        "server_says_less_by_ms": spread([-gap for gap in gaps]) | {"min": round(-max(gaps, default=0))},
        "per_hundred_turns": {
            "cut_offs": round(sum(s.cut_off for s in turns) * hundred, 1),
            "needless_waits": round(sum((s.latency_ms or 0) > NEEDLESS_MS for s in turns) * hundred, 1),
            "unanswered": round(sum(s.unanswered for s in turns) * hundred, 1),
        },
        "over_the_agent": {
            "backchannels_and_noises": len(quiet),
            "false_interruptions": sum(s.interrupted for s in quiet),
            "false_pauses_ms": spread([s.paused_ms for s in quiet if s.paused_ms is not None]),
            "interruptions": len(words),
            "missed_interruptions": sum(s.missed for s in words),
            "time_to_stop_ms": spread([s.stop_ms for s in words if s.stop_ms is not None]),
        },
        "partials_per_turn": round(partials / max(1, len(scores)), 2),
        "errors": types.count("error"),
        "late_frames": sum(line.late_frames for line in lines),
        "call_seconds": round(sum(line.seconds for line in lines)),
    }


def incidents(scores: Sequence[Score]) -> list[str]:
    """What went wrong, a line each."""
    found = []
    for score in scores:
        what = [name for name in ("cut_off", "unanswered", "interrupted", "missed") if getattr(score, name)]
        if (score.latency_ms or 0) > NEEDLESS_MS:
            what.append(f"{score.latency_ms:.0f} ms")
        if what:
            found.append(f"{', '.join(what)}: {score.kind} {score.text!r}, heard {score.heard!r}")
    return found
