"""Permits by client and payer, so that who revokes is told what was permitted before."""

from alembic import op

revision = "intake_0006"
down_revision = "intake_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE permit (
        permit_id uuid PRIMARY KEY,
        client_id uuid NOT NULL,
        payer_id uuid NOT NULL,
        consent_id uuid,
        sequence bigint NOT NULL,
        permitted_at timestamptz NOT NULL,
        -- In the order of the client's lock, under which they are entered.
        number bigint GENERATED ALWAYS AS IDENTITY
    );
    CREATE INDEX permit_of_client ON permit (client_id, payer_id, number);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
