"""What a client whose connection broke has missed, as far as it is still known."""

from collections import OrderedDict, deque
from typing import Any
from uuid import UUID

MOST_MESSAGES = 64
MOST_CALLS = 1000
_WORTH_REPEATING = frozenset({"reply", "action", "turn_metrics"})


class SentMessages:
    """The numbering of the messages to one client, and the latest of those that mean something later.

    Audio, marks and what passes (speech, partial transcripts, errors) are numbered and not kept.
    """

    def __init__(self, next_seq: int = 0) -> None:
        self.next_seq = next_seq
        self._kept: deque[tuple[int, dict[str, Any]]] = deque(maxlen=MOST_MESSAGES)

    def number(self, message: dict[str, Any]) -> None:
        """Give `message` the next number, as `seq`."""
        message["seq"] = self.next_seq
        self.next_seq += 1
        if message["type"] in _WORTH_REPEATING or (message["type"] == "transcript" and message["final"]):
            self._kept.append((message["seq"], message))

    def after(self, seq: int) -> list[dict[str, Any]]:
        """What was numbered above `seq`, in order, without numbers and marked as `missed`. It is forgotten here."""
        missed = [{**message, "missed": True} for number, message in self._kept if number > seq]
        self._kept.clear()
        for message in missed:
            del message["seq"]
        return missed


class RecentCalls:
    """The messages of calls whose client may come back; the longest forgotten one goes first."""

    def __init__(self) -> None:
        self._calls: OrderedDict[UUID, SentMessages] = OrderedDict()

    def keep(self, conversation_id: UUID, sent: SentMessages) -> None:
        self._calls[conversation_id] = sent
        self._calls.move_to_end(conversation_id)
        if len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)

    def take(self, conversation_id: UUID) -> SentMessages:
        """The messages of the call; none for one that is not known here."""
        return self._calls.pop(conversation_id, None) or SentMessages()
