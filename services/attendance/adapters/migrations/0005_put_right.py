"""Who was expected and isn't any more; and what puts right, which is little among many facts."""

from alembic import op

revision = "attendance_0005"
down_revision = "attendance_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE attendee ADD expected boolean NOT NULL DEFAULT true")
    op.execute(
        "CREATE INDEX fact_of_amendment ON fact (stream)"
        " WHERE type = 'attendance.statement_amended.v1'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
