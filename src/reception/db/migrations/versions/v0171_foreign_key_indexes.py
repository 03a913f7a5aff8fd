"""An index for every foreign key: what a row takes along when it is deleted is found without reading the rest of its
tenant, whatever the planner knows of the table."""

from alembic import op

revision = "0171_foreign_key_indexes"
down_revision = "0170_platform_requests"
branch_labels = None
depends_on = None

_WIDER = {
    ("conversations", "conversations_agent", "agent_id"): ("conversations_of_agent", "tenant_id, agent_id"),
    ("messages", "messages_tenant_id", "tenant_id"): ("messages_conversation", "tenant_id, conversation_id"),
    ("effect_runs", "effect_runs_tenant_id", "tenant_id"): ("effect_runs_conversation", "tenant_id, conversation_id"),
    ("agent_versions", "agent_versions_tenant_id", "tenant_id"): ("agent_versions_agent", "tenant_id, agent_id"),
    ("knowledge_chunks", "knowledge_chunks_tenant_id", "tenant_id"): (
        "knowledge_chunks_document",
        "tenant_id, document_id",
    ),
}
"""Indexes that do all that another did, and take its place."""
_MORE = {
    "knowledge_uploads_document": ("knowledge_uploads", "tenant_id, document_id"),
    "allocations_reservation": ("allocations", "tenant_id, reservation_id"),
    "allocations_resource": ("allocations", "tenant_id, resource_no"),
    "waitlist_reservation": ("waitlist", "tenant_id, reservation_id"),
}


def upgrade() -> None:
    for (table, _, _), (name, columns) in _WIDER.items():
        op.execute(f"CREATE INDEX {name} ON {table} ({columns})")
    for name, (table, columns) in _MORE.items():
        op.execute(f"CREATE INDEX {name} ON {table} ({columns})")
    # Nobody reads a table while an index of it is dropped, from then until all is committed: so they go last.
    for _, former, _ in _WIDER:
        op.execute(f"DROP INDEX {former}")


def downgrade() -> None:
    for name in _MORE:
        op.execute(f"DROP INDEX {name}")
    for (table, former, columns), (name, _) in _WIDER.items():
        op.execute(f"CREATE INDEX {former} ON {table} ({columns})")
        op.execute(f"DROP INDEX {name}")
