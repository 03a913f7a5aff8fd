"""The real-time engine of a call: turn taking, speculation, playout and barge-in over the ports.

`CallSession` wires one call. Time inside `TurnTaker` is audio consumed; the wall clock paces playback only.
"""

from reception.call.config import CallConfig, Phrases
from reception.call.session import CallSession

__all__ = ["CallConfig", "CallSession", "Phrases"]
