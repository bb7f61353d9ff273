"""Sessions by site and date, what of them is due, who was where, which template slots are filled.

What was recorded before is entered from the facts.
"""

from alembic import op

revision = "attendance_0002"
down_revision = "attendance_0001"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE scheduled_session
    ADD site_id uuid,
    ADD service_date date,
    ADD closed boolean NOT NULL DEFAULT false,
    ADD cancelled boolean NOT NULL DEFAULT false;

-- When a client was at a session, as it stands: corrected, where it was corrected.
CREATE TABLE presence_interval (
    session_id uuid NOT NULL REFERENCES scheduled_session,
    client_id uuid NOT NULL,
    came timestamptz NOT NULL,
    left_at timestamptz
);
CREATE INDEX presence_interval_of_client ON presence_interval (client_id, session_id);

-- What closing said of each client, or the last correction.
CREATE TABLE attended (
    session_id uuid NOT NULL REFERENCES scheduled_session,
    client_id uuid NOT NULL,
    attended boolean NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

-- Notes that are signed, or attested in place of a signature.
CREATE TABLE signed_note (
    session_id uuid NOT NULL REFERENCES scheduled_session,
    client_id uuid NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

CREATE VIEW unsigned_note AS
SELECT session_id, client_id FROM attended
WHERE attended AND NOT EXISTS (
    SELECT FROM signed_note
    WHERE signed_note.session_id = attended.session_id
      AND signed_note.client_id = attended.client_id
);

CREATE TABLE template_session (
    template_id uuid NOT NULL,
    on_date date NOT NULL,
    number int NOT NULL,
    session_id uuid NOT NULL UNIQUE REFERENCES scheduled_session,
    PRIMARY KEY (template_id, on_date, number)
);
"""

ENTRIES = """
UPDATE scheduled_session
SET site_id = CAST(body->>'site_id' AS uuid), service_date = CAST(body->>'service_date' AS date)
FROM fact WHERE stream = 'session/' || session_id AND type = 'attendance.session_scheduled.v1';

UPDATE scheduled_session SET closed = true
FROM fact WHERE stream = 'session/' || session_id AND type = 'attendance.session_closed.v1';

INSERT INTO attended
SELECT CAST(body->>'session_id' AS uuid), CAST(each->>'client_id' AS uuid),
       CAST(each->>'attended' AS boolean)
FROM fact, jsonb_array_elements(body->'attendances') AS each
WHERE type = 'attendance.session_closed.v1';

INSERT INTO signed_note
SELECT CAST(body->>'session_id' AS uuid), CAST(body->>'client_id' AS uuid)
FROM fact WHERE type = 'attendance.note_signed.v1';

INSERT INTO presence_interval
SELECT CAST(body->>'session_id' AS uuid), CAST(body->>'client_id' AS uuid),
       CAST(body->>'came' AS timestamptz), (
           SELECT CAST(later.body->>'left' AS timestamptz) FROM fact AS later
           WHERE later.stream = fact.stream AND later.version > fact.version
             AND later.type = 'attendance.checked_out.v1'
           ORDER BY later.version LIMIT 1)
FROM fact WHERE type = 'attendance.checked_in.v1';

CREATE TEMPORARY TABLE correction ON COMMIT DROP AS
SELECT DISTINCT ON (stream) CAST(body->>'session_id' AS uuid) AS session_id,
       CAST(body->>'client_id' AS uuid) AS client_id, body->'intervals' AS intervals
FROM fact WHERE type = 'attendance.attendance_corrected.v1' ORDER BY stream, version DESC;

INSERT INTO attended SELECT session_id, client_id, jsonb_array_length(intervals) > 0
FROM correction
ON CONFLICT (session_id, client_id) DO UPDATE SET attended = excluded.attended;

INSERT INTO attendee SELECT session_id, client_id FROM correction
WHERE jsonb_array_length(intervals) > 0 ON CONFLICT DO NOTHING;

DELETE FROM presence_interval USING correction
WHERE presence_interval.session_id = correction.session_id
  AND presence_interval.client_id = correction.client_id;

INSERT INTO presence_interval
SELECT session_id, client_id,
       CAST(each->>'came' AS timestamptz), CAST(each->>'left' AS timestamptz)
FROM correction, jsonb_array_elements(intervals) AS each;
"""

REQUIRED = """
ALTER TABLE scheduled_session
    ALTER site_id SET NOT NULL,
    ALTER service_date SET NOT NULL;
CREATE INDEX scheduled_session_of_site
    ON scheduled_session (site_id, service_date, starts_at, session_id);
"""


def upgrade() -> None:
    for part in (TABLES, ENTRIES, REQUIRED):
        op.execute(part)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")
