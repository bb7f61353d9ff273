"""Admissions are found by their type: whose an episode is, is asked with every command on one."""

from alembic import op

revision = "plans_0003"
down_revision = "plans_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX heard_admission ON heard_fact (subject)"
        " WHERE type = 'ninehours.intake.v1.ClientAdmitted'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
