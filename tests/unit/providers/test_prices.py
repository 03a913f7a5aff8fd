"""Prices as data."""

from pathlib import Path

import pytest

from reception.core.errors import InvalidInput
from reception.providers.prices import Prices


def test_the_longest_name_that_fits_counts() -> None:
    prices = Prices.load(None)
    assert prices.cost_usd("stt", "groq:whisper-large-v3-turbo", 3600) == pytest.approx(0.04, rel=0.01)
    assert prices.cost_usd("stt", "groq:whisper-large-v3", 3600) == pytest.approx(0.111, rel=0.01)
    assert prices.cost_usd("tts", "deepgram:aura-2-thalia-en", 1000) == pytest.approx(0.03)
    assert prices.cost_usd("tts", "nobody:nothing", 1000) is None


def test_an_installation_s_own_prices_go_before(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text('[tts]\n"deepgram:aura-2" = 0.02\n"mine:" = 0\n')
    prices = Prices.load(own)
    assert prices.cost_usd("tts", "deepgram:aura-2-thalia-en", 1000) == pytest.approx(0.02)
    assert prices.cost_usd("tts", "mine:any", 1000) == 0
    own.write_text("[video]\n")
    with pytest.raises(InvalidInput, match="RECEPTION_PRICES"):
        Prices.load(own)
