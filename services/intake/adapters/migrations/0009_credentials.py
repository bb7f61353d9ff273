"""Credentials are found with their ends: scores are told by them."""

from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX heard_credential ON heard_fact (subject, sequence)"
        " WHERE type IN ('ninehours.attendance.v1.StaffCredentialed',"
        " 'ninehours.attendance.v1.CredentialEnded')"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
