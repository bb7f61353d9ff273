"""What awaits billers, in SQL: days on HOLD, drafts and proposals as one list, in either order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from kernel.refusal import Malformed
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.adapters.rows import ROWS
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.projection import DRAFT_CLAIM, PROPOSAL, SERVICE_DAY


class WorkKind(StrEnum):
    """Of what is awaited; the kinds of rows have other names."""

    HOLD = "HOLD"
    DRAFT = "DRAFT"
    PROPOSAL = "PROPOSAL"


class WorkOrder(StrEnum):
    """Unless it is said, the oldest come first."""

    DOLLARS = "DOLLARS"


ROW_KINDS = {
    WorkKind.HOLD: SERVICE_DAY,
    WorkKind.DRAFT: DRAFT_CLAIM,
    WorkKind.PROPOSAL: PROPOSAL,
}
KINDS = {row: kind for kind, row in ROW_KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkQuery:
    """A page of it; empty fields ask for all. `sites`: those whose the asker is told of; None:
    every one's. `after`: the token of the page before."""

    kind: WorkKind | Literal[""] = ""
    payer_id: str = ""
    site_id: str = ""
    reason: str = ""
    first: date | None = None
    last: date | None = None
    order: WorkOrder | Literal[""] = ""
    sites: list[str] | None = None
    after: str = ""
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedWork:
    """`first` and `last` of its dates; `at_stake_minor` None where it can't be said. `token`: what
    comes after it."""

    kind: WorkKind
    content: DayRow | DraftRow | ProposalRow
    revision: int
    site_id: str
    first: date
    last: date
    at_stake_minor: int | None
    token: str


@dataclass(frozen=True, slots=True)
class WorkTotal:
    """Of all that a query finds, of one kind."""

    kind: WorkKind
    items: int
    at_stake_minor: int


@dataclass(frozen=True, slots=True)
class WorkPage:
    """A page of it in its order, and what all of it comes to, whatever the page."""

    items: Sequence[AwaitedWork]
    totals: Sequence[WorkTotal]


# Dates are text in JSON, which sorts as they do; a rank is text, too, so that one token does for
# both orders: ten thousand billion dollars less what is at stake sorts the most first. All of it is
# looked through once, for the page and for its totals, and kept meanwhile without what rows say: of
# days, which are most of what is derived, only those on hold, which an index finds.
WORK = """
WITH work AS MATERIALIZED (
  SELECT derived.id, derived.kind, row_key,
         coalesce(issued.body->>'site_id', content->>'site_id', '') AS site_id,
         coalesce(content->>'service_date', content->>'period_start', changed.first,
                  issued.body->>'period_start') AS first,
         coalesce(content->>'service_date', content->>'period_end', changed.last,
                  issued.body->>'period_end') AS last,
         CASE derived.kind
           WHEN 'service_day' THEN (
             SELECT CAST(sum(CAST(line->>'charge_minor' AS bigint)) AS bigint)
             FROM jsonb_array_elements(coalesce(content->'lines', '[]')) AS line
             WHERE line->>'ancillary' IS DISTINCT FROM 'true')
           WHEN 'draft_claim' THEN CAST(content->>'charge_minor' AS bigint)
           ELSE abs(CAST(content->>'corrected_charge_minor' AS bigint)
                    - CAST(content->>'issued_charge_minor' AS bigint)) END AS stake
  FROM (
    SELECT * FROM derived WHERE current AND NOT withdrawn
    AND kind = 'service_day' AND content->>'outcome' = 'HOLD'
    UNION ALL
    SELECT * FROM derived WHERE current AND NOT withdrawn AND kind IN ('draft_claim', 'proposal')
  ) AS derived
  LEFT JOIN fact AS issued ON derived.kind = 'proposal'
    AND issued.stream = 'claim/' || (content->>'claim_id')
    AND issued.type = 'billing.claim_issued.v1'
  LEFT JOIN LATERAL (SELECT min(each) AS first, max(each) AS last
                     FROM jsonb_array_elements_text(content->'changed_dates') AS each
                    ) AS changed ON derived.kind = 'proposal'
  WHERE derived.kind = ANY(CAST(:kinds AS text[])){of_rows}
), found AS NOT MATERIALIZED (
  SELECT *, {rank} COLLATE "C" AS rank FROM work WHERE true{of_work}
), page AS (
  SELECT * FROM found WHERE (rank, kind, row_key COLLATE "C") > (:rank, :kind, :row_key)
  ORDER BY rank, kind, row_key COLLATE "C" LIMIT :limit
), total AS (
  SELECT kind, count(*) AS items, coalesce(sum(stake), 0) AS stake FROM found GROUP BY kind
)
SELECT page.*, derived.content, derived.revision, totals.told AS totals
FROM (SELECT jsonb_object_agg(kind, jsonb_build_array(items, stake)) AS told FROM total) AS totals
LEFT JOIN page ON true
LEFT JOIN derived ON derived.id = page.id AND current
ORDER BY rank, page.kind, page.row_key COLLATE "C"
"""
OLDEST = "first"
MOST_DOLLARS = "to_char(1000000000000 - coalesce(stake, -1), 'FM00000000000000')"
OF_ROWS: Mapping[str, str] = {
    "payer_id": "content->>'payer_id' = :payer_id",
    "reason": "(EXISTS (SELECT FROM jsonb_array_elements(content->'verdicts') AS gate"
    " WHERE gate->>'open' = 'false' AND gate->>'reason' = :reason)"
    " OR EXISTS (SELECT FROM jsonb_array_elements(content->'waits_for') AS gate"
    " WHERE gate->>'reason' = :reason))",
}
OF_WORK: Mapping[str, str] = {
    "site_id": "site_id = :site_id",
    "sites": "site_id = ANY(CAST(:sites AS text[]))",
    "first": "first >= :first",
    "last": "first <= :last",
}


def work_page(tx: Transaction, wanted: WorkQuery) -> WorkPage:
    """A page of it, in the order that is asked; Malformed for a token that is none of ours."""
    rank, kind, row_key = _after(wanted)
    rows = tx.connection.execute(
        text(_statement(wanted)),
        {
            **_parameters(wanted),
            "rank": rank,
            "kind": kind,
            "row_key": row_key,
            "limit": wanted.limit,
        },
    ).all()
    totals = rows[0].totals or {}  # where a page is empty, they stand alone
    return WorkPage(
        items=[
            AwaitedWork(
                kind=KINDS[row.kind],
                content=ROWS.decode(row.kind, row.content),
                revision=row.revision,
                site_id=row.site_id,
                first=date.fromisoformat(row.first),
                last=date.fromisoformat(row.last),
                at_stake_minor=row.stake,
                token=f"{row.rank} {row.kind} {row.row_key}",
            )
            for row in rows
            if row.kind is not None
        ],
        totals=[
            WorkTotal(kind, *totals[ROW_KINDS[kind]])
            for kind in WorkKind
            if ROW_KINDS[kind] in totals
        ],
    )


def _after(wanted: WorkQuery) -> Sequence[str]:
    if not wanted.after:
        return "", "", ""
    parts = wanted.after.split(" ", 2)
    if len(parts) != 3 or parts[1] not in KINDS:
        raise Malformed(page_token="is not one of ours")  # noqa: S106 - a cursor
    return parts


def _statement(wanted: WorkQuery) -> str:
    asked = _asked(wanted)
    of_rows, of_work = (
        "".join(f" AND {of[name]}" for name in asked if name in of) for of in (OF_ROWS, OF_WORK)
    )
    rank = MOST_DOLLARS if wanted.order == WorkOrder.DOLLARS else OLDEST
    return WORK.format(rank=rank, of_rows=of_rows, of_work=of_work)


def _asked(wanted: WorkQuery) -> dict[str, Any]:
    given = asdict(wanted).items()
    conditions = {*OF_ROWS, *OF_WORK}
    return {name: value for name, value in given if value not in ("", None) and name in conditions}


def _parameters(wanted: WorkQuery) -> dict[str, Any]:
    asked = _asked(wanted)
    days = {name: day.isoformat() for name, day in asked.items() if isinstance(day, date)}
    kinds = [ROW_KINDS[wanted.kind]] if wanted.kind else [*KINDS]
    return {**asked, **days, "kinds": kinds}
