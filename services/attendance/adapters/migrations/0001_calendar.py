"""The calendar: what scheduling asks, and who is expected at or came to which session."""

from alembic import op

revision = "attendance_0001"
down_revision = None
branch_labels = ("attendance",)
depends_on = "kernel_0001"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE scheduled_session (
        session_id uuid PRIMARY KEY,
        facilitator_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL
    );
    CREATE INDEX scheduled_session_of_facilitator ON scheduled_session (facilitator_id, starts_at);
    CREATE TABLE attendee (
        session_id uuid NOT NULL REFERENCES scheduled_session,
        client_id uuid NOT NULL,
        PRIMARY KEY (session_id, client_id)
    );
    CREATE INDEX attendee_of_client ON attendee (client_id);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
