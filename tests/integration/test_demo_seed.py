"""The demo businesses arrive complete, once, and stay as their owners leave them."""

from datetime import date, datetime
from time import perf_counter
from zoneinfo import ZoneInfo

from reception.db.database import Database
from reception.domains.agents import service as agents
from reception.domains.knowledge import service as knowledge
from reception.domains.reservations import service as reservations
from reception.domains.tenants import service as tenants
from reception.ports.booking import SlotQuery
from reception.ports.business import AgentSettings
from reception.runtime.demo.businesses import demo_businesses
from reception.runtime.demo.seed import document_text, seed_demo
from tests.support.demo import NOW, RememberingEmbedder, embedder, unseeded

__all__ = ["embedder", "unseeded"]


async def test_everything_is_there_after_the_first_start(unseeded: Database, embedder: RememberingEmbedder) -> None:
    embedder.asked = 0
    started = perf_counter()
    offered = await seed_demo(unseeded, embedder, NOW)
    print(f"\nseeded {embedder.asked} chunks in {perf_counter() - started:.2f} s")

    assert [agent.slug for agent in offered] == ["harbor-table", "alder-house", "northgate-homes"]
    assert embedder.asked <= 260
    for demo, agent in zip(demo_businesses(NOW.date()), offered, strict=True):
        async with unseeded.tenant_session(demo.tenant_id) as session:
            business = await tenants.get_business(session)
            stored = await agents.get_agent(session, agent.agent_id)
            titles = {document.title for document in await knowledge.list_documents(session)}
        assert business.name == demo.spec.name
        assert business.hours == demo.spec.hours
        assert business.rules == demo.spec.rules
        assert set(business.places) == {resource.place for resource in demo.resources if resource.place}
        assert stored.settings == demo.settings
        assert titles == {document.title for document in demo.documents}


async def test_a_later_start_embeds_nothing_and_keeps_what_the_owner_changed(
    unseeded: Database, embedder: RememberingEmbedder
) -> None:
    first = (await seed_demo(unseeded, embedder, NOW))[0]
    async with unseeded.tenant_session(first.tenant_id) as session:
        await tenants.update_tenant(session, name="The New Harbor")
        await agents.update_agent(session, first.agent_id, name="Night desk", settings=AgentSettings(greeting="Hello."))
        before = len(await reservations.list_resources(session))
    embedder.asked = 0

    again = await seed_demo(unseeded, embedder, NOW)

    assert embedder.asked == 0
    assert again[0].name == "Night desk"
    async with unseeded.tenant_session(first.tenant_id) as session:
        assert (await tenants.get_business(session)).name == "The New Harbor"
        assert (await agents.get_agent(session, first.agent_id)).settings.greeting == "Hello."
        assert len(await reservations.list_resources(session)) == before


async def test_a_deleted_agent_stays_deleted(unseeded: Database, embedder: RememberingEmbedder) -> None:
    hotel = (await seed_demo(unseeded, embedder, NOW))[1]
    async with unseeded.tenant_session(hotel.tenant_id) as session:
        await agents.delete_agent(session, hotel.agent_id)

    again = await seed_demo(unseeded, embedder, NOW)

    assert [agent.slug for agent in again] == ["harbor-table", "northgate-homes"]


async def test_an_owners_own_document_is_not_replaced(unseeded: Database, embedder: RememberingEmbedder) -> None:
    agency = (await seed_demo(unseeded, embedder, NOW))[2]
    title = "Questions and answers"
    async with unseeded.tenant_session(agency.tenant_id) as session:
        await knowledge.ingest(
            session,
            agency.tenant_id,
            title=title,
            text="# Questions and answers\n\nWe moved to 9 Poplar Street.",
            kind="faq",
            embedder=embedder,
        )

    await seed_demo(unseeded, embedder, NOW)

    async with unseeded.tenant_session(agency.tenant_id) as session:
        found = await knowledge.search(session, "Poplar Street", None, limit=3)
        chunks = {document.title: document for document in await knowledge.list_documents(session)}
    assert any("9 Poplar Street" in passage.text for passage in found)
    assert chunks[title].kind == "faq"


async def test_each_business_can_be_booked(unseeded: Database, embedder: RememberingEmbedder) -> None:
    await seed_demo(unseeded, embedder, NOW)
    wanted = (
        SlotQuery(datetime(2027, 3, 13, 19, 30, tzinfo=ZoneInfo("America/Los_Angeles")), party_size=8),
        SlotQuery(datetime(2027, 3, 19, 15, 0, tzinfo=ZoneInfo("America/New_York")), 2, nights=2, place="King Room"),
        SlotQuery(datetime(2027, 3, 13, 11, 0, tzinfo=ZoneInfo("America/Chicago")), 2, place="14 Willow Lane"),
    )
    for demo, query in zip(demo_businesses(NOW.date()), wanted, strict=True):
        async with unseeded.tenant_session(demo.tenant_id) as session:
            business = await tenants.get_business(session)
            free = await reservations.availability(session, business, query, NOW)
        assert free.exact is not None, demo.spec.slug
        assert free.exact.place == query.place


def test_holidays_are_closed() -> None:
    restaurant = demo_businesses(date(2026, 5, 1))[0].spec.hours

    assert restaurant.on(date(2026, 11, 26)) == ()
    assert restaurant.on(date(2027, 11, 25)) == ()
    assert restaurant.on(date(2026, 12, 25)) == ()
    assert restaurant.on(date(2027, 1, 1)) == ()
    assert restaurant.on(date(2026, 11, 27)) != ()


def test_every_document_is_shipped_and_begins_with_a_heading() -> None:
    for demo in demo_businesses(NOW.date()):
        for document in demo.documents:
            assert document_text(demo.spec.slug, document).startswith("# ")
