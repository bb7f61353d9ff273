"""Views for billing teams' own tools, in a schema that is a contract; documented for its readers.

A view reads with the rights of who owns it, so a reader needs none on the tables behind: of what
is sealed, nothing stands in a view. Who may read is granted to READER where the server has that
role; where it comes later, docs/operations.md has the statements.
"""

from alembic import op

revision = "billing_0002"
down_revision = "billing_0001"
branch_labels = None
depends_on = None

READER = "ninehours_billing_reader"

VIEWS = """
CREATE SCHEMA billing_views;
COMMENT ON SCHEMA billing_views IS 'For billing teams: read only, documented, no identity.';

-- Pages of issued claims read these in order.
CREATE INDEX fact_claim_issued ON fact ((body->>'claim_id'))
    WHERE type = 'billing.claim_issued.v1';

CREATE VIEW billing_views.service_days AS
SELECT CAST(content->>'client_id' AS uuid) AS client_id,
       CAST(content->>'service_date' AS date) AS service_date,
       CAST(nullif(content->>'payer_id', '') AS uuid) AS payer_id,
       CAST(nullif(content->>'site_id', '') AS uuid) AS site_id,
       content->>'outcome' AS outcome,
       CAST(content->>'minutes' AS integer) AS minutes,
       ARRAY(SELECT v->>'reason' FROM jsonb_array_elements(content->'verdicts') AS v
             WHERE v->>'open' = 'false') AS reasons,
       (SELECT coalesce(sum(CAST(line->>'charge_minor' AS bigint)), 0)
        FROM jsonb_array_elements(coalesce(content->'lines', '[]')) AS line
        WHERE content->>'outcome' IN ('PER_DIEM', 'DISCRETE') OR line->>'ancillary' = 'true'
       ) / 100.0 AS charge,
       CAST(nullif(content->>'authorization_id', '') AS uuid) AS authorization_id,
       CAST(content->>'authorized_units' AS integer) AS authorized_units,
       content->>'clinical_level' AS clinical_level,
       content->>'authorized_level' AS authorized_level,
       content->>'billed_level' AS billed_level,
       content->>'rules' AS rules,
       revision,
       derived_at AS changed_at
FROM derived WHERE kind = 'service_day' AND current AND NOT withdrawn;

CREATE VIEW billing_views.holds AS
SELECT CAST(content->>'client_id' AS uuid) AS client_id,
       CAST(content->>'service_date' AS date) AS service_date,
       CAST(nullif(content->>'payer_id', '') AS uuid) AS payer_id,
       CAST(nullif(content->>'site_id', '') AS uuid) AS site_id,
       ARRAY(SELECT v->>'reason' FROM jsonb_array_elements(content->'verdicts') AS v
             WHERE v->>'open' = 'false') AS reasons,
       current_date - CAST(content->>'service_date' AS date) AS age_days,
       (SELECT sum(CAST(line->>'charge_minor' AS bigint)) / 100.0
        FROM jsonb_array_elements(coalesce(content->'lines', '[]')) AS line
        WHERE line->>'ancillary' IS DISTINCT FROM 'true') AS at_stake,
       revision,
       derived_at AS changed_at
FROM derived WHERE kind = 'service_day' AND current AND NOT withdrawn
AND content->>'outcome' = 'HOLD';

-- Every issued claim with the last word of its payer, and what followed it; and every draft, which
-- has no claim_id yet. `row_id` is these views' own: it joins claims and claim_lines.
CREATE VIEW billing_views.claims AS
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
    SELECT body FROM fact WHERE stream = issued.stream AND type = 'billing.claim_adjudicated.v1'
    ORDER BY version DESC LIMIT 1
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

CREATE VIEW billing_views.claim_lines AS
SELECT claim.row_id, claim.claim_id, claim.state, claim.client_id, claim.payer_id,
       CAST(n AS integer) AS line_number,
       CAST(line->>'service_date' AS date) AS service_date,
       line->>'code' AS code,
       ARRAY(SELECT jsonb_array_elements_text(line->'modifiers')) AS modifiers,
       CAST(line->>'units' AS integer) AS units,
       CAST(line->>'charge_minor' AS bigint) / 100.0 AS charge,
       line->>'place_of_service' AS place_of_service,
       line->>'revenue_code' AS revenue_code,
       coalesce(CAST(line->>'ancillary' AS boolean), false) AS ancillary
FROM (
    SELECT CAST(body->>'claim_id' AS uuid) AS row_id,
           CAST(body->>'claim_id' AS uuid) AS claim_id, 'ISSUED' AS state,
           CAST(body->>'client_id' AS uuid) AS client_id,
           CAST(body->>'payer_id' AS uuid) AS payer_id, body->'lines' AS lines
    FROM fact WHERE type = 'billing.claim_issued.v1'
    UNION ALL
    SELECT id, NULL, 'DRAFTED', CAST(content->>'client_id' AS uuid),
           CAST(content->>'payer_id' AS uuid), content->'lines'
    FROM derived WHERE kind = 'draft_claim' AND current AND NOT withdrawn
) AS claim
CROSS JOIN LATERAL jsonb_array_elements(claim.lines) WITH ORDINALITY AS each(line, n);

CREATE VIEW billing_views.proposals AS
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
       derived_at AS changed_at
FROM derived WHERE kind = 'proposal' AND current AND NOT withdrawn;

-- As recorded, with what claims in force carry; the payer's number is sealed, and not here.
CREATE VIEW billing_views.authorizations AS
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
        AND claim.authorization_id = CAST(fact.body->>'authorization_id' AS uuid)
       ) AS units_on_standing_claims
FROM fact WHERE type = 'billing.authorization_recorded.v1';
"""

GRANTS = f"""
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO {READER}', current_database());
        GRANT USAGE ON SCHEMA billing_views TO {READER};
        GRANT SELECT ON ALL TABLES IN SCHEMA billing_views TO {READER};
    END IF;
END
$$;
"""


def upgrade() -> None:
    op.execute(VIEWS)
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
