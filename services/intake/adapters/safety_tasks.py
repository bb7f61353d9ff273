"""Safety tasks as a table: kept as they stand, listed by deadline."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kernel.facts import Recorded
from kernel.messaging.persons import ids_of
from kernel.sites import those_asked
from kernel.statements import content_of, standing
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.domain.assessment import (
    SafetyAction,
    SafetyTaskClosed,
    SafetyTaskHandedOn,
    SafetyTaskOpened,
)
from services.intake.domain.instruments import SafetyRisk

STANDS = """
INSERT INTO safety_task (task_id, client_id, assessment_id, owner, opened_at, due_at, risk,
                         closed_at, action)
VALUES (:task_id, :client_id, :assessment_id, :owner, :opened_at, :due_at, :risk,
        :closed_at, :action)
ON CONFLICT (task_id) DO UPDATE
SET owner = excluded.owner, closed_at = excluded.closed_at, action = excluded.action
"""


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a task as it stands, in the transaction that records what changed of it."""
    match content_of(recorded):
        case SafetyTaskOpened() | SafetyTaskClosed() | SafetyTaskHandedOn() as fact:
            row = _as_it_stands(tx, recorded.stream, fact.task_id)
            if row is None:
                tx.execute("DELETE FROM safety_task WHERE task_id = :id", id=fact.task_id)
            else:
                tx.execute(STANDS, **row)


def _as_it_stands(tx: Transaction, stream: str, task_id: str) -> dict[str, Any] | None:
    """None: its opening was taken back."""
    row: dict[str, Any] | None = None
    for recorded in standing(tx.load(stream)):
        match recorded.fact:
            case SafetyTaskOpened() as fact if fact.task_id == task_id:
                risk = fact.risk or SafetyRisk.HIGH
                row = asdict(fact) | {"risk": risk, "closed_at": None, "action": None}
            case SafetyTaskHandedOn() as fact if row is not None:
                row["owner"] = fact.owner
            case SafetyTaskClosed() as fact if row is not None:
                row |= {"closed_at": fact.closed_at, "action": fact.action}
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTask:
    """A safety flag somebody must act on; `closed_at` and `action` None: nobody did yet."""

    task_id: str
    client_id: str
    assessment_id: str
    owner: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    action: SafetyAction | None
    risk: SafetyRisk


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyTaskCursor:
    """Where in the list of safety tasks a page ended."""

    closed: bool
    due_at: datetime
    task_id: str


def task_assessment(tx: Transaction, client_id: str, task_id: str) -> str | None:
    """The assessment that opened this task of the client's; None: there is no such task."""
    found = tx.execute(
        "SELECT assessment_id FROM safety_task"
        " WHERE task_id = :task AND client_id = ANY(CAST(:clients AS uuid[]))",
        task=task_id,
        clients=ids_of(tx.connection, client_id),
    ).scalar()
    return None if found is None else str(found)


def open_high(tx: Transaction, client_id: str) -> list[str]:
    """The client's open tasks of HIGH risk."""
    rows = tx.execute(
        "SELECT task_id FROM safety_task"
        " WHERE client_id = ANY(CAST(:clients AS uuid[])) AND risk = :high AND closed_at IS NULL"
        " ORDER BY task_id",
        clients=ids_of(tx.connection, client_id),
        high=SafetyRisk.HIGH,
    )
    return [str(row.task_id) for row in rows]


def safety_tasks(
    tx: Transaction,
    *,
    sites: Collection[str],
    client_id: str | None,
    open_only: bool,
    after: SafetyTaskCursor | None,
    most: int,
) -> list[SafetyTask]:
    """Of one client or (None) of all of these sites, open ones first, by deadline; those that
    follow `after` in that order."""
    rows = tx.execute(
        "SELECT * FROM safety_task"
        " WHERE (CAST(:clients AS uuid[]) IS NULL OR client_id = ANY(CAST(:clients AS uuid[])))"
        " AND (CAST(:sites AS uuid[]) IS NULL OR EXISTS (SELECT FROM client_site"
        "  WHERE client_site.client_id = safety_task.client_id"
        "  AND site_id = ANY(CAST(:sites AS uuid[]))))"
        " AND (NOT :open_only OR closed_at IS NULL)"
        " AND (CAST(:task AS uuid) IS NULL OR (closed_at IS NOT NULL, due_at, task_id) >"
        " (CAST(:closed AS boolean), CAST(:due_at AS timestamptz), CAST(:task AS uuid)))"
        " ORDER BY closed_at IS NOT NULL, due_at, task_id LIMIT :most",
        clients=None if client_id is None else ids_of(tx.connection, client_id),
        sites=those_asked(sites),
        open_only=open_only,
        closed=None if after is None else after.closed,
        due_at=None if after is None else after.due_at,
        task=None if after is None else after.task_id,
        most=most,
    )
    return [from_row(SafetyTask, row) for row in rows]
