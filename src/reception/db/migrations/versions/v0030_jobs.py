"""The queue of background jobs: procrastinate's tables, which hold names of tasks and ids, and nothing of a tenant's.

The schema is that of the procrastinate which is installed; a later one brings its changes as a migration of its own.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0030_jobs"
down_revision = "0010_reservation_life"
branch_labels = None
depends_on = None

_TABLES = ("procrastinate_workers", "procrastinate_jobs", "procrastinate_periodic_defers", "procrastinate_events")


def upgrade() -> None:
    # Several statements with signs that SQLAlchemy would take for parameters.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(_TABLES)} TO reception_app")
    for table in _TABLES:
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO reception_app")


def downgrade() -> None:
    op.execute(f"DROP TABLE {', '.join(reversed(_TABLES))} CASCADE")
    op.execute(
        """
        DO $$ DECLARE made record; BEGIN
            FOR made IN SELECT oid::regprocedure AS name FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' LOOP
                EXECUTE 'DROP FUNCTION ' || made.name || ' CASCADE';
            END LOOP;
        END $$
        """
    )
    op.execute("DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type")
