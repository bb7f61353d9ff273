"""Drafted plans by client: whoever reads a client's plans is told of drafts, too."""

from alembic import op

revision = "plans_0006"
down_revision = "plans_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX fact_of_draft ON fact ((body->>'client_id'))"
        " WHERE type = 'plans.plan_drafted.v1'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
