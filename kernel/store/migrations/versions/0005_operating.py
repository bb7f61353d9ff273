"""What operators do: records gone past for good, on the record; the log followed in its order."""

from alembic import op

revision = "kernel_0005"
down_revision = "kernel_0004"
branch_labels = None
depends_on = None

TABLES = """
-- Parked records that somebody went past: what they were, who did, when and why.
CREATE TABLE given_up (
    parked_id bigint PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    subject text,
    fact_id uuid,
    type text,
    headers jsonb NOT NULL,
    body bytea,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    given_up_by text NOT NULL,
    given_up_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
CREATE INDEX published_position ON published (position);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
