"""Which models an installation or an agent wants, as written in one line: `deepgram:nova-3, embedded`."""

import re
from dataclasses import dataclass

from reception.core.errors import InvalidInput

EMBEDDED = "embedded"
"""The models of the installation itself, which need no key and no network."""
MOST_IN_CHAIN = 6
_ENTRY = re.compile(
    r"(?P<vendor>[a-z][a-z0-9_-]{0,31})(?::(?P<model>[A-Za-z0-9._/:-]{1,120}))?(?:@(?P<base_url>(?:https?|wss?)://\S{1,200}))?"
)


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One model of one vendor. An empty `model` is the vendor's usual one, an empty `base_url` its own address."""

    vendor: str
    model: str = ""
    base_url: str = ""

    @property
    def name(self) -> str:
        """As it is told of, in events and metrics."""
        return f"{self.vendor}:{self.model}" if self.model else self.vendor


def parse_chain(text: str, *, addresses: bool) -> tuple[ProviderSpec, ...]:
    """The models that `text` names, in the order in which they are asked.

    Args:
        text: `vendor[:model][@base_url]`, with commas between. Nothing at all means the embedded models.
        addresses: whether a base URL may be given; never to those who must not send requests, and keys with them,
            to addresses of their choice.

    Raises:
        InvalidInput: an entry cannot be read, is there twice, or there are more than `MOST_IN_CHAIN`.
    """
    found: list[ProviderSpec] = []
    for entry in (part.strip() for part in text.split(",")):
        if not entry:
            continue
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise InvalidInput(f"{entry!r} is not a provider: write vendor:model, like deepgram:nova-3.")
        spec = ProviderSpec(match["vendor"], match["model"] or "", (match["base_url"] or "").rstrip("/"))
        if spec.base_url and not addresses:
            raise InvalidInput(f"{spec.name}: an address can be given in the installation's settings only.")
        if spec in found:
            raise InvalidInput(f"{spec.name} is named twice.")
        found.append(spec)
    if len(found) > MOST_IN_CHAIN:
        raise InvalidInput(f"At most {MOST_IN_CHAIN} providers can stand in for each other.")
    return tuple(found) or (ProviderSpec(EMBEDDED),)
