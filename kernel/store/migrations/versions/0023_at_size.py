"""Pages of heads are found in byte order, and facts of a type among many others, by an index."""

from alembic import op

revision = "kernel_0023"
down_revision = "kernel_0022"
branch_labels = None
depends_on = None

INDEXES = """
-- The order of the pages is the same whatever a database's collation.
CREATE INDEX sequence_in_byte_order ON sequence (subject COLLATE "C");
CREATE INDEX published_of_type ON published (type);
CREATE INDEX heard_fact_of_type ON heard_fact (type);
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
