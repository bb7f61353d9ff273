"""Published rows say which transaction wrote them: changes are read in an order nobody gets behind.

What is there already counts as written by this migration.
"""

from alembic import op

revision = "kernel_0006"
down_revision = "kernel_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE published ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()"
    )
    op.execute("CREATE INDEX published_changes ON published (written_by, position)")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
