"""What the ten or so busiest endpoints are asked in `bench.endpoints`, on the demo's data.

They are those that come with every call and every desk: the probes of whatever watches the server (health); people and
programs that sign in and stay signed in (login, refresh); the desk's day and what is booked, moved and looked up there
(availability, create, list, move), which the voice does by the same services; the list of conversations and one's turns
that a console shows and refreshes; a visitor's chat; a search of the documents; and a dashboard's overview.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from bench.endpoint_requests import Asked, Endpoint

_HOUSE = "harbor-table"
_QUESTIONS = (
    "Do you have parking?", "What time do you open on Sunday?", "Can I bring my dog?", "Is there a vegan dish?",
    "Do you have high chairs?", "A table for two tomorrow at seven, please",
)  # fmt: skip
_SUBJECTS = ("parking", "dogs", "vegan dishes", "children", "gift cards", "corkage", "the terrace", "private dining")
_GUEST = {"name": "Maria Ramos", "phone": "+14155550142"}
_PARTY = 2
_DAYS = range(3, 83)
_CONVERSATIONS = 50
_TIMES = ("17:30", "19:30")


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Workload:
    """`ticket` is good for one call, within a minute."""

    endpoints: list[Endpoint]
    ticket: Callable[[], str]


class _House:
    """The demo's restaurant, as its administrator sees it. `slots` are each good for some tables, and come again."""

    def __init__(self, http: httpx.Client, login: Login, clients: int) -> None:
        self._http = http
        self._login = {"email": login.email, "password": login.password}
        self._refresh = [self._sign_in()["refresh_token"] for _ in range(clients)]
        self._headers = {"authorization": f"Bearer {self._sign_in()['access_token']}"}
        self._agent_id = next(one["agent_id"] for one in self._send("GET", "/demo/agents") if one["slug"] == _HOUSE)
        tenants = self._send("GET", "/tenants?limit=100")["items"]
        self._headers["x-tenant-id"] = next(one["id"] for one in tenants if one["slug"] == _HOUSE)
        self._visitor = self._new_user()
        self._conversations: list[str | None] = [None] * clients
        self._days = [(datetime.now(UTC).date() + timedelta(days=number)).isoformat() for number in _DAYS]
        self._slots = itertools.cycle(self._free_slots())
        self._booked = [self._send("POST", "/reservations", self._booking())["id"] for _ in range(clients)]
        self._talked = self._talk()

    def ticket(self) -> str:
        told: str = self._send("POST", "/voice/tickets", {"agent_id": self._agent_id})["ticket"]
        return told

    def endpoints(self) -> list[Endpoint]:
        week = f"first={self._days[0]}&last={self._days[6]}"
        return [
            Endpoint("GET /health", lambda client, number: Asked("GET", "/health")),
            Endpoint("POST /auth/login", lambda client, number: Asked("POST", "/auth/login", self._visitor)),
            Endpoint("POST /auth/refresh", self._ask_refresh, self._learn_refresh),
            Endpoint("GET /availability", lambda client, number: self._ask(_at(self._days[number % len(self._days)]))),
            Endpoint("POST /reservations", lambda client, number: self._ask("/reservations", self._booking())),
            Endpoint("POST /reservations/{id}/move", self._ask_move),
            Endpoint("GET /reservations", lambda client, number: self._ask(f"/reservations?{week}")),
            Endpoint("GET /conversations", lambda client, number: self._ask("/conversations")),
            Endpoint(
                "GET /conversations/{id}/messages",
                lambda client, number: self._ask(f"/conversations/{self._talked}/messages"),
            ),
            Endpoint("POST /chat/message", self._ask_chat, self._learn_chat),
            Endpoint("GET /knowledge/search", self._ask_search),
            Endpoint("GET /analytics/overview", lambda client, number: self._ask("/analytics/overview")),
        ]

    def _ask(self, path: str, body: object = None) -> Asked:
        return Asked("GET" if body is None else "POST", path, body, self._headers)

    def _ask_refresh(self, client: int, number: int) -> Asked:
        return Asked("POST", "/auth/refresh", {"refresh_token": self._refresh[client]})

    def _learn_refresh(self, client: int, told: Any) -> None:
        self._refresh[client] = told["refresh_token"]

    def _booking(self) -> dict[str, object]:
        return {"slot_id": next(self._slots), "guest": _GUEST}

    def _ask_move(self, client: int, number: int) -> Asked:
        return self._ask(f"/reservations/{self._booked[client]}/move", {"slot_id": next(self._slots)})

    def _ask_chat(self, client: int, number: int) -> Asked:
        turn = number % len(_QUESTIONS)
        begun = self._conversations[client] if turn else None
        more = {"conversation_id": begun} if begun else {}
        return self._ask("/chat/message", {"agent_id": self._agent_id, "message": _QUESTIONS[turn], **more})

    def _learn_chat(self, client: int, told: Any) -> None:
        self._conversations[client] = None if told["ended"] else told["conversation_id"]

    def _ask_search(self, client: int, number: int) -> Asked:
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        return self._ask(f"/knowledge/search?q={quote(f'What about {subject} for {number % 40 + 2} people?')}")

    def _free_slots(self) -> list[str]:
        found = [self._send("GET", _at(day, at))["exact"] for at in _TIMES for day in self._days]
        return [slot["id"] for slot in found if slot]

    def _talk(self) -> str:
        """The newest of a page of conversations."""
        for _ in range(_CONVERSATIONS):
            told: Any = None
            for question in _QUESTIONS[:2]:
                more = {"conversation_id": told["conversation_id"]} if told else {}
                body = {"agent_id": self._agent_id, "message": question, **more}
                told = self._send("POST", "/chat/message", body)
        newest: str = told["conversation_id"]
        return newest

    def _new_user(self) -> dict[str, str]:
        """Who signs in again and again: of all the sessions of one user only the newest go on."""
        chosen = {"email": "sign-in@example.com", "password": "signs in all day long"}
        user = self._send("POST", "/users", {"email": chosen["email"], "role": "staff"})
        token = user["invitation"]["token"]
        self._send("POST", "/auth/password/choose", {"token": token, "password": chosen["password"]})
        return chosen

    def _sign_in(self) -> Any:
        answer = self._http.post("/auth/login", json=self._login)
        return answer.raise_for_status().json()

    def _send(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, path, json=body, headers=self._headers)
        if answer.is_error:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None


def open_workload(http: httpx.Client, login: Login, clients: int) -> Workload:
    """Furnish the demo's restaurant with a page of conversations, and say what is to be asked."""
    house = _House(http, login, clients)
    return Workload(house.endpoints(), house.ticket)


def _at(day: str, at: str = "19:30") -> str:
    return f"/availability?day={day}&at={at}&party_size={_PARTY}"
