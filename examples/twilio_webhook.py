"""A webhook that puts calls to a Twilio number through to an agent.

    RECEPTION_URL=https://reception.example.com RECEPTION_KEY=… RECEPTION_AGENT=… TWILIO_AUTH_TOKEN=… \\
        python examples/twilio_webhook.py --public-url https://phone.example.com --port 8080

Twilio asks `--public-url` what to do with a call. What it signed is answered with TwiML that connects the call to
`WS /telephony/twilio/media/{ticket}` of RECEPTION_URL, with a ticket that is good for this call alone. When Reception
gives no ticket, callers are told to call again. It listens on this machine alone, behind whatever serves https here.
"""

import argparse
import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
from xml.sax.saxutils import quoteattr

import httpx

LONGEST_BODY = 1 << 16
BUSY = "<Say>We cannot take your call right now. Please call again later.</Say>"


@dataclass(frozen=True, slots=True)
class Line:
    """Who answers: an agent of a Reception, and whose signature counts."""

    reception_url: str
    key: str
    agent_id: str
    auth_token: str
    public_url: str

    def is_signed(self, form: dict[str, str], signature: str) -> bool:
        """https://www.twilio.com/docs/usage/security#validating-requests"""
        text = self.public_url + "".join(name + form[name] for name in sorted(form))
        expected = base64.b64encode(hmac.digest(self.auth_token.encode(), text.encode(), hashlib.sha1))
        return hmac.compare_digest(expected, signature.encode())

    def twiml(self, form: dict[str, str]) -> str:
        try:
            ticket = httpx.post(
                f"{self.reception_url}/voice/tickets",
                json={"agent_id": self.agent_id},
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=5.0,
                trust_env=False,
            ).raise_for_status()
        except httpx.HTTPError as error:
            print(f"No ticket for a call: {error}")
            return f"<Response>{BUSY}</Response>"
        stream = self.reception_url.replace("http", "ws", 1) + f"/telephony/twilio/media/{ticket.json()['ticket']}"
        caller = f'<Parameter name="from" value={quoteattr(form.get("From", ""))}/>'
        # Nothing follows: Twilio would go on with it whether the stream was refused or the conversation was over.
        return f"<Response><Connect><Stream url={quoteattr(stream)}>{caller}</Stream></Connect></Response>"


def handler_of(line: Line) -> type[BaseHTTPRequestHandler]:
    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY)
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            if not line.is_signed(form, self.headers.get("X-Twilio-Signature", "")):
                self.send_error(403, "Not signed by Twilio")
                return
            body = line.twiml(form).encode()
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
