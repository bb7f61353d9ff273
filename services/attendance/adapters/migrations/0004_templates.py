"""Templates by site: few among many facts, asked for whenever a site is read."""

from alembic import op

revision = "attendance_0004"
down_revision = "attendance_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX fact_of_template ON fact ((body->>'site_id'))"
        " WHERE type = 'attendance.template_defined.v1'"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
