"""Drafts, publishing and going back, over HTTP: what takes calls is what was published, and a call keeps its own."""

from typing import Any

import pytest

from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _path(shop: Shop, rest: str = "") -> str:
    return f"/agents/{shop.agent_id}{rest}"


async def _say(installation: Installation, shop: Shop, message: str, conversation: str | None = None) -> dict[str, Any]:
    body = {"agent_id": str(shop.agent_id), "message": message}
    if conversation:
        body["conversation_id"] = conversation
    answer = await installation.http.post("/chat/message", json=body, headers=shop.headers)
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert isinstance(reply, dict)
    return reply


async def test_a_draft_takes_no_calls_until_it_is_published(installation: Installation, shop: Shop) -> None:
    http, headers = installation.http, shop.headers
    change = {"settings": {"persona_name": "Robin"}, "definition": {"prompt": "Be brief.", "persona": "Cheerful."}}
    drafted = await http.patch(_path(shop, "?draft=true"), json=change, headers=headers)
    assert drafted.status_code == 200, drafted.text
    assert (drafted.json()["definition"]["persona"], drafted.json()["version"], drafted.json()["has_draft"]) == (
        "Cheerful.", 1, True,
    )  # fmt: skip
    published = (await http.get(_path(shop), headers=headers)).json()
    assert (published["settings"]["persona_name"], published["definition"]["prompt"]) == ("", "")
    assert "Robin" not in (await _say(installation, shop, "Are you a robot?"))["reply"]
    more = await http.patch(_path(shop, "?draft=true"), json={"settings": {"patience": 2.0}}, headers=headers)
    assert more.json()["settings"] == {**drafted.json()["settings"], "patience": 2.0}
    clash = await http.patch(_path(shop), json={"name": "Eve"}, headers=headers)
    assert clash.status_code == 409, clash.text
    answer = await http.post(_path(shop, "/publish"), json={"note": "New persona"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["version"], answer.json()["has_draft"]) == (2, False)
    assert "Robin" in (await _say(installation, shop, "Are you a robot?"))["reply"]
    listed = (await http.get(_path(shop, "/versions"), headers=headers)).json()["items"]
    assert [(one["version"], one["current"], one["note"]) for one in listed] == [
        (2, True, "New persona"),
        (1, False, ""),
    ]
    assert (await http.post(_path(shop, "/publish"), headers=headers)).status_code == 409


async def test_a_conversation_keeps_the_version_that_it_began_with(installation: Installation, shop: Shop) -> None:
    first = await _say(installation, shop, "Hello")
    assert first["agent_version"] == 1
    change = {"settings": {"persona_name": "Robin"}}
    assert (await installation.http.patch(_path(shop), json=change, headers=shop.headers)).json()["version"] == 2
    going_on = await _say(installation, shop, "Are you a robot?", first["conversation_id"])
    assert (going_on["agent_version"], "Robin" in going_on["reply"]) == (1, False)
    fresh = await _say(installation, shop, "Are you a robot?")
    assert (fresh["agent_version"], "Robin" in fresh["reply"]) == (2, True)
    listed = (await installation.http.get(_path(shop, "/versions"), headers=shop.headers)).json()["items"]
    assert [(one["version"], one["conversations"]) for one in listed] == [(2, 1), (1, 1)]


async def test_going_back_publishes_what_was(installation: Installation, shop: Shop) -> None:
    http, headers = installation.http, shop.headers
    for name in ("Robin", "Sam"):
        changed = await http.patch(_path(shop), json={"settings": {"persona_name": name}}, headers=headers)
        assert changed.status_code == 200
    back = await http.post(_path(shop, "/rollback"), json={"version": 2, "note": "Too formal"}, headers=headers)
    assert (back.json()["version"], back.json()["settings"]["persona_name"]) == (4, "Robin")
    listed = (await http.get(_path(shop, "/versions"), headers=headers)).json()["items"]
    assert [(one["version"], one["restores"]) for one in listed] == [(4, 2), (3, None), (2, None), (1, None)]
    assert (await http.get(_path(shop, "/versions/3"), headers=headers)).json()["settings"]["persona_name"] == "Sam"
    for version, status in ((4, 409), (9, 404), (0, 422)):
        answer = await http.post(_path(shop, "/rollback"), json={"version": version}, headers=headers)
        assert answer.status_code == status, answer.text
    assert (await http.get(_path(shop, "/versions/9"), headers=headers)).status_code == 404


async def test_a_discarded_draft_is_gone(installation: Installation, shop: Shop) -> None:
    http, headers = installation.http, shop.headers
    await http.patch(_path(shop, "?draft=true"), json={"name": "Draft"}, headers=headers)
    assert (await http.delete(_path(shop, "/draft"), headers=headers)).status_code == 204
    assert (await http.get(_path(shop, "?draft=true"), headers=headers)).json()["name"] == "Ada"
    assert (await http.patch(_path(shop), json={"name": "Eve"}, headers=headers)).json()["version"] == 2


async def test_a_change_of_what_was_not_read_is_refused(installation: Installation, shop: Shop) -> None:
    http, headers = installation.http, shop.headers
    read = await http.get(_path(shop), headers=headers)
    tag = read.headers["ETag"]
    mine = await http.patch(_path(shop), json={"name": "Eve"}, headers={**headers, "If-Match": tag})
    assert (mine.status_code, mine.headers["ETag"] != tag) == (200, True)
    theirs = await http.patch(_path(shop), json={"name": "Sam"}, headers={**headers, "If-Match": tag})
    assert (theirs.status_code, theirs.json()["code"]) == (412, "precondition_failed")
    assert mine.headers["ETag"] in theirs.json()["detail"]
    for path in ("/publish", "/rollback"):
        body = {"version": 1} if path == "/rollback" else {}
        answer = await http.post(_path(shop, path), json=body, headers={**headers, "If-Match": tag})
        assert answer.status_code == 412
    again = await http.patch(_path(shop), json={"name": "Sam"}, headers={**headers, "If-Match": mine.headers["ETag"]})
    assert again.status_code == 200


async def test_another_tenants_versions_are_not_found(installation: Installation, shop: Shop) -> None:
    stranger = await installation.open_shop()
    for method, rest in (("GET", "/versions"), ("GET", "/versions/1"), ("POST", "/publish"), ("DELETE", "/draft")):
        answer = await installation.http.request(method, _path(shop, rest), headers=stranger.headers)
        assert answer.status_code == 404, answer.text
