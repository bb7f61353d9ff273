"""Episodes by site and program, so that clients can be listed. Earlier ones: from the facts."""

from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE episode
        ADD site_id uuid,
        ADD program_kind text,
        ADD level_of_care text,
        ADD admitted_on date,
        ADD previous_episode_id uuid;

    UPDATE episode SET
        site_id = CAST(body->>'site_id' AS uuid),
        program_kind = body->'program'->>'kind',
        level_of_care = body->>'level_of_care',
        admitted_on = CAST(body->>'admitted_on' AS date),
        previous_episode_id = CAST(body->>'previous_episode_id' AS uuid)
    FROM fact
    WHERE stream = 'episode/' || episode_id AND type = 'intake.client_admitted.v1';

    ALTER TABLE episode
        ALTER site_id SET NOT NULL,
        ALTER program_kind SET NOT NULL,
        ALTER level_of_care SET NOT NULL,
        ALTER admitted_on SET NOT NULL;
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
