"""What is pending tells of which traces it is part, until it is done; workers of before don't."""

from alembic import op

revision = "kernel_0018"
down_revision = "kernel_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE due ADD COLUMN traces text")
    op.execute("ALTER TABLE due_reaction ADD COLUMN traces text")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
