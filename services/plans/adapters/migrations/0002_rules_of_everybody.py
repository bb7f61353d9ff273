"""Admissions heard by the release before lead to the level rules too, so that these reach them."""

from alembic import op

revision = "plans_0002"
down_revision = "plans_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    UPDATE heard_fact SET refs = ARRAY['rules/249eff57-73fc-5d13-ab60-095111d32dd2']
    WHERE type = 'ninehours.intake.v1.ClientAdmitted';
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
