"""One count of interchanges for the network: a sender never gives a number twice.

It begins above the largest that was given. Gaps are fine. A database restored to an earlier point
may have given numbers it no longer knows of: raising its epoch leaves a hundred thousand out.
"""

from alembic import op

revision = "billing_0004"
down_revision = "billing_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE SEQUENCE control_number MINVALUE 1 MAXVALUE 999999999;
    SELECT setval('control_number', coalesce(max((body->>'control_number')::bigint), 0) + 1, false)
    FROM fact WHERE type = 'billing.batch_issued.v1';

    CREATE FUNCTION leave_control_numbers_out() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM setval('control_number', nextval('control_number') + 100000);
        RETURN NULL;
    END $$;
    CREATE TRIGGER epoch_raised AFTER UPDATE ON epoch
        FOR EACH ROW WHEN (NEW.epoch > OLD.epoch) EXECUTE FUNCTION leave_control_numbers_out();
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
