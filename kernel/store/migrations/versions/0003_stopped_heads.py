"""Stopped subjects are found without reading every head: each command asks for them."""

from alembic import op

revision = "kernel_0003"
down_revision = "kernel_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX heard_head_stopped ON heard_head (subject) WHERE stopped IS NOT NULL")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
