"""Whom closed sessions name though it turned out that nobody admitted them there."""

from alembic import op

revision = "attendance_0006"
down_revision = "attendance_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- When that was heard. Whether it is still so, whoever asks looks up.
    CREATE TABLE misplaced (
        session_id uuid NOT NULL,
        client_id uuid NOT NULL,
        noted_at timestamptz NOT NULL,
        PRIMARY KEY (session_id, client_id)
    )
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
