"""Who read a file of claims is written down: it names clients, as intake's answers do."""

from alembic import op

revision = "billing_0003"
down_revision = "billing_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE file_audit (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at          timestamptz NOT NULL,
        actor       text NOT NULL,
        purpose     text NOT NULL,
        batch_id    uuid NOT NULL,
        correlation text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX file_audit_of_batch ON file_audit (batch_id, id);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
