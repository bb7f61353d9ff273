"""What a proposal waits for, by reason; rows of before say nothing until they are derived again."""

from alembic import op

revision = "billing_0005"
down_revision = "billing_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE OR REPLACE VIEW billing_views.proposals AS
    SELECT CAST(content->>'claim_id' AS uuid) AS claim_id,
           CAST(content->>'client_id' AS uuid) AS client_id,
           CAST(content->>'payer_id' AS uuid) AS payer_id,
           content->>'action' AS action,
           content->>'state' AS state,
           CAST(content->>'issued_charge_minor' AS bigint) / 100.0 AS issued_charge,
           CAST(content->>'corrected_charge_minor' AS bigint) / 100.0 AS corrected_charge,
           ARRAY(SELECT CAST(jsonb_array_elements_text(content->'changed_dates') AS date))
               AS changed_dates,
           revision,
           derived_at AS changed_at,
           ARRAY(SELECT DISTINCT awaited->>'reason'
                 FROM jsonb_array_elements(coalesce(content->'waits_for', '[]')) AS awaited
                 ORDER BY awaited->>'reason') AS waits_for
    FROM derived WHERE kind = 'proposal' AND current AND NOT withdrawn;
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
