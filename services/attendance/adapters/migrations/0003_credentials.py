"""Credentials among the facts: few among many, asked for whenever somebody signs."""

from alembic import op

revision = "attendance_0003"
down_revision = "attendance_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX fact_of_credential ON fact (stream)"
        " WHERE type = 'attendance.staff_credentialed.v1'"
    )
