"""The process that reads one file: what hostile content does to it stays in it.

Standard input brings the source as JSON; standard output gets lines of JSON: `progress`, `chunk`, and at last `done` or
`problem`. A process that ends without one of these found the file damaged, or was stopped by a limit.
"""

import json
import os
import resource
import sys
from dataclasses import asdict
from typing import Any

from reception.domains.knowledge.chunking import Chunking
from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.problems import Unreadable
from reception.domains.knowledge.reading.reader import read
from reception.domains.knowledge.reading.result import Source

_NICENESS = 10
"""Calls go first."""


def _limit(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)


def _tell(**line: Any) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


def _progress(share: float) -> None:
    _tell(progress=round(share, 3))
    sys.stdout.flush()


def main() -> None:
    order = json.loads(sys.stdin.readline())
    _limit(order.pop("memory_bytes"), order.pop("cpu_s"))
    source = Source(**{**order, "chunking": Chunking(**order["chunking"])})
    try:
        reading = read(source, _progress)
    except MemoryError:
        problem: Unreadable = problems.too_heavy()
        _tell(problem=[problem.reason, problem.detail])
        return
    except Unreadable as problem:
        _tell(problem=[problem.reason, problem.detail])
        return
    for chunk in reading.chunks:
        _tell(chunk=asdict(chunk))
    done = asdict(reading)
    done.pop("chunks")
    _tell(done=done)


if __name__ == "__main__":
    main()
