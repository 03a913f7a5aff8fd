"""How long a call waits for one provider before it asks the next as well."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds. A turn has 1.5 s from the caller's last sound to the first of the reply. Endpointing takes 0.25 s of it
    and whoever stands in answers in 0.3 s, so that half a second can be spent on one that does not answer."""

    stt_hedge_s: float = 0.45
    tts_hedge_s: float = 0.5
