"""Marks never repeat; reactions are due by their fact, beside derivations by client."""

from alembic import op

revision = "kernel_0009"
down_revision = "kernel_0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE SEQUENCE due_mark;
SELECT setval('due_mark', (SELECT coalesce(max(mark), 0) + 1 FROM due));
ALTER TABLE due ALTER COLUMN mark SET DEFAULT nextval('due_mark');

-- What has to be reacted to. A worker of the release before reads and writes `due` alone.
CREATE TABLE due_reaction (
    reaction text NOT NULL,
    fact uuid NOT NULL,
    subject text NOT NULL,
    mark bigint NOT NULL DEFAULT nextval('due_mark'),
    raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    error text,
    PRIMARY KEY (reaction, fact)
);
CREATE INDEX due_reaction_of_subject ON due_reaction (subject);

-- Both: what each subject waits for.
CREATE VIEW owed AS
    SELECT derivation AS name, key AS subject, raised_at, error FROM due
    UNION ALL SELECT reaction, subject, raised_at, error FROM due_reaction;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
