"""When each fact was signed, beside when it was recorded. NULL: before this, read as recorded."""

from alembic import op

revision = "kernel_0004"
down_revision = "kernel_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE published ADD COLUMN signed_at timestamptz")
    op.execute("ALTER TABLE heard_fact ADD COLUMN signed_at timestamptz")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
