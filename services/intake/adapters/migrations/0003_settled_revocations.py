"""The audit says when an identity was given on a settled revocation, and what it was part of."""

from alembic import op

revision = "intake_0003"
down_revision = "intake_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE identity_audit
        ADD COLUMN correlation text NOT NULL DEFAULT '',
        DROP CONSTRAINT identity_audit_outcome_check,
        DROP CONSTRAINT identity_audit_check,
        ADD CHECK (outcome IN ('GIVEN', 'REVOCATION_SETTLED',
                               'NOT_REGISTERED', 'NO_COVERAGE', 'NO_CONSENT')),
        ADD CHECK ((outcome IN ('GIVEN', 'REVOCATION_SETTLED')) = (identity_version IS NOT NULL));
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
