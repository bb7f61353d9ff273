"""What people typed and didn't send yet, and by what they filter pages: sealed, and no facts."""

from alembic import op

revision = "kernel_0019"
down_revision = "kernel_0018"
branch_labels = None
depends_on = None

TABLES = """
-- One of a person, form, client and thing; the last two empty where there is none.
CREATE TABLE draft (
    person text NOT NULL,
    form text NOT NULL,
    client_id text NOT NULL,
    about_id text NOT NULL,
    sealed bytea NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (person, form, client_id, about_id)
);
CREATE INDEX draft_saved ON draft (saved_at);

-- Days under whose keys drafts were sealed, until those are destroyed.
CREATE TABLE draft_day (day date PRIMARY KEY);

CREATE TABLE saved_view (
    view_id uuid PRIMARY KEY,
    person text NOT NULL,
    page text NOT NULL,
    sealed bytea NOT NULL,
    saved_at timestamptz NOT NULL
);
CREATE INDEX saved_view_of_person ON saved_view (person, saved_at);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
