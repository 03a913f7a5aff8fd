"""Every part of Reception's API, called on a server that runs.

    python examples/examples.py [--url http://127.0.0.1:8000] [--email ada@example.com]

Opens a restaurant as a platform administrator, furnishes it, books, chats, calls, counts, and deletes it again. Each
call is printed with its answer's status; the first answer that is not as expected ends the program with exit code 1.
The password comes from RECEPTION_PASSWORD (the e-mail address from RECEPTION_EMAIL, too), or is asked for.
"""

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from websockets.sync.client import connect

GUEST = {"name": "Maria Ramos", "phone": "+12125550142"}
MENU = "# Starters\nFish soup with saffron, $9.\n# Parking\nGuests park for free in the yard behind the house."
FIRST_PASSWORD, SECOND_PASSWORD = "seven green kettles", "eight yellow teapots"
WITHIN_S = 20.0
"""How long work in the background may take."""


class Unexpected(Exception):
    """An answer that is not what the example is about."""


class Api:
    """A client that prints what it does. `tenant_id` goes with every call of a platform administrator."""

    def __init__(self, http: httpx.Client, token: str = "", tenant_id: str = "") -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if tenant_id:
            self.headers["X-Tenant-Id"] = tenant_id

    def send(self, method: str, path: str, body: object = None, expects: int = 200, **more: Any) -> httpx.Response:
        headers = self.headers | more.pop("headers", {})
        answer = self.http.request(method, path, json=body, headers=headers, **more)
        print(f"  {method:<6} {path:<74} {answer.status_code}")
        if answer.status_code != expects:
            raise Unexpected(f"{method} {path} answered {answer.status_code}, not {expects}: {answer.text}")
        return answer

    def get(self, path: str, **query: object) -> Any:
        return self.send("GET", path, params=query).json()

    def post(self, path: str, body: object = None, expects: int = 200, **headers: str) -> Any:
        return self.send("POST", path, body, expects, headers=headers).json()

    def create(self, path: str, body: object, **headers: str) -> Any:
        return self.post(path, body, 201, **headers)

    def patch(self, path: str, body: object, **headers: str) -> Any:
        return self.send("PATCH", path, body, headers=headers).json()

    def delete(self, path: str, **query: object) -> None:
        self.send("DELETE", path, expects=204, params=query)

    def until(self, path: str, done: Callable[[Any], Any]) -> Any:
        """What is at `path` once `done` is true of it."""
        deadline_s = time.monotonic() + WITHIN_S
        while True:
            found = self.http.get(path, headers=self.headers).json()
            if done(found):
                return self.get(path)
            if time.monotonic() > deadline_s:
                raise Unexpected(f"{path} is not as expected after {WITHIN_S:.0f} s: {found}")
            time.sleep(0.1)


def title(text: str) -> None:
    print(f"\n{text}")


def health(api: Api) -> None:
    title("Health")
    assert api.get("/health")["status"] == "ok"
    api.get("/health/ready")
    assert "reception_http_requests_total" in api.send("GET", "/metrics").text


def open_tenant(api: Api) -> dict[str, Any]:
    title("A tenant: a restaurant that is always open")
    slug = f"quay-{uuid4().hex[:12]}"
    hours = {"weekly": [[{"opens": "00:00", "closes": "23:59"}]] * 7}
    rules = {"lead_minutes": 0, "last_seating_minutes": 0}
    body = {"slug": slug, "name": "Quay Table", "kind": "restaurant", "timezone": "UTC", "region": "US"}
    made: dict[str, Any] = api.create("/tenants", body | {"hours": hours, "rules": rules})
    path = f"/tenants/{made['id']}"
    api.get("/tenants", limit=2)
    read = api.send("GET", path)
    api.patch(path, {"phone": "+12125550100", "address": "1 Example Quay"}, **{"If-Match": read.headers["ETag"]})
    api.send("PATCH", path, {"phone": ""}, 412, headers={"If-Match": read.headers["ETag"]})
    return made


def users_and_keys(api: Api) -> None:
    title("Users, sessions and API keys")
    email = f"manager-{uuid4().hex[:12]}@example.com"
    user = api.create("/users", {"email": email, "role": "manager", "name": "Ann Example"})
    path, anybody = f"/users/{user['id']}", Api(api.http)
    choice = {"token": user["invitation"]["token"], "password": FIRST_PASSWORD}
    anybody.send("POST", "/auth/password/choose", choice, 204)
    signed_in = anybody.post("/auth/login", {"email": email, "password": FIRST_PASSWORD})
    signed_in = anybody.post("/auth/refresh", {"refresh_token": signed_in["refresh_token"]})
    manager = Api(api.http, signed_in["access_token"])
    assert manager.get("/auth/me")["role"] == "manager"
    change = {"current_password": FIRST_PASSWORD, "new_password": SECOND_PASSWORD}
    manager.send("POST", "/auth/password", change, 204)
    anybody.post("/auth/login", {"email": email, "password": SECOND_PASSWORD})
    elsewhere = next(one for one in manager.get("/auth/sessions") if not one["current"])
    manager.delete(f"/auth/sessions/{elsewhere['id']}")
    manager.delete("/auth/sessions")
    manager.send("POST", "/auth/logout", expects=204)
    assert email in [one["email"] for one in api.get("/users", limit=50)["items"]]
    api.get(path)
    api.patch(path, {"role": "staff"})
    api.post(f"{path}/password-token")
    api.delete(path)

    key = api.create("/api-keys", {"name": "Booking page", "scopes": ["agents:read"]})
    Api(api.http, key["key"]).get("/agents")
    api.get("/api-keys")
    api.delete(f"/api-keys/{key['id']}")
    api.send("PUT", "/provider-keys/deepgram", {"key": "0123456789abcdef0123456789abcdef"})
    api.get("/provider-keys")
    api.delete("/provider-keys/deepgram")


def agents(api: Api) -> str:
    title("An agent and its versions")
    greeting = {"greeting": "Quay Table, good day.", "recording": True}
    made = api.create("/agents", {"name": "Ada", "kind": "receptionist", "settings": greeting})
    path = f"/agents/{made['id']}"
    etag = api.send("GET", path).headers["ETag"]
    draft = {"settings": {"patience": 1.2}}
    api.send("PATCH", path, draft, params={"draft": True}, headers={"If-Match": etag})
    api.post(f"{path}/publish", {"note": "More patience"})
    assert [one["version"] for one in api.get(f"{path}/versions")["items"]] == [2, 1]
    api.get(f"{path}/versions/1")
    api.post(f"{path}/rollback", {"version": 1})
    api.send("PATCH", path, {"name": "Grace"}, params={"draft": True})
    api.delete(f"{path}/draft")
    assert api.get(f"{path}/graph")["mermaid"].startswith("flowchart")
    api.get(f"{path}/tool-secret")
    api.post(f"{path}/tool-secret/rotate", {"overlap_hours": 1})
    other = api.create("/agents", {"name": "Not for long"})
    api.delete(f"/agents/{other['id']}")
    assert [one["id"] for one in api.get("/agents")["items"]] == [made["id"]]
    return str(made["id"])


def resources(api: Api) -> None:
    title("Tables")
    made = [api.create("/resources", {"kind": "table", "name": f"Table {n}", "capacity": 4}) for n in (1, 2, 3)]
    path = f"/resources/{made[2]['id']}"
    api.patch(path, {"capacity": 6})
    assert api.get(path)["capacity"] == 6
    api.delete(path)
    assert len(api.get("/resources", limit=2)["items"]) == 2


def free(api: Api, at: datetime, party_size: int = 4) -> Any:
    """The slot at a time, if there is one."""
    found = api.get("/availability", day=f"{at:%Y-%m-%d}", at=f"{at:%H:%M}", party_size=party_size)
    return found["exact"]


def reservations(api: Api) -> None:
    title("Reservations")
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    soon = now + timedelta(minutes=30 - now.minute % 15)
    booking = {"slot_id": free(api, soon)["id"], "guest": GUEST}
    key = {"Idempotency-Key": str(uuid4())}
    made = api.create("/reservations", booking, **key)
    assert api.create("/reservations", booking, **key)["id"] == made["id"], "booked twice"
    path = f"/reservations/{made['id']}"
    api.get(path)
    api.patch(path, {"guest": GUEST | {"notes": "By the window"}})
    api.post(f"{path}/move", {"slot_id": free(api, soon + timedelta(minutes=15))["id"]})
    api.post(f"{path}/confirm")
    api.post(f"{path}/late", {"minutes": 10})
    api.send("POST", f"{path}/no-show", expects=409)  # it has not begun yet
    assert api.post(f"{path}/seat")["status"] == "seated"
    api.create("/reservations/walk-ins", {"party_size": 2, "name": "Ann"})
    assert api.get("/reservations", status="seated")["items"]


def waitlist(api: Api) -> None:
    title("The waitlist: both tables are taken, then one is given up")
    evening = (datetime.now(UTC) + timedelta(days=2)).replace(hour=19, minute=30)
    booked: list[Any] = []
    while slot := free(api, evening):
        guest = {"name": "Sam Lee", "phone": f"+1212555010{len(booked)}"}
        booked.append(api.create("/reservations", {"slot_id": slot["id"], "guest": guest}))
    wish = {"day": f"{evening:%Y-%m-%d}", "at": "19:30", "party_size": 4}
    first = api.create("/waitlist", wish | {"guest": GUEST})
    second = api.create("/waitlist", wish | {"guest": {"name": "Kim Park", "phone": "+12125550177"}})
    api.get("/waitlist", day=wish["day"])
    api.post(f"/waitlist/{second['id']}/leave")
    assert api.post(f"/reservations/{booked[0]['id']}/cancel")["status"] == "cancelled"
    assert api.get(f"/waitlist/{first['id']}")["status"] == "offered"
    assert api.post(f"/waitlist/{first['id']}/accept")["status"] == "accepted"


def leads(api: Api) -> None:
    title("Leads and messages")
    lead = api.create("/leads", {"kind": "large_party", "name": "Ann", "phone": "+12125550101", "summary": "For 40"})
    path = f"/leads/{lead['id']}"
    api.patch(path, {"stage": "contacted", "assignee": "Sam"})
    api.get(path)
    api.get("/leads", stage="contacted")
    api.delete(path)
    message = api.create("/leads", {"kind": "message", "name": "Ann", "phone": "+12125550101", "summary": "Call me"})
    assert api.get("/messages", status="new")["items"]
    assert api.get(f"/messages/{message['id']}")["status"] == "new"
    assert api.patch(f"/messages/{message['id']}", {"status": "done"})["status"] == "done"


def knowledge(api: Api) -> None:
    title("Documents")
    api.create("/knowledge/ingest", {"title": "House", "text": MENU, "kind": "faq"})
    text = b"We are closed on the first Monday of May."
    given = {"files": ("closures.txt", text, "text/plain")}
    uploaded = api.send("POST", "/knowledge/upload", expects=202, files=given).json()
    path = f"/knowledge/documents/{uploaded['files'][0]['document']['id']}"
    read = api.until(path, lambda document: document["state"] in ("ready", "failed"))
    assert read["state"] == "ready", read
    assert len(api.get("/knowledge/list", limit=10)["items"]) == 2
    found = api.get("/knowledge/search", q="Where can I park?")
    assert "yard" in found["passages"][0]["text"]
    api.delete(f"/knowledge/{read['id']}")


def chat(api: Api, agent_id: str) -> str:
    title("A chat: an answer from the documents, and a question that they do not answer")
    reply = api.post("/chat/message", {"agent_id": agent_id, "message": "Where can I park?"})
    assert "yard" in reply["reply"], reply
    api.get(f"/knowledge/passages/{reply['citations'][0]['chunk_id']}")
    going_on = {"agent_id": agent_id, "conversation_id": reply["conversation_id"]}
    api.post("/chat/message", going_on | {"message": "Do you have a helicopter pad?"})
    [asked] = api.until("/knowledge/unanswered", lambda page: page["items"])["items"]
    api.delete(f"/knowledge/unanswered/{asked['id']}")
    api.get("/knowledge/cache/stats")
    api.delete("/knowledge/cache")
    return str(reply["conversation_id"])


def call(api: Api, agent_id: str, url: str) -> str:
    title("A call over WS /voice/stream, typed in place of spoken")
    ticket = api.post("/voice/tickets", {"agent_id": agent_id})["ticket"]
    address = url.replace("http", "ws", 1) + "/voice/stream"
    with connect(address, subprotocols=[f"ticket.{ticket}"], proxy=None, max_size=None) as socket:  # type: ignore[list-item]
        start = {"type": "start", "agent_id": agent_id, "audio": {"encoding": "mulaw", "sample_rate": 8000}}
        socket.send(json.dumps(start))
        ready = heard(socket.recv, "ready")
        socket.send(json.dumps({"type": "text", "text": "Where can I park?"}))
        while "yard" not in (reply := heard(socket.recv, "reply"))["text"]:
            pass
        print(f"  {reply['text']}")
        socket.send(json.dumps({"type": "stop"}))
        heard(socket.recv, "ended")
    return str(ready["conversation_id"])


def heard(receive: Callable[..., str | bytes], kind: str) -> Any:
    """The next message of that type."""
    while True:
        received = receive(WITHIN_S)
        message = json.loads(received) if isinstance(received, str) else {}
        if message.get("type") == "error":
            raise Unexpected(f"the call says: {message}")
        if message.get("type") == kind:
            return message


def conversations(api: Api, chatted: str, called: str) -> None:
    title("What is kept of conversations")
    assert len(api.get("/conversations", limit=10)["items"]) == 2
    kept = api.until(f"/conversations/{called}", lambda one: one["recordings"])
    api.send("GET", kept["recordings"][0]["url"], expects=206, headers={"Range": "bytes=0-99"})
    turns = api.get(f"/conversations/{chatted}/messages")["items"]
    print(f"  {len(turns)} turns")
    api.get(f"/conversations/{chatted}/export")
    api.get(f"/usage/calls/{called}")
    api.get("/usage")
    api.delete(f"/conversations/{chatted}", with_leads=True)
    print(f"  erased: {api.send('DELETE', '/people', params={'phone': GUEST['phone']}).json()}")


def analytics(api: Api) -> None:
    title("Analytics")
    for report in ("overview", "calls", "reservations", "leads", "knowledge", "latency", "cost"):
        api.get(f"/analytics/{report}", bucket="day")
    assert api.send("GET", "/analytics/calls", params={"format": "csv"}).text.startswith("starts_at,")


def demo(api: Api) -> None:
    title("The demo")
    if api.http.get("/demo/agents").status_code == httpx.codes.NOT_FOUND:
        print("  this server has none")
        return
    shown = Api(api.http).get("/demo/agents")[0]["agent_id"]
    token = Api(api.http).post("/demo/token", {"agent_id": shown})["access_token"]
    question = {"agent_id": shown, "message": "Is there parking?"}
    cited = Api(api.http, token).post("/chat/message", question)["citations"][0]["chunk_id"]
    Api(api.http).get(f"/demo/agents/{shown}/passages/{cited}")


def run(http: httpx.Client, url: str, login: Mapping[str, str]) -> None:
    title("Signing in")
    signed_in = Api(http).post("/auth/login", dict(login))
    admin = Api(http, signed_in["access_token"])
    health(admin)
    tenant = open_tenant(admin)
    api = Api(http, signed_in["access_token"], tenant["id"])
    users_and_keys(api)
    agent_id = agents(api)
    resources(api)
    reservations(api)
    waitlist(api)
    leads(api)
    knowledge(api)
    chatted = chat(api, agent_id)
    called = call(api, agent_id, url)
    conversations(api, chatted, called)
    analytics(api)
    demo(api)
    title("The tenant is deleted with all it had")
    api.delete(f"/tenants/{tenant['id']}", confirm=tenant["name"])


def main() -> int:
    options = argparse.ArgumentParser(description="Call every part of Reception's API on a server that runs.")
    options.add_argument("--url", default="http://127.0.0.1:8000")
    options.add_argument("--email", default=os.environ.get("RECEPTION_EMAIL", ""))
    given = options.parse_args()
    email = given.email or input("E-mail address of a platform administrator: ")
    login = {"email": email, "password": os.environ.get("RECEPTION_PASSWORD") or getpass.getpass()}
    try:
        with httpx.Client(base_url=given.url, timeout=30.0, trust_env=False) as http:
            run(http, given.url, login)
    except (Unexpected, AssertionError, OSError, httpx.HTTPError) as error:
        print(f"\nFailed: {error or type(error).__name__}", file=sys.stderr)
        return 1
    print("\nEvery call was answered as expected.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
