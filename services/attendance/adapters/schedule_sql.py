"""What the schedule's tables are asked, in SQL."""

AT_A_TIME = """
FROM scheduled_session AS s
JOIN unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS x(starts_at, ends_at)
  ON s.starts_at < x.ends_at AND s.ends_at > x.starts_at AND NOT s.cancelled
"""

IS_FACILITATOR_BUSY = f"""
SELECT EXISTS (SELECT {AT_A_TIME} WHERE s.facilitator_id = :facilitator) AS busy
"""

BUSY_CLIENTS = f"""
SELECT DISTINCT a.client_id {AT_A_TIME} JOIN attendee AS a USING (session_id)
WHERE a.client_id = ANY(CAST(:roster AS uuid[])) ORDER BY 1
"""

# Each presence within its session; without a check-out it lasts to the session's end.
ELSEWHERE = """
WITH present AS (
    SELECT p.session_id, p.client_id, s.closed, greatest(p.came, s.starts_at) AS came,
           least(coalesce(p.left_at, s.ends_at), s.ends_at) AS left_at
    FROM presence_interval AS p JOIN scheduled_session AS s USING (session_id)
    WHERE p.client_id IN (SELECT client_id FROM presence_interval WHERE session_id = :session)
)
SELECT DISTINCT here.client_id
FROM present AS here JOIN present AS there
  ON there.client_id = here.client_id AND there.session_id <> here.session_id
WHERE here.session_id = :session AND there.closed
  AND here.came < here.left_at AND there.came < there.left_at
  AND here.came < there.left_at AND there.came < here.left_at
"""

IS_ELSEWHERE = """
WITH here AS (
    SELECT greatest(x.came, s.starts_at) AS came, least(x.left_at, s.ends_at) AS left_at
    FROM scheduled_session AS s,
         unnest(CAST(:came AS timestamptz[]), CAST(:left AS timestamptz[])) AS x(came, left_at)
    WHERE s.session_id = :session
), there AS (
    SELECT greatest(p.came, s.starts_at) AS came,
           least(coalesce(p.left_at, s.ends_at), s.ends_at) AS left_at
    FROM presence_interval AS p JOIN scheduled_session AS s USING (session_id)
    WHERE p.client_id = :client AND session_id <> :session AND s.closed
)
SELECT EXISTS (
    SELECT FROM here, there
    WHERE here.came < here.left_at AND there.came < there.left_at
      AND here.came < there.left_at AND there.came < here.left_at
) AS elsewhere
"""

FILLED = """
SELECT t.on_date, t.number, session_id, s.service_date, s.starts_at, s.ends_at
FROM template_session AS t JOIN scheduled_session AS s USING (session_id)
WHERE t.template_id = :template AND t.on_date BETWEEN :first AND :last
ORDER BY s.starts_at, t.number
"""

SESSIONS = """
SELECT s.*,
       ARRAY(SELECT client_id FROM attendee AS a
             WHERE a.session_id = s.session_id ORDER BY 1) AS client_ids,
       ARRAY(SELECT client_id FROM unsigned_note AS u
             WHERE u.session_id = s.session_id ORDER BY 1) AS unsigned
FROM scheduled_session AS s
WHERE s.site_id = :site AND s.service_date BETWEEN :first AND :last
  AND (CAST(:after_start AS timestamptz) IS NULL
       OR (s.starts_at, s.session_id)
           > (CAST(:after_start AS timestamptz), CAST(:after_id AS uuid)))
  AND (NOT :due_only
       OR (NOT s.closed AND NOT s.cancelled AND s.ends_at <= :now)
       OR EXISTS (SELECT FROM unsigned_note AS u WHERE u.session_id = s.session_id))
ORDER BY s.starts_at, s.session_id
LIMIT :limit
"""
