"""Pages of a kind's rows by what is mostly asked for, and authorizations by their last day."""

from alembic import op

revision = "billing_0008"
down_revision = "billing_0007"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX derived_in_order ON derived (kind, row_key COLLATE "C")
    WHERE current AND NOT withdrawn;
CREATE INDEX derived_by_site ON derived (kind, (content->>'site_id'), row_key COLLATE "C")
    WHERE current AND NOT withdrawn;
CREATE INDEX derived_by_outcome ON derived (kind, (content->>'outcome'), row_key COLLATE "C")
    WHERE current AND NOT withdrawn;
CREATE INDEX derived_by_date ON derived (kind, (content->>'service_date'))
    WHERE current AND NOT withdrawn;
CREATE INDEX fact_of_authorization ON fact ((body->>'effective_to'))
    WHERE type = 'billing.authorization_recorded.v1';
CREATE INDEX fact_of_authorization_amended ON fact ((body->'content'->>'effective_to'))
    WHERE type = 'billing.statement_amended.v1'
    AND body->>'type' = 'billing.authorization_recorded.v1';
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
