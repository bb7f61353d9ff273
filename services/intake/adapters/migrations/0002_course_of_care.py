"""Closed episodes are remembered; safety tasks are listed by deadline."""

from alembic import op

revision = "intake_0002"
down_revision = "intake_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE open_episode RENAME TO episode;
    ALTER TABLE episode DROP CONSTRAINT open_episode_pkey;
    ALTER TABLE episode DROP CONSTRAINT open_episode_episode_id_key;
    ALTER TABLE episode ADD PRIMARY KEY (episode_id);
    ALTER TABLE episode ADD COLUMN closed_on date;
    -- In the order of admission: of several closed on one day the last admitted is the last.
    ALTER TABLE episode ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
    CREATE INDEX episode_of_client ON episode (client_id, number);
    CREATE UNIQUE INDEX episode_open ON episode (client_id, program_id) WHERE closed_on IS NULL;

    CREATE TABLE safety_task (
        task_id uuid PRIMARY KEY,
        client_id uuid NOT NULL,
        assessment_id uuid NOT NULL,
        owner text NOT NULL,
        opened_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        closed_at timestamptz,
        action text,
        CHECK ((closed_at IS NULL) = (action IS NULL))
    );
    CREATE INDEX safety_task_listed ON safety_task ((closed_at IS NOT NULL), due_at, task_id);
    CREATE INDEX safety_task_of_client ON safety_task (client_id);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
