"""The page in a real browser, with a recording for a microphone."""

import asyncio
import re
import shutil
import wave
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from reception.core.ids import uuid7
from tests.e2e.conftest import PARKING, dinner_day
from tests.support.caller_voice import speak
from tests.support.flaky_network import flaky_network
from tests.support.running_server import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RATE_HZ = 48000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]  # fmt: skip


def microphone(path: Path) -> Path:
    """Nine seconds for the greeting, a question, and silence enough for its answer."""
    quiet = np.zeros(RATE_HZ, dtype=np.int16)
    samples = np.concatenate((np.tile(quiet, 9), speak("Do you have any parking?", RATE_HZ), np.tile(quiet, 60)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


async def call_by_voice(page: Page, server: RunningServer) -> None:
    await page.goto(server.url)
    await page.get_by_role("button", name="Call").click()
    await page.locator(".entry.agent .word.spoken").first.wait_for(timeout=20_000)
    heard = page.locator(".entry.caller:not(.partial) .bubble")
    await heard.filter(has_text="parking").wait_for(timeout=30_000)
    await page.locator(".entry.agent .bubble").filter(has_text=re.compile(PARKING)).wait_for(timeout=20_000)
    await page.locator(".chip summary").filter(has_text="answered in").first.wait_for(timeout=30_000)


async def type_into_the_call(page: Page) -> None:
    await page.get_by_label("Type to the front desk").fill("Can we bring our own wine?")
    await page.get_by_role("button", name="Send").click()
    await page.locator(".entry.agent .bubble").filter(has_text="corkage").wait_for(timeout=20_000)
    await page.get_by_role("button", name="Hang up").click()
    await page.locator(".note").filter(has_text="hung up").wait_for(timeout=5_000)


async def chat_without_a_call(page: Page) -> None:
    await page.get_by_role("radio", name="Alder House").check(force=True)
    await page.get_by_label("Type to the front desk").fill("What time is check-in?")
    await page.get_by_role("button", name="Send").click()
    await page.locator(".entry.agent .bubble").filter(has_text="3").wait_for(timeout=10_000)


async def look_up_what_a_sentence_rests_on(page: Page) -> None:
    await page.get_by_label("Type to the front desk").fill("How much is parking?")
    await page.get_by_role("button", name="Send").click()
    sentence = page.locator(".entry.agent .cited").filter(has_text="arking").last
    await sentence.click(timeout=10_000)
    passage = page.locator(".entry.agent .passage")
    await passage.locator("blockquote").filter(has_text="arking").wait_for(timeout=10_000)
    assert ">" in await passage.locator("figcaption").inner_text() or "›" in await passage.inner_text()
    await sentence.press("Enter")
    await passage.wait_for(state="detached", timeout=10_000)


TYPING_INTO_A_PARTIAL = """async () => {
  const { Conversation } = await import("/conversation.js");
  const list = document.createElement("div");
  const conversation = new Conversation(list, document.createElement("p"));
  conversation.callerSaid(1, "do you ha", false);
  conversation.callerTyped("Do you have parking?");
  conversation.callerSaid(1, "do you have", false);
  conversation.callerSaid(1, "Do you have parking?", true);
  conversation.callerSaid(2, "and din", false);
  conversation.callerSaid(2, "And dinner?", true);
  return [...list.querySelectorAll(".entry")].map((entry) => [entry.className, entry.lastElementChild.textContent]);
}"""

A_SERVER_THAT_FAILS = """async (fates) => {
  const sockets = [], asked = [], pauses = [], shown = [];
  window.WebSocket = class {
    static OPEN = 1;
    constructor() { this.readyState = 0; sockets.push(this); }
    send(data) { asked.push(JSON.parse(data)); }
    close() {}
  };
  const { VoiceCall } = await import("/call.js");
  const call = new VoiceCall({ agent_id: "a", source: { ask: async () => ({ ticket: "t" }) } }, { microphone: true });
  call.addEventListener("reconnecting", () => shown.push("reconnecting"));
  const over = new Promise((done) => call.addEventListener("over", ({ detail }) => done(detail)));
  await call.place();
  const later = window.setTimeout, microphone = call.audio.stream.getTracks()[0];
  window.setTimeout = (work, ms) => { pauses.push(ms); return later(work, 0); };
  for (const [number, fate] of fates.entries()) {
    while (sockets.length <= number && !call.over) await new Promise((done) => later(done, 5));
    const socket = sockets[number], tell = (message) => socket.onmessage({ data: JSON.stringify(message) });
    shown.push(microphone.readyState);
    socket.readyState = 1;
    socket.onopen();
    if (fate.ready) tell({ seq: 2 * number, type: "ready", conversation_id: "c", resumed: number > 0 });
    if (fate.answers) tell({ seq: 2 * number + 1, type: "turn_metrics", turn: number });
    if (fate.ended) tell({ seq: 2 * number + 1, type: "ended", reason: fate.ended });
    socket.readyState = 3;
    socket.onclose({ code: fate.code, reason: "" });
  }
  window.setTimeout = later;
  const { problem } = await over;
  return { problem, pauses, shown, resumed: asked.map((start) => [start.conversation_id, start.resume_after_seq]) };
}"""
FAULT = {"ready": True, "ended": "error", "code": 1000}
WORKER_DIED = {"ready": True, "code": 1006}
NOBODY_THERE = {"code": 1011}


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; the page is tested in a real browser only")
async def test_a_call_that_fails_on_our_side_is_taken_up_by_the_page_three_times_at_most(server: RunningServer) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(server.url)
        lost = await page.evaluate(A_SERVER_THAT_FAILS, [FAULT, WORKER_DIED, NOBODY_THERE, FAULT])
        answered = await page.evaluate(
            A_SERVER_THAT_FAILS, [FAULT, FAULT | {"answers": True}, WORKER_DIED, {"code": 4404}]
        )
        ended = await page.evaluate(A_SERVER_THAT_FAILS, [{"ready": True, "ended": "goodbye", "code": 1000}])
        await browser.close()
    assert lost["resumed"] == [[None, None], ["c", 1], ["c", 2], ["c", 2]]
    assert lost["shown"] == ["live", "reconnecting"] * 3 + ["live"]
    assert lost["pauses"] == sorted(set(lost["pauses"])), "each pause is longer than the one before"
    assert "The call was lost" in lost["problem"]
    assert answered["pauses"] == [lost["pauses"][0], lost["pauses"][0], lost["pauses"][1]]
    assert "The call was lost" in answered["problem"]
    assert ended["shown"] == ["live"], "a call that has ended is not taken up again"
    assert not ended["problem"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; the page is tested in a real browser only")
async def test_words_half_heard_go_when_the_caller_types(server: RunningServer) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(server.url)
        shown = await page.evaluate(TYPING_INTO_A_PARTIAL)
        await browser.close()
    assert shown == [["entry caller", "Do you have parking?"], ["entry caller", "And dinner?"]]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; the page is tested in a real browser only")
async def test_one_can_talk_to_the_page(server: RunningServer, tmp_path: Path) -> None:
    recording = microphone(tmp_path / "caller.wav")
    problems: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-audio-capture={recording}%noloop"]
        )
        page = await browser.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        await call_by_voice(page, server)
        await type_into_the_call(page)
        await chat_without_a_call(page)
        await look_up_what_a_sentence_rests_on(page)
        await browser.close()
    assert not problems


def open_own_business(server: RunningServer, name: str) -> None:
    """A business with an agent called `name`, and a document."""
    email, password = server.demo_login()
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30.0) as http:

        def made(path: str, body: dict[str, object]) -> str:
            answer = http.post(path, json=body)
            assert answer.is_success, answer.text
            told = answer.json()
            return str(told.get("id") or told.get("access_token") or "")

        http.headers["Authorization"] = f"Bearer {made('/auth/login', {'email': email, 'password': password})}"
        tenant: dict[str, object] = {"slug": f"own-{uuid7().hex[-12:]}", "name": "The Blue Door", "kind": "restaurant"}
        more = {"timezone": "UTC", "region": "US", "hours": {"weekly": [[]] * 7}}
        http.headers["X-Tenant-Id"] = made("/tenants", tenant | more)
        made("/knowledge/ingest", {"title": "House", "text": "# Dogs\nDogs are welcome on the terrace.", "kind": "faq"})
        made("/agents", {"name": name})


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; the page is tested in a real browser only")
async def test_ones_own_business_is_called_after_signing_in(server: RunningServer) -> None:
    await asyncio.to_thread(open_own_business, server, "Ada of the Blue Door")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(server.url)
        await page.get_by_text("Call a business of your own").click()
        email, password = server.demo_login()
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_label("Password").fill("not the password")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("wrong").wait_for(timeout=10_000)
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="Ada of the Blue Door").wait_for(timeout=10_000)
        await page.get_by_role("button", name="Call").click()
        await page.locator(".entry.agent .word.spoken").first.wait_for(timeout=20_000)
        await page.get_by_label("Type to the front desk").fill("Can I bring my dog?")
        await page.get_by_role("button", name="Send").click()
        sentence = page.locator(".entry.agent .cited").filter(has_text="terrace")
        await sentence.click(timeout=20_000)
        await page.locator(".passage blockquote").filter(has_text="Dogs are welcome").wait_for(timeout=10_000)
        await page.get_by_role("button", name="Hang up").click()
        await page.locator(".note").filter(has_text="hung up").wait_for(timeout=5_000)
        assert await page.get_by_role("radio", name="Harbor Table").count() == 1
        await browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; the page is tested in a real browser only")
async def test_a_call_from_the_page_survives_a_broken_connection(server: RunningServer) -> None:
    async with flaky_network(server.url) as network, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(network.url)
        await page.get_by_role("button", name="Call").click()
        await page.get_by_role("button", name="Mute").click()
        await page.locator(".entry.agent .word.spoken").first.wait_for(timeout=20_000)
        typed, send = page.get_by_label("Type to the front desk"), page.get_by_role("button", name="Send")
        await typed.fill(f"A table for two on {dinner_day():%B %d} at half past seven, please.")
        await send.click()
        asked = page.locator(".entry.agent .bubble")
        await asked.filter(has_text="name").wait_for(timeout=20_000)
        statuses = page.evaluate(
            """() => new Promise((done) => new MutationObserver((_, observer) => {
              if (document.getElementById("status").textContent !== "Reconnecting…") return;
              observer.disconnect();
              done(true);
            }).observe(document.getElementById("status"), { childList: true }))"""
        )
        seen = asyncio.ensure_future(statuses)
        await asyncio.sleep(0)
        await page.evaluate("1")
        network.fail()
        assert await asyncio.wait_for(seen, 10.0)
        await asked.filter(has_text="cut off").wait_for(timeout=20_000)
        await asked.filter(has_text=re.compile("cut off.*name")).wait_for(timeout=20_000)
        await typed.fill("My name is Joe Miller.")
        await send.click()
        await asked.filter(has_text="number").wait_for(timeout=20_000)
        await page.get_by_role("button", name="Hang up").click()
        await page.locator(".note").filter(has_text="hung up").wait_for(timeout=5_000)
        await browser.close()
