"""By what clients are recognised, and who was judged; those of before are noted by the stream."""

from alembic import op

revision = "intake_0008"
down_revision = "intake_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    -- Keyed hashes: of name and birth date, and of each membership.
    CREATE TABLE likeness (
        client_id uuid NOT NULL,
        digest text NOT NULL,
        noted_at timestamptz NOT NULL,
        PRIMARY KEY (client_id, digest)
    );
    CREATE INDEX likeness_of_digest ON likeness (digest);

    -- The lower id first. `judged_at`: the first word; `verdict`: the last.
    CREATE TABLE doubles_judged (
        client_id uuid NOT NULL,
        other_client_id uuid NOT NULL,
        verdict text NOT NULL,
        judged_at timestamptz NOT NULL,
        PRIMARY KEY (client_id, other_client_id)
    );
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
