"""Who is about to sign in elsewhere, and whose tokens are being renewed."""

from alembic import op

revision = "console_0002"
down_revision = "console_0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE sign_in (
    id bytea PRIMARY KEY,
    content bytea NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX sign_in_of_end ON sign_in (ends_at);
ALTER TABLE session ADD COLUMN renewing_until timestamptz;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("migrations have no way back; whoever is signed in signs in again")
