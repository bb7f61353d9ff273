"""Owners' keys lie in a key store of their own; here a register names whose were destroyed."""

from alembic import op

revision = "kernel_0014"
down_revision = "kernel_0013"
branch_labels = None
depends_on = None

# `data_key` stays until `kernel/keys/moving.py` has moved what it holds.
TABLES = """
CREATE TABLE forgotten_owner (owner text PRIMARY KEY, destroyed_at timestamptz NOT NULL);
ALTER TABLE document DROP CONSTRAINT document_owner_fkey;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
