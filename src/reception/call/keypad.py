"""Keys pressed on a phone, gathered into what they mean."""

from reception.call.config import CallConfig
from reception.ports.expectation import Expectation, Expects

OPERATOR = "operator"
_DIGITS = frozenset("0123456789")


class Keypad:
    """Collects digits until `#`, a pause, or a full phone number; `*` starts over, `0` alone asks for a person."""

    def __init__(self, config: CallConfig) -> None:
        self._config = config
        self._digits = ""

    def press(self, digit: str) -> str | None:
        """Take a key; the turn it completes, or None."""
        if digit == "#":
            return self.pause()
        if digit == "*":
            self._digits = ""
        elif digit in _DIGITS:
            self._digits += digit
        return None

    def pause(self) -> str | None:
        """No key for `pause_s`: the turn that the digits make, or None when there are none."""
        digits, self._digits = self._digits, ""
        if not digits:
            return None
        return OPERATOR if digits == "0" else digits

    def pause_s(self, expected: Expectation) -> float:
        """How long to wait for another key: shorter for a whole phone number or as many digits as were asked for, and
        for a `0` which is not the start of one."""
        if len(self._digits) >= (expected.digits or self._config.dtmf_full_digits):
            return self._config.dtmf_full_pause_s
        if self._digits == "0" and expected.expects is not Expects.PHONE:
            return self._config.dtmf_zero_pause_s
        return self._config.dtmf_pause_s
