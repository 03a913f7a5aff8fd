"""A conversation that took place becomes a scenario: it passes, and says nothing of who called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml
from sqlalchemy import delete, update

from reception.cli.eval_bench import bench_on
from reception.db.database import Database
from reception.db.snapshot import tenant_rows
from reception.domains.conversations.models import ConversationRow, EffectRun
from reception.domains.reservations import service as reservations
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.evaluation.phone import MovableClock
from reception.runtime.evaluation.playing import Hooks, play
from reception.runtime.evaluation.recording import record
from reception.runtime.evaluation.running import Bench, Call, referring, text_phone
from reception.runtime.evaluation.setting_up import Stage
from tests.support.scenarios import failures_of, written

HELD = """
business:
  name: Noodle Bar
  timezone: America/Chicago
  hours: always
  tables: {2: 3, 4: 2}
  rules: {largest_party: 6, lead_time: 10m, turn_times: {2: 1h, 6: 2h}}
  agent: {persona_name: Kit, greeting: "Noodle Bar. How can I help you?"}
  documents: {Menu: "# Menu\\n## Soup\\nThe miso soup costs $9."}
existing:
  reservations:
    - {date: +3d, time: "19:00", party: 2, count: 2, name: Oscar Quill}
caller: +1 312 555 0177
answers:
  name: Zelda Winterbottom
  phone: three one two, five five five, oh one double nine
  caller_phone: "No, take another one."
  confirm: Yes.
turns:
  - How much is the miso soup?
  - {when: more, say: "A table for two in three days at 7 pm please, it's for Zelda Winterbottom."}
"""


OTHERS = {
    "a message": """
turns:
  - "Can you tell Maria that the delivery is late? This is Zelda Winterbottom, 312 555 0199."
  - {when: confirm, say: "Yes."}
""",
    "a message, asked for": """
turns:
  - I'd like to leave a message for the chef.
  - {when: message, say: "The noodles come at nine."}
""",
    "a person asked for, and nobody there": """
turns: [I want to speak to a person.]
""",
    "a caller who came before": """
caller: +1 312 555 0177
existing: {leads: [{kind: message, name: Zelda Winterbottom, phone: +1 312 555 0177, summary: About the noodles}]}
turns: [I'd like to leave a message.]
answers: {caller_phone: "Yes.", message: It is about the soup.}
""",
    "a booking that is moved": """
caller: +1 312 555 0177
existing:
  reservations: [{date: +3d, time: "19:00", party: 2, name: Zelda Winterbottom, phone: +1 312 555 0177}]
turns: ["Can you move my booking to 9 pm?"]
""",
    "a booking that is moved by its reference": """
existing: {reservations: [{date: +3d, time: "19:00", party: 2, name: Zelda Winterbottom}]}
turns:
  - "I'd like to change my booking, the reference is {reference}."
  - {when: change, say: "At 9 pm, please."}
""",
    "a booking that is cancelled": """
caller: +1 312 555 0177
existing:
  reservations: [{date: +3d, time: "19:00", party: 2, name: Zelda Winterbottom, phone: +1 312 555 0177}]
turns: [I have to cancel my booking.]
""",
}
BUSINESS = HELD[: HELD.index("existing:")]
ANSWERS = {
    "name": "Zelda Winterbottom", "phone": "three one two, five five five, oh one double nine",
    "caller_phone": "No, take another one.", "confirm": "Yes.", "message": "The noodles come at nine.",
}  # fmt: skip


@asynccontextmanager
async def held(database: Database, text: str = HELD, bench: Bench | None = None) -> AsyncIterator[tuple[Stage, UUID]]:
    """The conversation of `text`, at the present time, as it is stored."""
    bench = bench or await bench_on(database, MiniLmEmbedder(), "local")
    now = datetime.now(ZoneInfo("America/Chicago"))
    (scenario,) = written(f"clock: {now:%Y-%m-%d} {now:%H:%M}\n{text}")
    clock = MovableClock(scenario.clock, runs=True)
    factory = bench.conversations(clock)

    async def nothing(*_: object) -> None:
        return None

    async def no_failures(*_: object) -> list[object]:
        return []

    async with bench.theatre.stage(scenario) as stage:
        wired = await factory.find_agent(stage.tenant_id, stage.agent_id)
        scenario = referring(scenario, stage.references)
        async with text_phone(Call(scenario, wired, factory, clock)) as phone:
            await play(scenario, phone, Hooks(nothing, no_failures))  # type: ignore[arg-type]
        yield stage, phone.conversation_id


async def test_a_recorded_conversation_passes_and_names_nobody(hasty_database: Database) -> None:
    async with held(hasty_database) as (stage, conversation_id):
        text = await record(hasty_database, stage.tenant_id, conversation_id)
    for real in ("Zelda", "Winterbottom", "0177", "0199", "double nine", "Oscar", "Quill"):
        assert real not in text, text
    assert "miso soup" in text
    (scenario,) = written(text)
    assert scenario.caller
    assert len(scenario.existing.reservations) == 1
    assert scenario.existing.reservations[0].count == 2
    if failed := await failures_of(hasty_database, [scenario]):
        pytest.fail(f"{text}\n{failed}", pytrace=False)


async def test_leads_messages_and_changed_bookings_pass_when_they_are_recorded(hasty_database: Database) -> None:
    recorded: list[str] = []
    bench = await bench_on(hasty_database, MiniLmEmbedder(), "local")
    for name, talk in OTHERS.items():
        given = yaml.safe_load(talk)
        whole = {**yaml.safe_load(BUSINESS), **given, "answers": {**ANSWERS, **given.get("answers", {})}}
        async with held(hasty_database, yaml.safe_dump(whole, sort_keys=False), bench) as (stage, conversation_id):
            text = await record(hasty_database, stage.tenant_id, conversation_id)
        done = yaml.safe_load(text)["expect"]
        assert done["leads"] != "none" or done["reservations"] not in ("none", "unchanged"), f"{name}: {text}"
        assert "Zelda" not in text
        recorded.append(text)
    scenarios = [scenario for text in recorded for scenario in written(text)]
    if failed := await failures_of(hasty_database, scenarios):
        pytest.fail("\n".join([*recorded, failed]), pytrace=False)


async def test_personal_data_stays_where_that_is_wanted(hasty_database: Database) -> None:
    async with held(hasty_database) as (stage, conversation_id):
        text = await record(hasty_database, stage.tenant_id, conversation_id, real=True)
    assert "Zelda Winterbottom" in text
    assert "+13125550199" in text


async def test_what_a_later_call_did_to_a_booking_is_not_how_this_one_ended(hasty_database: Database) -> None:
    async with held(hasty_database) as (stage, conversation_id):
        before = await record(hasty_database, stage.tenant_id, conversation_id)
        async with hasty_database.tenant_session(stage.tenant_id) as session:
            (own,) = await tenant_rows(session, "reservations", conversation_id=str(conversation_id))
            await reservations.cancel(session, stage.business, UUID(own["id"]), datetime.now(UTC))
        text = await record(hasty_database, stage.tenant_id, conversation_id)
        # Outcomes may be gone, and the row is all there is.
        async with hasty_database.tenant_session(stage.tenant_id) as session:
            await session.execute(delete(EffectRun).where(EffectRun.conversation_id == conversation_id))
            ended = datetime.now(UTC) - timedelta(hours=1)  # a scenario's turns take longer than the test's
            of_it = update(ConversationRow).where(ConversationRow.id == conversation_id)
            await session.execute(of_it.values(ended_at=ended))
        without = await record(hasty_database, stage.tenant_id, conversation_id)
    note = "# Changed after the conversation had ended, expected as it was then: 1 booking.\n"
    assert "Changed after" not in before
    assert text.replace(note, "") == before
    assert note in text
    assert "status: cancelled" in without
    assert "expected as it is now, as what it was then is not kept: 1 booking." in without
