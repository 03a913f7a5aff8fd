"""NOTICE names every package of an installation whose licence asks for more than a mention of its authors."""

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

from tests.support.console_blocks import ROOT

COPYLEFT = re.compile(r"GPL|MPL|Mozilla|EPL|CDDL")
NO_PART = {"all", "dev"}
"""Extras that name the others, or serve the tests."""


def _licence(package: Distribution) -> str:
    """What it says of its licence, without the text of it."""
    told = package.metadata
    fields = [*(told.get_all("License-Expression") or ()), *(told.get_all("License") or ())]
    classifiers = [one for one in told.get_all("Classifier") or () if one.startswith("License")]
    return " ".join([field[:60] for field in fields] + classifiers)


def _installed() -> dict[str, Distribution]:
    """What an installation brings in, of what is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(line) for line in project["dependencies"]]
    waiting += [
        Requirement(line)
        for extra, lines in project["optional-dependencies"].items()
        if extra not in NO_PART
        for line in lines
    ]
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        extras = sorted(wanted.extras) or [""]
        if f"{wanted.name} {extras}".lower() in seen:
            continue
        seen.add(f"{wanted.name} {extras}".lower())
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:
            continue  # for another platform
        found[package.metadata["Name"]] = package
        for line in package.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return found


def test_no_licence_is_passed_over() -> None:
    packages = _installed()
    assert {"fastapi", "psycopg-binary", "numpy"} <= packages.keys()
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    named = {name for name, package in packages.items() if COPYLEFT.search(_licence(package))}
    unnamed = {name for name in named if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", notice)}
    assert not unnamed, "NOTICE does not name them"
    strict = {name for name in named if re.search(r"(?<!L)GPL", _licence(packages[name]))}
    assert not strict, "not to be part of an installation"
