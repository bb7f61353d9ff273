"""What somebody waits for, which is only their word, stands apart from what is missing."""

from alembic import op

revision = "kernel_0013"
down_revision = "kernel_0012"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE asked_for (
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (topic, subject)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
