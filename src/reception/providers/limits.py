"""How long a vendor may take, from the latency budget of a turn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds. A caller hears nothing for at most 1.5 s, of which endpointing takes 0.2 to 0.5: a vendor that has not
    begun by `first_s` is given up, and another has the rest.

    `load_s` is how long a request waits for the vendor's package to be loaded: callers not at all, for another can
    answer them. `answer_s` bounds an answer that comes in one piece, plus `answer_s_per_audio_s` for each second of
    audio sent; `between_s` is the longest pause within an answer that has begun; `connect_s` bounds a new connection.
    Vectors have `embed_s`, and as much again for a whole request of texts, which no caller waits for.
    """

    connect_s: float = 1.0
    first_s: float = 0.9
    between_s: float = 0.7
    answer_s: float = 1.0
    answer_s_per_audio_s: float = 0.05
    flush_s: float = 0.7
    load_s: float = 0.0
    embed_s: float = 0.8


UNHURRIED = TimeLimits(
    connect_s=5.0,
    first_s=10.0,
    between_s=5.0,
    answer_s=15.0,
    answer_s_per_audio_s=1.0,
    flush_s=10.0,
    load_s=20.0,
    embed_s=30.0,
)
"""For work that no caller waits for."""
