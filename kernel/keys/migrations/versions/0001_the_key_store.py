"""Owners' wrapped keys, whose were destroyed, and since when each master key is known."""

from alembic import op

revision = "keys_0001"
down_revision = None
branch_labels = ("keys",)
depends_on = None

TABLES = """
CREATE TABLE owner_key (
    owner text PRIMARY KEY,
    master text NOT NULL,
    wrapped bytea NOT NULL
);
CREATE INDEX owner_key_of_master ON owner_key (master);
CREATE TABLE destroyed_key (owner text PRIMARY KEY, destroyed_at timestamptz NOT NULL);
CREATE TABLE master_key (id text PRIMARY KEY, since timestamptz NOT NULL);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("keys are never taken down; restore the key store instead")
