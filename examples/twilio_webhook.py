"""A webhook that puts calls to a Twilio number through to an agent.

    RECEPTION_URL=https://reception.example.com RECEPTION_KEY=… RECEPTION_AGENT=… TWILIO_AUTH_TOKEN=… \\
        python examples/twilio_webhook.py --public-url https://phone.example.com --port 8080

Twilio asks `--public-url` what to do with a call. What it signed is answered with TwiML that connects the call to
`WS /telephony/twilio/media/{ticket}` of RECEPTION_URL, with a ticket that is good for this call alone. When that stream
is over, Twilio asks again, at an address that has a little of what came before. Reception then says whether the
conversation has ended, upon which the call is put through to a person or hung up, or was cut off, upon which it is
connected once more and goes on, as often as Reception allows. Who cannot be connected now, as Reception is being
restarted or has no free line, waits
for about a minute, and then is told to call again; so is at once a new caller for whom there is no ticket. It listens
on this machine alone, behind whatever serves https here.
"""

import argparse
import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

import httpx

LONGEST_BODY = 1 << 16
COUNT = re.compile("[0-9]{1,4}")
MOST_ROUNDS = 10
"""How often in a row a call waits, some six seconds each time, until it is given up."""
BUSY = "<Say>We cannot take your call right now. Please call again later.</Say>"
HANG_UP = "<Hangup/>"
PHONE = re.compile(r"\+[1-9][0-9]{5,14}")
WAIT = '<Say>One moment, please.</Say><Pause length="5"/>'


class NoTicket(Exception):
    """`problem` is what Reception itself says of it, empty when it did not answer or another did in its place."""

    def __init__(self, why: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(why)
        self.problem = problem or {}

    @property
    def has_ended(self) -> bool:
        return self.problem.get("code") == "not_found"

    @property
    def for_now(self) -> bool:
        return not self.problem or self.problem.get("retryable") is True or self.problem.get("status", 0) >= 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What Twilio is told to say when it asks again: over how many streams the call had gone, and which round of
    waiting this is if it has not gone over another since. Nothing at first."""

    connected: int = 0
    rounds: int = 0

    @classmethod
    def read(cls, query: str) -> "Asked":
        told = dict(parse_qsl(query))
        return cls(*(int(told[name]) if COUNT.fullmatch(told.get(name, "")) else 0 for name in ("connected", "rounds")))


@dataclass(frozen=True, slots=True)
class Line:
    """Who answers: an agent of a Reception, and whose signature counts."""

    reception_url: str
    key: str
    agent_id: str
    auth_token: str
    public_url: str

    def address(self, asked: Asked) -> str:
        """Where Twilio asks."""
        if not asked.rounds:
            return self.public_url
        mark = "&" if urlsplit(self.public_url).query else "?"
        return f"{self.public_url}{mark}connected={asked.connected}&rounds={asked.rounds}"

    def is_signed(self, form: dict[str, str], asked: Asked, signature: str) -> bool:
        """https://www.twilio.com/docs/usage/security#validating-requests"""
        text = self.address(asked) + "".join(name + form[name] for name in sorted(form))
        expected = base64.b64encode(hmac.digest(self.auth_token.encode(), text.encode(), hashlib.sha1))
        return hmac.compare_digest(expected, signature.encode())

    def twiml(self, form: dict[str, str], asked: Asked) -> str:
        return f"<Response>{self._instructions(form, asked)}</Response>"

    def _instructions(self, form: dict[str, str], asked: Asked) -> str:
        may_wait = asked.rounds < MOST_ROUNDS
        try:
            ticket, connected = self._ticket(form.get("CallSid", ""))
        except NoTicket as error:
            if asked.rounds and error.has_ended:
                person = str(error.problem.get("transfer_to", ""))
                return f"<Dial>{escape(person)}</Dial>" if PHONE.fullmatch(person) else HANG_UP
            print(f"No ticket for a call: {error}")
            waits = asked.rounds and may_wait and error.for_now
            return WAIT + self._ask_again(asked.connected, asked.rounds + 1) if waits else BUSY
        was_refused = asked.rounds > 0 and connected == asked.connected
        if was_refused and not may_wait:
            return BUSY
        stream = self.reception_url.replace("http", "ws", 1) + f"/telephony/twilio/media/{ticket}"
        caller = f'<Parameter name="from" value={quoteattr(form.get("From", ""))}/>'
        connect = f"<Connect><Stream url={quoteattr(stream)}>{caller}</Stream></Connect>"
        # Twilio goes on with what follows whether the stream was refused, broke, or was closed after goodbye.
        if was_refused:
            return WAIT + connect + self._ask_again(connected, asked.rounds + 1)
        return connect + self._ask_again(connected, 1)

    def _ask_again(self, connected: int, rounds: int) -> str:
        return f'<Redirect method="POST">{escape(self.address(Asked(connected, rounds)))}</Redirect>'

    def _ticket(self, call_sid: str) -> tuple[str, int]:
        """A ticket, and over how many streams the call has gone. Raises `NoTicket`."""
        try:
            answer = httpx.post(
                f"{self.reception_url}/voice/tickets",
                json={"agent_id": self.agent_id, "carrier_call_id": call_sid},
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=5.0,
                trust_env=False,
            )
            told = answer.json()
            if answer.is_success:
                return str(told["ticket"]), int(told["connected"])
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise NoTicket(f"no answer of Reception's ({error})") from error
        own = answer.headers.get("Content-Type", "").startswith("application/problem+json")
        raise NoTicket(f"{answer.status_code} {answer.text[:500]}", told if own and isinstance(told, dict) else None)


def handler_of(line: Line) -> type[BaseHTTPRequestHandler]:
    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY)
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            asked = Asked.read(urlsplit(self.path).query)
            if not line.is_signed(form, asked, self.headers.get("X-Twilio-Signature", "")):
                self.send_error(403, "Not signed by Twilio")
                return
            body = line.twiml(form, asked).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Webhook


def main() -> None:
    options = argparse.ArgumentParser(description="Put calls to a Twilio number through to an agent.")
    options.add_argument(
        "--public-url", required=True, help="The address that Twilio asks, exactly as it is set there."
    )
    options.add_argument("--port", type=int, default=8080)
    given = options.parse_args()
    reception_url, key, agent_id, auth_token = (
        os.environ[name] for name in ("RECEPTION_URL", "RECEPTION_KEY", "RECEPTION_AGENT", "TWILIO_AUTH_TOKEN")
    )
    line = Line(reception_url, key, agent_id, auth_token, given.public_url)
    with ThreadingHTTPServer(("127.0.0.1", given.port), handler_of(line)) as server:
        print(f"Listening on 127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
