"""A server that speaks S3, in a process of its own."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.running_server import free_port

BUCKET = "front-desk"
KEY, SECRET = "AKIAEXAMPLEKEY000000", "example/secret/that/no/log/may/show00000"
_STARTS_WITHIN_S = 30.0


class S3Server:
    """May be stopped and started again at the same address; it then has its bucket and nothing in it."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to know of it."""
        return {
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline_s = time.monotonic() + _STARTS_WITHIN_S
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False) as http:
            while True:
                try:
                    assert http.put(f"/{BUCKET}").is_success
                except httpx.TransportError:
                    assert self._process.poll() is None, "the S3 server does not start"
                    assert time.monotonic() < deadline_s, "the S3 server does not answer"
                    time.sleep(0.05)
                else:
                    return

    def fetch(self, key: str, into: Path) -> None:
        answer = self._get(f"/{BUCKET}/{key}")
        into.write_bytes(answer.content)

    def buckets(self) -> list[str]:
        return re.findall(r"<Name>(.*?)</Name>", self._get("/").text)

    def _get(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20300101/us-east-1/s3/aws4_request"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False) as http:
            return http.get(path, headers=headers).raise_for_status()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    try:
        yield server
    finally:
        server.stop()
