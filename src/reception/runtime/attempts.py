"""How often passwords may be tried."""

import math
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from reception.core.clock import Clock
from reception.core.errors import RateLimited

_WITHIN_S = 60.0
_PER_EMAIL = 5
_PER_ADDRESS = 20
"""More than of one user: an office shares an address."""
_FIRST_WAIT_S = 30.0
_LONGEST_WAIT_S = 900.0
_MOST_KEPT = 10_000


@dataclass(slots=True)
class _Record:
    failed_at_s: deque[float] = field(default_factory=deque)
    wait_s: float = 0.0
    until_s: float = 0.0


class LoginAttempts:
    """Counts failed logins of this process by e-mail address and by the client's network address.

    After five of one e-mail address in a minute, or twenty from one client, the next must wait 30 s, and twice as long
    after each failure from then on, up to a quarter of an hour; a minute without one forgives. An attempt counts as
    failed until it succeeds, so that many at once gain nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def begin(self, email: str, client: str) -> None:
        """Count an attempt.

        Raises:
            RateLimited: it comes too soon after others that failed, and does not count.
        """
        now_s = self._clock.monotonic_s()
        records = list(self._of(email, client))
        wait_s = max(record.until_s - now_s for record, _ in records)
        if wait_s > 0.0:
            seconds = math.ceil(wait_s)
            raise RateLimited(f"Too many logins have failed: try again in {seconds} s.", retry_after_s=seconds)
        for record, most in records:
            _count(record, most, now_s)

    def succeed(self, email: str, client: str) -> None:
        """The attempt that began was a good one: nothing stands against the e-mail address any more."""
        (of_email, _), (of_client, _) = self._of(email, client)
        of_email.failed_at_s.clear()
        of_email.wait_s = of_email.until_s = 0.0
        if of_client.failed_at_s:
            of_client.failed_at_s.pop()
        if len(of_client.failed_at_s) < _PER_ADDRESS:
            of_client.wait_s = of_client.until_s = 0.0

    def _of(self, email: str, client: str) -> Iterator[tuple[_Record, int]]:
        for key, most in ((f"email {email.strip().lower()}", _PER_EMAIL), (f"client {client}", _PER_ADDRESS)):
            record = self._records.setdefault(key, _Record())
            self._records.move_to_end(key)
            yield record, most
        while len(self._records) > _MOST_KEPT:
            self._records.popitem(last=False)


def _count(record: _Record, most: int, now_s: float) -> None:
    if now_s > record.until_s + _WITHIN_S:
        record.wait_s = 0.0
    while record.failed_at_s and record.failed_at_s[0] <= now_s - _WITHIN_S:
        record.failed_at_s.popleft()
    record.failed_at_s.append(now_s)
    if record.wait_s or len(record.failed_at_s) >= most:
        record.wait_s = min(record.wait_s * 2 or _FIRST_WAIT_S, _LONGEST_WAIT_S)
        record.until_s = now_s + record.wait_s
