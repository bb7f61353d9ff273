"""An identity may be given on a settled revocation: the audit says so."""

from alembic import op

revision = "intake_0003"
down_revision = "intake_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE identity_audit
        DROP CONSTRAINT identity_audit_outcome_check,
        DROP CONSTRAINT identity_audit_check,
        ADD CHECK (outcome IN ('GIVEN', 'REVOCATION_SETTLED',
                               'NOT_REGISTERED', 'NO_COVERAGE', 'NO_CONSENT')),
        ADD CHECK ((outcome IN ('GIVEN', 'REVOCATION_SETTLED')) = (identity_version IS NOT NULL));
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
