"""The owner of the database reads every row while it says that it makes a backup, and at no other time.

The run-time role cannot: the policies are the owner's, and count only where nobody has taken on another role. A table
that comes later brings a policy of the same name.
"""

from alembic import op

revision = "0093_backup"
down_revision = "0090_tool_secrets"
branch_labels = None
depends_on = None

_GUARDED = """
    SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
"""


def upgrade() -> None:
    op.execute(
        f"""
        DO $$ DECLARE guarded record; BEGIN
            FOR guarded IN {_GUARDED} LOOP
                EXECUTE 'CREATE POLICY backup ON ' || guarded.name || ' FOR SELECT TO CURRENT_USER USING ('
                    || 'current_setting(''app.finding'', true) = ''backup'''
                    || ' AND session_user = current_user AND current_setting(''role'') = ''none'')';
            END LOOP;
        END $$
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        DO $$ DECLARE guarded record; BEGIN
            FOR guarded IN {_GUARDED} LOOP
                EXECUTE 'DROP POLICY IF EXISTS backup ON ' || guarded.name;
            END LOOP;
        END $$
        """
    )
