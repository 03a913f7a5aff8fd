"""Answers that are typed as a sign alone."""

from reception.dialogue.commands import Command, Confirm, Deny

_YES, _NO = frozenset("👍✅👌✔🆗"), frozenset("👎❌✖🚫")


def read_sign(text: str) -> Command | None:
    """A yes or no in a `text` without a word; None where it has neither, or both."""
    yes, no = bool(_YES & set(text)), bool(_NO & set(text))
    return None if yes is no else Confirm() if yes else Deny()
