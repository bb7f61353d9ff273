"""Who is signed in, sealed under a key that their browser alone has."""

from alembic import op

revision = "console_0001"
down_revision = None
branch_labels = ("console",)
depends_on = None

TABLES = """
CREATE TABLE session (
    id bytea PRIMARY KEY,
    who bytea NOT NULL,
    used_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX session_of_last_use ON session (used_at);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("migrations have no way back; whoever is signed in signs in again")
