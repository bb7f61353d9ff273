"""Which worker has an ordinal: one that lost it hears no more, though it may not know yet."""

from alembic import op

revision = "kernel_0010"
down_revision = "kernel_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE stream_ordinal (ordinal int PRIMARY KEY, holder uuid NOT NULL)")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
