"""What requests to vendors cost, as an estimate: a table of prices that is data."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from reception.core.errors import InvalidInput
from reception.providers.access import Part

_UNITS_PER_PRICE: Mapping[Part, float] = {
    "stt": 60.0,
    "tts": 1000.0,
    "embeddings": 1_000_000.0,
    "llm_in": 1_000_000.0,
    "llm_out": 1_000_000.0,
}
"""Seconds, characters and tokens that one price is for."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    stt: dict[str, NonNegativeFloat] = {}
    tts: dict[str, NonNegativeFloat] = {}
    embeddings: dict[str, NonNegativeFloat] = {}
    llm_in: dict[str, NonNegativeFloat] = {}
    llm_out: dict[str, NonNegativeFloat] = {}


class Prices:
    """Prices by part and the beginning of a provider's name; those of later tables go before those of earlier ones."""

    def __init__(self, *tables: str) -> None:
        self._prices: dict[Part, dict[str, float]] = {part: {} for part in _UNITS_PER_PRICE}
        for table in tables:
            read = _Table.model_validate(tomllib.loads(table))
            for part, prices in self._prices.items():
                prices |= getattr(read, part)

    @classmethod
    def load(cls, own: Path | None) -> "Prices":
        """The prices that come with the product, with those of the file `own` before them.

        Raises:
            InvalidInput: the file cannot be read as a table of prices.
        """
        ours = files("reception.providers").joinpath("prices.toml").read_text(encoding="utf-8")
        try:
            return cls(ours, *([own.read_text(encoding="utf-8")] if own else []))
        except (OSError, ValidationError, tomllib.TOMLDecodeError) as error:
            raise InvalidInput(f"RECEPTION_PRICES: {own} is no table of prices ({type(error).__name__}).") from None

    def cost_usd(self, part: Part, provider: str, units: float) -> float | None:
        """The estimate for `units`; None where the price is not known."""
        known = self._prices[part]
        fitting = max((name for name in known if provider.startswith(name)), key=len, default=None)
        return None if fitting is None else known[fitting] * units / _UNITS_PER_PRICE[part]
