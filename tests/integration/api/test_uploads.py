"""Files handed in over HTTP, watched until they answer."""

import asyncio
from typing import Any

import pytest

from tests.integration.api.installation import Installation, Shop
from tests.support import documents

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _watch(installation: Installation, shop: Shop, document_id: str) -> dict[str, Any]:
    """The document once it is ready or failed."""
    async with asyncio.timeout(60):
        while True:
            answer = await installation.http.get(f"/knowledge/documents/{document_id}", headers=shop.headers)
            assert answer.status_code == 200, answer.text
            document: dict[str, Any] = answer.json()
            if document["state"] in ("ready", "failed"):
                return document
            await asyncio.sleep(0.05)


async def test_many_files_at_once_are_read_in_the_background(installation: Installation, shop: Shop) -> None:
    files = [
        (
            "files",
            ("menu.xlsx", documents.excel({"Menu": [["Dish", "Price"], ["Lamb", ("$", 27)], ["Soup", ("$", 9)]]})),
        ),
        ("files", ("rules.docx", documents.word(("Heading1", "Dogs"), ("", "Dogs are welcome on the terrace.")))),
        ("files", ("cut.pdf", documents.pdf([("p", "Prices")])[:300])),
        ("files", ("nothing.txt", b"")),
    ]
    answer = await installation.http.post("/knowledge/upload", files=files, data={"kind": "menu"}, headers=shop.headers)
    assert answer.status_code == 202, answer.text
    menu, rules, cut, nothing = answer.json()["files"]
    assert nothing["document"] is None
    assert nothing["problem"]["code"] == "empty"
    ready = await _watch(installation, shop, menu["document"]["id"])
    assert (ready["state"], ready["chunks"], ready["kind"], ready["format"]) == ("ready", 2, "menu", "excel")
    assert (await _watch(installation, shop, rules["document"]["id"]))["state"] == "ready"
    failed = await _watch(installation, shop, cut["document"]["id"])
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "damaged")

    body = {"agent_id": str(shop.agent_id), "message": "How much is the lamb?"}
    reply = await installation.http.post("/chat/message", json=body, headers=shop.headers)
    assert "$27" in reply.json()["reply"]
    listed = (await installation.http.get("/knowledge/list", headers=shop.headers)).json()["items"]
    assert [document["title"] for document in listed] == ["cut.pdf", "menu.xlsx", "rules.docx"]


@pytest.mark.parametrize(
    ("files", "data", "pointer"),
    [
        ([], {"kind": "menu"}, "/files"),
        ([("files", ("a.txt", b"x"))], {"kind": "novel"}, "/kind"),
        ([("files", ("a.txt", b"x"))], {"agent_id": "ann"}, "/agent_id"),
        ([("files", ("a.txt", b"x"))], {"colour": "red"}, "/colour"),
        ([("files", ("a.txt", b"x")), ("files", ("b.txt", b"y"))], {"title": "Both"}, "/title"),
        ([("files", ("a.txt", b""))], {}, "/files/0"),
    ],
)
async def test_a_bad_upload_says_what_is_wrong(
    installation: Installation, shop: Shop, files: list[Any], data: dict[str, str], pointer: str
) -> None:
    if not files:
        answer = await installation.http.post(
            "/knowledge/upload",
            content=b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nmenu\r\n--x--\r\n',
            headers={**shop.headers, "Content-Type": "multipart/form-data; boundary=x"},
        )
    else:
        answer = await installation.http.post("/knowledge/upload", files=files, data=data, headers=shop.headers)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_nobody_uploads_without_the_right_to(installation: Installation, shop: Shop) -> None:
    files = [("files", ("a.txt", b"Soup is $9."))]
    assert (await installation.http.post("/knowledge/upload", files=files)).status_code == 401
    other = await installation.open_shop()
    sent = await installation.http.post("/knowledge/upload", files=files, headers=shop.headers)
    document_id = sent.json()["files"][0]["document"]["id"]
    answer = await installation.http.get(f"/knowledge/documents/{document_id}", headers=other.headers)
    assert answer.status_code == 404


async def test_a_site_in_a_private_network_is_refused_with_a_reason(installation: Installation, shop: Shop) -> None:
    for address in ("http://127.0.0.1:8080/", "http://[::1]/", "http://169.254.169.254/latest", "http://localhost/"):
        answer = await installation.http.post("/knowledge/ingest", json={"url": address}, headers=shop.headers)
        assert answer.status_code == 202, answer.text
        failed = await _watch(installation, shop, answer.json()["id"])
        assert (failed["state"], failed["problem"]["code"]) == ("failed", "forbidden_address")
