"""Episodes that were transferred: where they were, and who is told of their clients."""

from alembic import op

revision = "intake_0012"
down_revision = "intake_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- Every place of an episode that was transferred, the first and the last among them; of others
    -- nothing stands here.
    CREATE TABLE stay (
        episode_id uuid NOT NULL,
        first date NOT NULL,
        site_id uuid NOT NULL,
        program_id uuid NOT NULL,
        PRIMARY KEY (episode_id, first)
    );

    -- As kernel/sites.py has the rule; who has no row here belongs to `*` alone.
    CREATE OR REPLACE VIEW client_site AS
    SELECT client_id, site_id FROM episode WHERE closed_on IS NULL
    UNION ALL
    SELECT client_id, stay.site_id FROM episode JOIN stay USING (episode_id)
    WHERE closed_on IS NULL AND stay.site_id <> episode.site_id
    UNION ALL
    SELECT client_id, site_id
    FROM (SELECT DISTINCT ON (client_id) client_id, site_id, closed_on FROM episode
          ORDER BY client_id, closed_on DESC NULLS FIRST, number DESC) AS last
    WHERE closed_on IS NOT NULL
    UNION ALL
    SELECT client_id, stay.site_id
    FROM (SELECT DISTINCT ON (client_id) client_id, episode_id, site_id, closed_on FROM episode
          ORDER BY client_id, closed_on DESC NULLS FIRST, number DESC) AS last
    JOIN stay USING (episode_id)
    WHERE closed_on IS NOT NULL AND stay.site_id <> last.site_id
    UNION ALL
    SELECT client_id, site_id FROM registration
    WHERE site_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM episode WHERE episode.client_id = registration.client_id);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
