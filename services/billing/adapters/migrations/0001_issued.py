"""Nothing of billing's own yet beside the kernel's tables: the branch others will follow."""

revision = "billing_0001"
down_revision = None
branch_labels = ("billing",)
depends_on = "kernel_0001"


def upgrade() -> None:
    """The kernel's tables hold all that this release asks."""


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
