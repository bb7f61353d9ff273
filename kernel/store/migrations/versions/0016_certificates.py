"""A heartbeat tells which certificates its process shows, for status: names and times."""

from alembic import op

revision = "kernel_0016"
down_revision = "kernel_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE heartbeat ADD COLUMN certificates jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
