"""Facts are signed by whoever appends them; up to which position they may stand without, is stated.

`seal` says so of this service's own log, and says 0 of one that is empty: only a release that signs
will ever append to it. `heard_topic.unsigned_to` is what owners said of theirs.
"""

from alembic import op

revision = "kernel_0015"
down_revision = "kernel_0014"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE published ADD COLUMN signature text;
CREATE TABLE seal (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    unsigned_to bigint NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO seal (unsigned_to) SELECT 0 WHERE NOT EXISTS (SELECT FROM published);
ALTER TABLE heard_topic ADD COLUMN unsigned_to bigint;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
