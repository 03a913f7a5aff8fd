"""Whether the service on this machine is ready, as an exit code: for container health checks, so it must start fast.

`python -m reception.healthcheck` asks `GET /health/ready` at the address that `reception serve` has by its settings.
"""

import http.client
import os
import sys

_WITHIN_S = 5.0
_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def ready(host: str, port: int) -> tuple[bool, str]:
    """Whether the service there can take calls, and a word on it."""
    connection = http.client.HTTPConnection(_ANY.get(host, host), port, timeout=_WITHIN_S)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        told = answer.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer from {host} port {port}: {type(error).__name__}"
    finally:
        connection.close()
    return answer.status == http.client.OK, told


def main() -> None:
    """Exits with 0 when it is ready, else with 1."""
    port = os.environ.get("RECEPTION_PORT") or "8000"
    is_ready, told = ready(os.environ.get("RECEPTION_HOST", ""), int(port) if port.isdecimal() else 8000)
    print(told)
    sys.exit(0 if is_ready else 1)


if __name__ == "__main__":
    main()
