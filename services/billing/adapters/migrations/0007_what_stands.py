"""Views say what stands: what was put right as it is said now, and nothing of what was voided."""

from alembic import op

revision = "billing_0007"
down_revision = "billing_0006"
branch_labels = None
depends_on = None


def standing(kind: str) -> str:
    """Facts of a kind as they stand: stream, version and body."""
    return f"""
    SELECT said.stream, said.version, coalesce(amended.body->'content', said.body) AS body
    FROM fact AS said
    LEFT JOIN LATERAL (
        SELECT body FROM fact WHERE stream = said.stream
        AND type = 'billing.statement_amended.v1' AND body->>'statement' = CAST(said.id AS text)
        ORDER BY version DESC LIMIT 1
    ) AS amended ON true
    WHERE said.type = '{kind}' AND amended.body->>'voided' IS DISTINCT FROM 'true'
    """  # noqa: S608 - kinds are ours


AUTHORIZATIONS = f"""
CREATE OR REPLACE VIEW billing_views.authorizations AS
SELECT CAST(body->>'authorization_id' AS uuid) AS authorization_id,
       CAST(body->>'client_id' AS uuid) AS client_id,
       CAST(body->>'payer_id' AS uuid) AS payer_id,
       body->>'level_of_care' AS level_of_care,
       CAST(body->>'units' AS integer) AS units,
       coalesce(body->>'unit', 'DAYS') AS unit,
       CAST(body->>'effective_from' AS date) AS effective_from,
       CAST(body->>'effective_to' AS date) AS effective_to,
       CAST(nullif(body->>'site_id', '') AS uuid) AS site_id,
       (SELECT coalesce(sum(claim.authorized_units), 0) FROM billing_views.claims AS claim
        WHERE claim.state = 'ISSUED' AND claim.frequency <> '8'
        AND claim.followed_by_claim_id IS NULL
        AND claim.authorization_id = CAST(recorded.body->>'authorization_id' AS uuid)
       ) AS units_on_standing_claims
FROM ({standing("billing.authorization_recorded.v1")}) AS recorded;
"""  # noqa: S608 - kinds are ours
CLAIMS = f"""
CREATE OR REPLACE VIEW billing_views.claims AS
SELECT CAST(issued.body->>'claim_id' AS uuid) AS row_id,
       CAST(issued.body->>'claim_id' AS uuid) AS claim_id,
       'ISSUED' AS state,
       issued.body->>'frequency' AS frequency,
       CAST(issued.body->>'client_id' AS uuid) AS client_id,
       CAST(issued.body->>'payer_id' AS uuid) AS payer_id,
       CAST(issued.body->>'provider_id' AS uuid) AS provider_id,
       CAST(issued.body->>'site_id' AS uuid) AS site_id,
       CAST(issued.body->>'period_start' AS date) AS period_start,
       CAST(issued.body->>'period_end' AS date) AS period_end,
       issued.body->>'claim_form' AS claim_form,
       CAST(nullif(issued.body->>'authorization_id', '') AS uuid) AS authorization_id,
       CAST(issued.body->>'authorized_units' AS integer) AS authorized_units,
       (SELECT coalesce(sum(CAST(line->>'charge_minor' AS bigint)), 0)
        FROM jsonb_array_elements(issued.body->'lines') AS line) / 100.0 AS charge,
       CAST(issued.body->>'batch_id' AS uuid) AS batch_id,
       issued.at AS issued_at,
       answer.body->>'status' AS adjudication,
       CAST(answer.body->>'paid_minor' AS bigint) / 100.0 AS paid,
       CAST(answer.body->>'adjudicated_on' AS date) AS adjudicated_on,
       answer.body->>'payer_control_number' AS payer_control_number,
       CAST(nullif(issued.body->>'corrects_claim_id', '') AS uuid) AS corrects_claim_id,
       CAST((SELECT coalesce(body->>'replaced_by_claim_id', body->>'voided_by_claim_id')
             FROM fact WHERE stream = issued.stream
             AND type IN ('billing.claim_replaced.v1', 'billing.claim_voided.v1')
             ORDER BY version DESC LIMIT 1) AS uuid) AS followed_by_claim_id
FROM fact AS issued
LEFT JOIN LATERAL (
    SELECT body FROM ({standing("billing.claim_adjudicated.v1")}) AS answered
    WHERE answered.stream = issued.stream ORDER BY version DESC LIMIT 1
) AS answer ON true
WHERE issued.type = 'billing.claim_issued.v1'
UNION ALL
SELECT id, NULL, 'DRAFTED', '1',
       CAST(content->>'client_id' AS uuid), CAST(content->>'payer_id' AS uuid),
       CAST(content->>'provider_id' AS uuid), CAST(content->>'site_id' AS uuid),
       CAST(content->>'period_start' AS date), CAST(content->>'period_end' AS date),
       content->>'claim_form',
       CAST(nullif(content->>'authorization_id', '') AS uuid),
       CAST(content->>'authorized_units' AS integer),
       CAST(content->>'charge_minor' AS bigint) / 100.0,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM derived WHERE kind = 'draft_claim' AND current AND NOT withdrawn;
"""  # noqa: S608 - kinds are ours


def upgrade() -> None:
    op.execute(CLAIMS)
    op.execute(AUTHORIZATIONS)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
