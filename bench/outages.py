"""Real calls over the voice socket while a provider is slow, dead or wrong: how long the caller hears nothing.

    python -m bench.outages [hearing | voice]
    python -m bench.outages many [CALLS [hearing | language | voice]...]

`many` is fifty calls at once, or so many, see `bench.outage_load`. Else each call asks one question. "answer" is from
the caller's last sound to the first of the reply, fillers counted, read off the waveforms; "longest silence" is the
longest stretch without sound within the reply.
"""

import asyncio
import os
import sys

import numpy as np
from tests.integration.api.installation import Installation, serve_installation
from tests.integration.providers.conftest import DEAD, GOOD, QUESTION, RATE_HZ, Vendor, model_of
from tests.support.caller_voice import speak
from tests.support.postgres import server_directory
from tests.support.vendors.faults import ERRORS, KEY

from bench import outage_load
from reception.cli.phone import dial
from reception.cli.phone_book import Line
from reception.ports.audio import AudioFormat

AUDIO = AudioFormat("pcm_s16le", RATE_HZ)


def longest_silence_ms(played: np.ndarray) -> float:
    """Between the first and the last sound of `played`."""
    sound = np.flatnonzero(np.abs(played) > 100)
    return float(np.max(np.diff(sound), initial=0)) * 1000 / RATE_HZ


async def ask(installation: Installation, stt: str, tts: str) -> tuple[float | None, float, str, str]:
    """The answer's time, its longest silence, why the call ended if it did, and who switched to whom."""
    shop = await installation.open_shop()
    change = {"settings": {"stt": stt, "tts": tts}}
    (await installation.http.patch(f"/agents/{shop.agent_id}", json=change, headers=shop.headers)).raise_for_status()
    async with dial(Line(installation.url, str(shop.agent_id), "Ada", shop.token), AUDIO) as call:
        greeted = await call.wait_reply()
        assert len(greeted.reply) == 2, greeted.reply
        await call.listen(0.3)
        await call.say(await asyncio.to_thread(speak, QUESTION, RATE_HZ), QUESTION)
        spoken_s = call.now_s
        turn = await call.wait_reply()
        silence_ms = longest_silence_ms(call.playback.render(spoken_s, call.now_s))
        ended = call.ended or ""
    switched = [f"{event['part']}: {event['reason']}" for _, event in call.events if event["type"] == "provider"]
    return turn.latency_ms, silence_ms, ended, ", ".join(switched)


async def main() -> None:
    """Print a line a call."""
    os.environ |= {"OPENAI_API_KEY": KEY}
    wanted = sys.argv[1] if sys.argv[1:] else ""
    async with Vendor() as vendor:
        os.environ["OPENAI_BASE_URL"] = vendor.base_url
        with server_directory() as made:
            async with serve_installation(made, max_calls=8) as installation:
                good = f"openai:{GOOD}"
                cases = [("nothing", good, good)]
                for fault in ERRORS:
                    bad = f"openai:{model_of(fault)}, {good}"
                    cases += [(f"hearing: {fault}", bad, good), (f"voice: {fault}", good, bad)]
                cases.append(("every vendor is dead", f"openai:{DEAD}-1", f"openai:{DEAD}-2"))
                for name, stt, tts in cases:
                    if not name.startswith(wanted):
                        continue
                    answer_ms, silence_ms, ended, switched = await ask(installation, stt, tts)
                    told = "?" if answer_ms is None else f"{answer_ms:.0f} ms"
                    gap = f"longest silence {silence_ms:4.0f} ms"
                    print(f"{name:30} answer {told:8} {gap}  {ended or 'goes on'}  {switched}", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["many"]:
        outage_load.main(int(sys.argv[2]) if sys.argv[2:] else 50, *sys.argv[3:])
    else:
        asyncio.run(main())
