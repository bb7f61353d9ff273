"""Each subject's changes keep their order: none counts as written before the one before it.

A transaction may have its id, wait for a subject's lock, and write after one that began later.
"""

from alembic import op

revision = "kernel_0007"
down_revision = "kernel_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sequence ADD COLUMN last_written xid8 NOT NULL DEFAULT pg_current_xact_id()"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
