"""What operators tried again of what was parked, on the record."""

from alembic import op

revision = "kernel_0022"
down_revision = "kernel_0021"
branch_labels = None
depends_on = None

TABLE = """
-- What was parked and released: by which id, what was wrong with it, who released it, when and why.
CREATE TABLE released (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parked_id text NOT NULL,
    error text NOT NULL,
    released_by text NOT NULL,
    released_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
CREATE INDEX released_parked ON released (parked_id);
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
