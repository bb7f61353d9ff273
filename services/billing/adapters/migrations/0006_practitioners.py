"""Practitioners among the facts: few among many, asked for when who bills is listed."""

from alembic import op

revision = "billing_0006"
down_revision = "billing_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX fact_of_practitioner ON fact (stream)"
        " WHERE type = 'billing.practitioner_registered.v1'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
