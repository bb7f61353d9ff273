"""Credentials are found by their type: they are asked for whenever somebody signs."""

from alembic import op

revision = "plans_0004"
down_revision = "plans_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX heard_credential ON heard_fact (subject)"
        " WHERE type = 'ninehours.attendance.v1.StaffCredentialed'"
    )
