"""Whose command each was: its answer is repeated to them alone. NULL: nobody knows any more.

Of earlier commands their facts tell; one that yielded nothing told nobody.
"""

from alembic import op

revision = "kernel_0008"
down_revision = "kernel_0007"
branch_labels = None
depends_on = None

BACKFILL = """
UPDATE command SET actor = (SELECT actor FROM fact WHERE command_id = command.id LIMIT 1)
"""


def upgrade() -> None:
    op.execute("ALTER TABLE command ADD COLUMN actor text")
    op.execute(BACKFILL)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
