"""Which code each derivation last ran with: clients it gave no row have to be derived again too."""

from alembic import op

revision = "kernel_0002"
down_revision = "kernel_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE derivation_code (derivation text PRIMARY KEY, code text NOT NULL)")


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
