"""The owning role reads all tenants' documents within `tenants_embedded_otherwise` alone, which tells only ids."""

from alembic import op

revision = "0061_narrow_reembedding"
down_revision = "0060_spoken_answers"
branch_labels = None
depends_on = None

_ALTER = "ALTER POLICY reembedding ON knowledge_documents USING"


def upgrade() -> None:
    op.execute("ALTER FUNCTION tenants_embedded_otherwise(text) SET app.reembedding TO 'on'")
    op.execute(f"{_ALTER} (current_setting('app.reembedding', true) = 'on')")


def downgrade() -> None:
    op.execute(f"{_ALTER} (true)")
    op.execute("ALTER FUNCTION tenants_embedded_otherwise(text) RESET app.reembedding")
