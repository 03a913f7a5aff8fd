"""A Dockerfile read into its instructions: as much of the format as ours uses."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """`flags` are the `--name=value` before the rest."""

    name: str
    rest: str
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The rest, as JSON where it is that, else split as a shell does."""
        return [str(one) for one in json.loads(self.rest)] if self.rest.startswith("[") else shlex.split(self.rest)


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    image: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[Instruction]:
        return [one for one in self.instructions if one.name == name]

    def one(self, name: str) -> Instruction:
        (found,) = self.all(name)
        return found

    @property
    def environment(self) -> dict[str, str]:
        """What ENV sets, in order, with $NAME still in it."""
        return dict(word.split("=", 1) for one in self.all("ENV") for word in one.words)

    @property
    def arguments(self) -> dict[str, str]:
        return dict(one.rest.split("=", 1) for one in self.all("ARG"))


def read_stages(path: Path) -> list[Stage]:
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        flags: dict[str, str] = {}
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        if name == "FROM":
            image, _, stage = rest.partition(" AS ")
            stages.append(Stage(stage or "final", image, ()))
        elif stages:
            last = stages[-1]
            stages[-1] = Stage(last.name, last.image, (*last.instructions, Instruction(name, rest.strip(), flags)))
    return stages
