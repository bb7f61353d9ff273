"""What amends a statement, among what was heard: little among many facts."""

from alembic import op

revision = "kernel_0020"
down_revision = "kernel_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX heard_fact_of_amendment ON heard_fact (subject)"
        " WHERE type = 'ninehours.common.v1.StatementAmended'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
