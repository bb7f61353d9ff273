"""Open episodes, which admission and disclosure ask; and who asked for whose identity."""

from alembic import op

revision = "intake_0001"
down_revision = None
branch_labels = ("intake",)
depends_on = "kernel_0001"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE open_episode (
        client_id uuid NOT NULL,
        program_id uuid NOT NULL,
        episode_id uuid NOT NULL UNIQUE,
        under_part2 boolean NOT NULL,
        PRIMARY KEY (client_id, program_id)
    );
    -- One row for each client asked for, given or withheld. No identity is in it.
    CREATE TABLE identity_audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        purpose text NOT NULL,
        client_id uuid NOT NULL,
        recipient_payer_id uuid NOT NULL,
        consent_id uuid,
        identity_version bigint,
        outcome text NOT NULL
            CHECK (outcome IN ('GIVEN', 'NOT_REGISTERED', 'NO_COVERAGE', 'NO_CONSENT')),
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CHECK ((outcome = 'GIVEN') = (identity_version IS NOT NULL))
    );
    CREATE INDEX identity_audit_of_client ON identity_audit (client_id, id);
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
