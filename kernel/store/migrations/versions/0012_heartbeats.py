"""Every process of a service tells when it was last able to commit."""

from alembic import op

revision = "kernel_0012"
down_revision = "kernel_0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE heartbeat (
    process text NOT NULL,
    ordinal integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (process, ordinal)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
