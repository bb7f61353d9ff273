"""Whose each client is: where they are admitted, else were last, else were registered."""

from alembic import op

revision = "intake_0007"
down_revision = "intake_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- NULL: registered before sites were asked for.
    CREATE TABLE registration (client_id uuid PRIMARY KEY, site_id uuid);
    INSERT INTO registration
    SELECT CAST(body->>'client_id' AS uuid), CAST(nullif(body->>'site_id', '') AS uuid)
    FROM fact WHERE type = 'intake.client_registered.v1';

    -- As kernel/sites.py has the rule; who has no row here belongs to `*` alone.
    CREATE VIEW client_site AS
    SELECT client_id, site_id FROM episode WHERE closed_on IS NULL
    UNION ALL
    SELECT client_id, site_id
    FROM (SELECT DISTINCT ON (client_id) client_id, site_id, closed_on FROM episode
          ORDER BY client_id, closed_on DESC NULLS FIRST, number DESC) AS last
    WHERE closed_on IS NOT NULL
    UNION ALL
    SELECT client_id, site_id FROM registration
    WHERE site_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM episode WHERE episode.client_id = registration.client_id);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
