"""Credentials are found with their ends."""

from alembic import op

revision = "plans_0005"
down_revision = "plans_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX heard_credential")
    op.execute(
        "CREATE INDEX heard_credential ON heard_fact (subject, sequence)"
        " WHERE type IN ('ninehours.attendance.v1.StaffCredentialed',"
        " 'ninehours.attendance.v1.CredentialEnded')"
    )
