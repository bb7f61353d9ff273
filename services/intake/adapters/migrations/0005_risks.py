"""What each safety task stands for. Those of before, whose facts don't say: by their instrument."""

from alembic import op

revision = "intake_0005"
down_revision = "intake_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE safety_task ADD risk text NOT NULL DEFAULT 'HIGH';
    ALTER TABLE safety_task ALTER risk DROP DEFAULT;

    UPDATE safety_task SET risk = 'MODERATE'
    FROM fact
    WHERE stream = 'assessment/' || assessment_id
      AND type = 'intake.assessment_completed.v1' AND body->>'instrument' = 'phq9/1';
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
