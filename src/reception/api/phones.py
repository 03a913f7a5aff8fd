"""Phone numbers as people write them."""

from reception.core.errors import FieldProblem, Unprocessable
from reception.ports.business import Business
from reception.runtime.conversations import e164


def known_phone(phone: str, business: Business) -> str:
    """A number in E.164.

    Raises:
        Unprocessable: it is none.
    """
    known = e164(phone, business.region)
    if not known:
        problem = FieldProblem("/phone", "must be a phone number, such as +14155550142")
        raise Unprocessable("No such phone number.", problems=(problem,))
    return known
