"""Three houses with longer documents than the demo's: a hotel's handbook, a clinic's policies, a salon's price list."""

from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from reception.db.database import Database
from reception.domains.agents import service as agents
from reception.domains.knowledge import service as knowledge
from reception.domains.tenants import service as tenants
from reception.ports.business import AgentKind, AgentSettings, BookingRules, BusinessKind, OpeningHours
from reception.ports.speech import Embedder

__all__ = ["LARGER", "House", "LargerHouse", "open_larger"]

_DOCUMENTS = Path(__file__).parent.parent / "integration" / "documents"


@dataclass(frozen=True, slots=True)
class House:
    slug: str
    tenant_id: UUID
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class LargerHouse:
    """A business of tests/integration/documents."""

    slug: str
    name: str
    kind: BusinessKind
    titles: tuple[tuple[str, str], ...]

    @property
    def tenant_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, self.slug)


LARGER = (
    LargerHouse("larch-bay", "Larch Bay Hotel", BusinessKind.HOTEL, (("guest-handbook", "Guest handbook"),)),
    LargerHouse("fern-hill", "Fern Hill Clinic", BusinessKind.CLINIC, (("clinic-policies", "Patient policies"),)),
    LargerHouse("studio-wren", "Studio Wren", BusinessKind.SALON, (("price-list", "Price list"),)),
)


async def open_larger(database: Database, embedder: Embedder, house: LargerHouse) -> House:
    """The house with its documents; opening hours are left to the documents."""
    tenant_id, agent_id = house.tenant_id, uuid5(NAMESPACE_URL, f"{house.slug} agent")
    async with database.tenant_session(tenant_id) as session:
        spec = tenants.TenantSpec(
            slug=house.slug,
            name=house.name,
            kind=house.kind,
            timezone="America/Los_Angeles",
            region="US",
            locale="en-US",
            phone="",
            address="",
            hours=OpeningHours(((),) * 7),
            rules=BookingRules(),
        )
        await tenants.create_tenant(session, tenant_id, spec)
        await agents.create_agent(
            session, tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=AgentSettings(), agent_id=agent_id
        )
        for name, title in house.titles:
            text = (_DOCUMENTS / house.slug / f"{name}.md").read_text(encoding="utf-8")
            await knowledge.ingest(session, tenant_id, title=title, text=text, kind="general", embedder=embedder)
    return House(house.slug, tenant_id, agent_id)
