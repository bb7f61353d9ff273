"""Sites among all that was heard, for a question to the whole network."""

from alembic import op

revision = "intake_0011"
down_revision = "intake_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX heard_site ON heard_fact (subject)"
        " WHERE type = 'ninehours.attendance.v1.SiteOpened'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
