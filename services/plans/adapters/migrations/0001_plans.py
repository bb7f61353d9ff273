"""The root of plans' branch: all it has so far is kept in the kernel's tables."""

revision = "plans_0001"
down_revision = None
branch_labels = ("plans",)
depends_on = "kernel_0001"


def upgrade() -> None:
    """Nothing to make yet."""


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
