"""A webhook that puts calls to a Twilio number through to an agent.

    RECEPTION_URL=https://reception.example.com RECEPTION_KEY=… RECEPTION_AGENT=… TWILIO_AUTH_TOKEN=… \\
        python examples/twilio_webhook.py --public-url https://phone.example.com --port 8080

Twilio asks `--public-url` what to do with a call. What it signed is answered with TwiML that connects the call to
`WS /telephony/twilio/media/{ticket}` of RECEPTION_URL, with a ticket that is good for this call alone. When that stream
is over, Twilio asks again, with `again=1` in the address: Reception then says whether the conversation has ended, upon
which the call is hung up, or was cut off, upon which it is connected once more and goes on. When Reception gives no
ticket, callers are told to call again. It listens on this machine alone, behind whatever serves https here.
"""

import argparse
import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

import httpx

LONGEST_BODY = 1 << 16
MOST_TIMES = 5
"""How often a call is connected again, or waits for Reception to answer, until it is given up."""
COUNTED = frozenset(map(str, range(MOST_TIMES + 2)))
BUSY = "<Say>We cannot take your call right now. Please call again later.</Say>"
HANG_UP = "<Hangup/>"
WAIT = '<Say>One moment, please.</Say><Pause length="3"/>'


@dataclass(frozen=True, slots=True)
class Line:
    """Who answers: an agent of a Reception, and whose signature counts."""

    reception_url: str
    key: str
    agent_id: str
    auth_token: str
    public_url: str

    def address(self, again: int) -> str:
        """Where Twilio asks for the first time (0), or for the `again`th time after that."""
        if not again:
            return self.public_url
        return f"{self.public_url}{'&' if urlsplit(self.public_url).query else '?'}again={again}"

    def is_signed(self, form: dict[str, str], again: int, signature: str) -> bool:
        """https://www.twilio.com/docs/usage/security#validating-requests"""
        text = self.address(again) + "".join(name + form[name] for name in sorted(form))
        expected = base64.b64encode(hmac.digest(self.auth_token.encode(), text.encode(), hashlib.sha1))
        return hmac.compare_digest(expected, signature.encode())

    def twiml(self, form: dict[str, str], again: int) -> str:
        return f"<Response>{self._instructions(form, again)}</Response>"

    def _instructions(self, form: dict[str, str], again: int) -> str:
        try:
            ticket = self._ticket(form.get("CallSid", ""))
        except httpx.HTTPError as error:
            status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
            if again and status == httpx.codes.NOT_FOUND:
                return HANG_UP
            print(f"No ticket for a call: {error}")
            comes_back = status is None or status >= httpx.codes.INTERNAL_SERVER_ERROR
            return WAIT + self._ask_again(again) if comes_back and 0 < again < MOST_TIMES else BUSY
        if again > MOST_TIMES:
            return BUSY
        stream = self.reception_url.replace("http", "ws", 1) + f"/telephony/twilio/media/{ticket}"
        caller = f'<Parameter name="from" value={quoteattr(form.get("From", ""))}/>'
        connect = f"<Connect><Stream url={quoteattr(stream)}>{caller}</Stream></Connect>"
        # Twilio goes on with what follows whether the stream was refused, broke, or was closed after goodbye.
        return (WAIT if again > 1 else "") + connect + self._ask_again(again)

    def _ask_again(self, again: int) -> str:
        return f'<Redirect method="POST">{escape(self.address(again + 1))}</Redirect>'

    def _ticket(self, call_sid: str) -> str:
        """Raises `httpx.HTTPError`; an `httpx.HTTPStatusError` with 404 for a call that has ended."""
        answer = httpx.post(
            f"{self.reception_url}/voice/tickets",
            json={"agent_id": self.agent_id, "carrier_call_id": call_sid},
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=5.0,
            trust_env=False,
        )
        return str(answer.raise_for_status().json()["ticket"])


def handler_of(line: Line) -> type[BaseHTTPRequestHandler]:
    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY)
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            times = dict(parse_qsl(urlsplit(self.path).query)).get("again", "")
            again = int(times) if times in COUNTED else 0
            if not line.is_signed(form, again, self.headers.get("X-Twilio-Signature", "")):
                self.send_error(403, "Not signed by Twilio")
                return
            body = line.twiml(form, again).encode()
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
