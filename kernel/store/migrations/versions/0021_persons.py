"""Who was merged with whom is found among all that was heard."""

from alembic import op

revision = "kernel_0021"
down_revision = "kernel_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX heard_merge ON heard_fact (type) WHERE type IN"
        " ('ninehours.common.v1.ClientMerged', 'ninehours.common.v1.ClientUnmerged')"
    )


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
