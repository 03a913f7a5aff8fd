"""Who a reservation is for, checked; and the reference that they can quote."""

import re
import secrets
from collections.abc import Sequence

from reception.db.bounds import bounded, refuse
from reception.ports.booking import Guest, SpecialRequest

REFERENCE_LENGTH = 6
MOST_REQUESTS = 20
_LETTERS = "BCDFGJKLMNPQRSTVWXYZ"
"""No vowels, so that no word is made; no H, which between figures reads as a time of day ("7H30")."""
_FIGURES = "23456789"
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_A_PHONE = "must be a phone number with its country code, such as +14155550142"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def validated(guest: Guest) -> Guest:
    """`guest` with its texts stripped.

    Raises:
        Unprocessable: no name, no E.164 phone number, or a field that is too long.
    """
    phone = phone_or_none(guest.phone, "/guest/phone")
    if not phone:
        raise refuse("/guest/phone", _A_PHONE)
    email = bounded(guest.email, "/guest/email", longest=254)
    if email and not _EMAIL.fullmatch(email):
        raise refuse("/guest/email", "must be an e-mail address")
    return Guest(
        name=bounded(guest.name, "/guest/name", shortest=1, longest=120),
        phone=phone,
        email=email,
        notes=bounded(guest.notes, "/guest/notes", longest=1000),
        requests=validated_requests(guest.requests, "/guest/requests"),
    )


def phone_or_none(phone: str, pointer: str) -> str:
    """`phone` without space around it, if it is a number in E.164 or empty.

    Raises:
        Unprocessable: it is neither.
    """
    phone = phone.strip()
    if phone and not _E164.fullmatch(phone):
        raise refuse(pointer, _A_PHONE)
    return phone


def validated_requests(requests: Sequence[SpecialRequest], pointer: str) -> tuple[SpecialRequest, ...]:
    """`requests` with their texts stripped, each once.

    Raises:
        Unprocessable: more than twenty, or a text that is too long.
    """
    if len(requests) > MOST_REQUESTS:
        raise refuse(pointer, f"must be at most {MOST_REQUESTS}")
    checked = (
        SpecialRequest(request.kind, bounded(request.text, f"{pointer}/{index}/text", longest=200))
        for index, request in enumerate(requests)
    )
    return tuple(dict.fromkeys(checked))


def new_reference() -> str:
    """Letters and figures, at least one of each, so that a reference is told from a word wherever it is quoted; nor one
    like "484PPL", which is how people write how many they are."""
    while True:
        made = "".join(secrets.choice(_LETTERS + _FIGURES) for _ in range(REFERENCE_LENGTH))
        if not made.isalpha() and not made.isdigit() and not made.endswith("PPL"):
            return made


def normal_reference(said: str) -> str:
    """A reference as it is stored, whatever case, spaces and hyphens it was given with."""
    return re.sub(r"[\W_]", "", said).upper()[: REFERENCE_LENGTH + 1]
