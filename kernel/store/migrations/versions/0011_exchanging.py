"""Subjects are heard anew by exchange, owners are asked where a record contradicts; see decisions.

What is set aside is kept by its content too: a topic made anew counts its offsets from 0 again.
"""

from alembic import op

revision = "kernel_0011"
down_revision = "kernel_0010"
branch_labels = None
depends_on = None

TABLES = """
-- All of the subject's log is to be read from its owner, and exchanged for what was heard.
ALTER TABLE heard_head ADD COLUMN anew boolean NOT NULL DEFAULT false;
CREATE INDEX heard_head_anew ON heard_head (topic, subject) WHERE anew;
-- exchanging: nothing is derived until all its subjects were. doubted: a record told of another
-- epoch; its owner is asked.
ALTER TABLE heard_topic
    ADD COLUMN exchanging boolean NOT NULL DEFAULT false,
    ADD COLUMN doubted boolean NOT NULL DEFAULT false;
ALTER TABLE parked ADD COLUMN digest bytea NOT NULL DEFAULT '';
ALTER TABLE parked DROP CONSTRAINT parked_topic_partition_record_offset_subject_key;
ALTER TABLE parked ADD CONSTRAINT parked_once
    UNIQUE NULLS NOT DISTINCT (topic, partition, record_offset, subject, digest);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
