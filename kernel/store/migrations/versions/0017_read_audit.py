"""Who asked what about which client: entered before anything of the answer leaves."""

from alembic import op

revision = "kernel_0017"
down_revision = "kernel_0016"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE read_audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    roles text[] NOT NULL,
    purpose text NOT NULL,
    -- NULL: the question named nobody, and was refused.
    client_id uuid,
    rpc text NOT NULL,
    outcome text NOT NULL,
    correlation text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX read_audit_of_client ON read_audit (client_id, number);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
