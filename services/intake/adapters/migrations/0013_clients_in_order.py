"""Clients by registration: a page of them is found where the one before ended."""

from alembic import op

revision = "intake_0013"
down_revision = "intake_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX fact_of_registration ON fact (at, CAST(substr(stream, 8) AS uuid))"
        " WHERE stream LIKE 'client/%' AND version = 1"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
