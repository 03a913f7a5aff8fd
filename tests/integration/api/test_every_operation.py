"""Every operation of the API, as the running application describes it, refuses whom it must.

Requests go to the application in process, so that thousands of them take seconds.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
import pytest_asyncio

from reception.core.ids import uuid7
from reception.domains.access import api_keys
from reception.domains.access.service import Role
from reception.domains.access.sessions import EndReason, end_sessions, start_session
from reception.domains.access.users import change_user, get_user
from reception.runtime.principal import KEY_SCOPES, ROLE_SCOPES, Principal, Scope
from tests.integration.api.furnished import PASSWORD, Furnished, furnish
from tests.integration.api.installation import Installation
from tests.integration.api.operations import WITHOUT_PERMISSION, Document, Operation, operations

pytestmark = pytest.mark.asyncio(loop_scope="session")

ELSEWHERE = {"X-Forwarded-For": "192.0.2.1"}
"""On the server's own machine metrics are open; a request that a proxy has passed on comes from elsewhere."""
TRIED_EVERYWHERE = {
    "none",
    "expired",
    "of another key",
    "unsigned",
    "changed",
    "of a session that ended",
    "a revoked key",
}
NOT_IDS = {"vendor", "version", "part", "slot_id"}
"""What requests name beside ids; a slot is told by what it says, and refused where it says another business."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Two businesses with one of everything, and the API between them."""

    installation: Installation
    http: httpx.AsyncClient
    document: Document
    ours: Furnished
    theirs: Furnished

    @property
    def guarded(self) -> list[Operation]:
        """Those that need a permission; logging out comes last."""
        found = [one for one in operations(self.document) if one.permission is not None]
        return sorted(found, key=lambda one: one.path == "/auth/logout")

    def bearer(self, headers: Mapping[str, str]) -> Principal:
        return self.installation.services.tokens.verify(headers["Authorization"].removeprefix("Bearer "))

    def narrowed(self, headers: Mapping[str, str], scopes: frozenset[Scope]) -> dict[str, str]:
        """The same user's token, with these scopes."""
        bearer = self.bearer(headers)
        made = Principal(bearer.subject, bearer.tenant_id, scopes, role=bearer.role, session_id=bearer.session_id)
        return signed(self.installation, made)

    async def send(
        self, operation: Operation, headers: Mapping[str, str], ids: Callable[[str], object]
    ) -> httpx.Response:
        """A well-formed request with ids by name."""
        named = {name: ids(name) for name in self.ours.ids} | {"vendor": "deepgram", "version": "1", "part": "1"}
        return await self.http.request(
            operation.method,
            operation.address(named),
            params=operation.query(self.document, named),
            headers=dict(headers),
            **operation.body(self.document, named),
        )


def signed(installation: Installation, bearer: Principal, lifetime: timedelta = timedelta(minutes=5)) -> dict[str, str]:
    return {"Authorization": f"Bearer {installation.services.tokens.issue(bearer, lifetime).value}"}


def unknown(_: str) -> object:
    return uuid4()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(installation: Installation, http: httpx.AsyncClient) -> Scene:
    document = (await http.get("/openapi.json")).json()
    ours, theirs = await furnish(installation, http), await furnish(installation, http)
    return Scene(installation, http, document, ours, theirs)


async def test_every_operation_declares_what_it_needs(scene: Scene) -> None:
    described = {(one.method, one.path) for one in operations(scene.document)}
    assert described >= WITHOUT_PERMISSION
    assert len(scene.guarded) == len(described) - len(WITHOUT_PERMISSION)
    assert {one.permission for one in scene.guarded} <= set(Scope)


async def test_every_id_that_a_path_names_is_tried(scene: Scene) -> None:
    named = {name for one in scene.guarded for name in one.path_parameters}
    missing = named - scene.ours.ids.keys() - NOT_IDS
    assert not missing, f"make one of {missing} in furnished.py, so that another tenant can be refused it"


async def test_without_good_credentials_nothing_answers(scene: Scene) -> None:
    bad = await _bad_credentials(scene)
    for operation in scene.guarded:
        # All kinds are judged in one place; that every operation asks there is seen by some.
        everywhere = operation.path == "/agents"
        for kind, headers in bad.items():
            if not everywhere and kind not in TRIED_EVERYWHERE:
                continue
            answer = await scene.send(operation, headers, unknown)
            assert answer.status_code == 401, (kind, str(operation), answer.text)
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["www-authenticate"] == "Bearer"
    metrics = await scene.http.get("/metrics", headers=ELSEWHERE)
    assert metrics.status_code == 401


async def _bad_credentials(scene: Scene) -> dict[str, dict[str, str]]:
    """Every kind of credentials that was never good, or is so no more."""
    services, bearer = scene.installation.services, scene.bearer(scene.ours.owner)
    good = scene.ours.owner["Authorization"].removeprefix("Bearer ")
    header, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    head, _, signature = good.split(".")
    more = base64.urlsafe_b64encode(json.dumps({**claims, "role": "platform_admin"}).encode()).rstrip(b"=").decode()
    foreign = jwt.encode(claims, "x" * 48, algorithm="HS256", headers={"kid": header["kid"]})
    now = services.clock.now()
    deactivated, ended = await _former_user(scene, Role.OWNER), await _former_user(scene, None)
    async with services.database.tenant_session(scene.ours.tenant_id) as session:
        made = [
            await api_keys.create_key(
                session,
                scene.ours.tenant_id,
                name="Former",
                scopes=KEY_SCOPES,
                created_by=None,
                now=now - timedelta(days=2),
                expires_at=now - timedelta(days=1) if expires else None,
            )
            for expires in (False, True)
        ]
        await api_keys.revoke_key(session, made[0].key.key_id, now)
    values = {
        "garbage": "not-a-token",
        "expired": signed(scene.installation, bearer, timedelta(seconds=-1))["Authorization"][7:],
        "of another key": foreign,
        "of an unknown key": jwt.encode(claims, "x" * 48, algorithm="HS256", headers={"kid": "none"}),
        "unsigned": jwt.encode(claims, "", algorithm="none", headers={"kid": header["kid"]}),
        "changed": f"{head}.{more}.{signature}",
        "of another audience": services.tickets.issue(bearer).value,
        "of a session that ended": ended,
        "of a deactivated user": deactivated,
        "of an unknown session": signed(
            scene.installation, Principal(bearer.subject, bearer.tenant_id, bearer.scopes, session_id=uuid7())
        )["Authorization"][7:],
        "a revoked key": made[0].value,
        "an expired key": made[1].value,
        "a key that was guessed": f"{scene.ours.key[:-4]}AAAA",
    }
    return {"none": {}, **{kind: {"Authorization": f"Bearer {value}"} for kind, value in values.items()}}


async def _former_user(scene: Scene, deactivated_by: Role | None) -> str:
    """A token that was good until its session ended, or until its user was deactivated."""
    services, tenant_id, email = scene.installation.services, scene.ours.tenant_id, f"{uuid7()}@example.com"
    await scene.installation.add_user(tenant_id, email, PASSWORD, Role.OWNER)
    now = services.clock.now()
    async with services.database.tenant_session(tenant_id) as session:
        listed = (await scene.http.get("/users", headers=dict(scene.ours.owner))).json()["items"]
        user = await get_user(session, UUID(next(one["id"] for one in listed if one["email"] == email)))
    async with services.database.account_session(user.user_id) as session:
        renewal = await start_session(session, user, client="", now=now, lifetime=timedelta(days=1))
    made = Principal(
        str(user.user_id), tenant_id, ROLE_SCOPES[Role.OWNER], role=Role.OWNER, session_id=renewal.session_id
    )
    headers = signed(scene.installation, made)
    assert (await scene.http.get("/agents", headers=headers)).status_code == 200
    async with services.database.tenant_session(tenant_id) as session:
        if deactivated_by is not None:
            await change_user(session, user.user_id, {"active": False}, deactivated_by, now)
        else:
            await end_sessions(session, user.user_id, now, EndReason.LOGOUT)
    services.authenticator.forget()
    return headers["Authorization"].removeprefix("Bearer ")


async def test_each_permission_is_needed_and_enough(scene: Scene) -> None:
    everything = frozenset(Scope)
    for operation in scene.guarded:
        permission = operation.permission
        assert permission is not None
        user = scene.installation.admin if permission is Scope.PLATFORM else scene.ours.owner
        without = await scene.send(operation, scene.narrowed(user, everything - {permission}), unknown)
        assert without.status_code == 403, (str(operation), without.text)
        assert permission.value in without.json()["detail"]
        only = await scene.send(operation, scene.narrowed(user, frozenset({permission})), unknown)
        assert only.status_code not in (401, 403), (str(operation), only.text)
        assert only.status_code < 500, (str(operation), only.text)


async def test_each_role_may_do_what_it_may(scene: Scene) -> None:
    for role in (Role.READ_ONLY, Role.STAFF, Role.MANAGER, Role.OWNER):
        headers = signed(scene.installation, Principal("test", scene.ours.tenant_id, ROLE_SCOPES[role], role=role))
        for operation in scene.guarded:
            if operation.permission in ROLE_SCOPES[role]:
                continue
            answer = await scene.send(operation, headers, unknown)
            assert answer.status_code == 403, (role, str(operation), answer.text)


async def test_another_tenants_ids_are_answered_like_ids_of_nobodys(scene: Scene) -> None:
    everything = await _owner_again(scene)
    ids = {name: value for name, value in scene.theirs.ids.items() if name not in NOT_IDS}
    for operation in scene.guarded:
        if not operation.takes(scene.document, ids):
            continue
        slot = {"slot_id": scene.ours.ids["slot_id"]}
        nobodys: dict[str, object] = {**{name: uuid4() for name in scene.theirs.ids}, **slot}
        theirs = await scene.send(operation, everything, {**scene.theirs.ids, **slot}.__getitem__)
        nobody = await scene.send(operation, everything, nobodys.__getitem__)
        assert theirs.status_code == nobody.status_code, (str(operation), theirs.text, nobody.text)
        assert _told(theirs) == _told(nobody), str(operation)
        if set(operation.path_parameters) - NOT_IDS:
            assert theirs.status_code == 404, (str(operation), theirs.text)


async def _owner_again(scene: Scene) -> dict[str, str]:
    login = {"email": scene.ours.owner_email, "password": PASSWORD}
    token = (await scene.http.post("/auth/login", json=login)).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _told(answer: httpx.Response) -> Any:
    """What an answer says, beside what differs from one to the next."""
    if answer.status_code < 400 or not answer.content:
        return None
    return {name: value for name, value in answer.json().items() if name != "request_id"}


async def test_their_own_ids_are_found(scene: Scene) -> None:
    """Else the test above would prove nothing."""
    owner = await _owner_again(scene)
    for operation in scene.guarded:
        if operation.method != "GET" or operation.permission is Scope.PLATFORM:
            continue
        answer = await scene.send(operation, scene.theirs.owner, scene.theirs.ids.__getitem__)
        assert answer.status_code == 200, (str(operation), answer.text)
        if operation.path_parameters:
            ours = await scene.send(operation, owner, scene.ours.ids.__getitem__)
            assert ours.status_code == 200, (str(operation), ours.text)


async def test_an_api_key_does_what_it_is_for(scene: Scene) -> None:
    key = {"Authorization": f"Bearer {scene.theirs.key}"}
    agents = (await scene.http.get("/agents", headers=key)).json()["items"]
    assert [agent["id"] for agent in agents] == [scene.theirs.ids["agent_id"]]
    for operation in scene.guarded:
        if operation.permission not in {Scope.AGENTS_READ, Scope.RESERVATIONS_READ, Scope.CHAT}:
            answer = await scene.send(operation, key, scene.theirs.ids.__getitem__)
            assert answer.status_code == 403, (str(operation), answer.text)
