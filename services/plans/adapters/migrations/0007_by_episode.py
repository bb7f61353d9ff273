"""Drafts and recommendations by episode: of whoever is in care, what waits is looked up."""

from alembic import op

revision = "plans_0007"
down_revision = "plans_0006"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX fact_of_draft_by_episode ON fact ((body->>'episode_id'))
    WHERE type = 'plans.plan_drafted.v1';
CREATE INDEX recommendation_of_episode
    ON derived ((content->>'episode_id'), (content->>'week_start') DESC)
    WHERE kind = 'recommendation' AND current AND NOT withdrawn;
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
