"""Public holidays by country and year, from the `holidays` library, with English names where it has them."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays

_ENGLISH = "en_US"
_FIRST_YEAR, _LAST_YEAR = 1950, 2150
"""Calendars are not computed beyond."""


@lru_cache(maxsize=256)
def of_year(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of `year` in `country` (ISO 3166), or in a part of it, each with its name."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return {}
    spoken = holidays.list_localized_countries().get(country, ())
    language = _ENGLISH if _ENGLISH in spoken else None
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=language)
    # Days of neighbouring years come along where a holiday is observed on another day.
    return {day: name for day, name in found.items() if day.year == year}


def countries() -> Mapping[str, tuple[str, ...]]:
    """Countries whose holidays are known, with their parts."""
    return {country: tuple(parts) for country, parts in _supported().items()}


@lru_cache(maxsize=1)
def _supported() -> Mapping[str, list[str]]:
    return holidays.list_supported_countries()


def names(country: str, subdivision: str) -> tuple[str, ...]:
    """What holidays of a country are called, over some years, in alphabetical order."""
    found = {name for year in range(2024, 2034) for name in of_year(country, subdivision, year).values()}
    return tuple(sorted({one for name in found for one in name.split("; ")}))
