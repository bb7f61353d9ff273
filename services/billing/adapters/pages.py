"""Pages of what billing derived and issued, in SQL. Only what is asked for becomes a condition."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from kernel.facts import id_of
from kernel.messaging import time_limits
from kernel.messaging.persons import ids_of, persons_of
from kernel.messaging.subscriptions import Projection
from kernel.patience import MayGoOn
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.adapters.as_of import history_by
from services.billing.adapters.following import RevisedRow
from services.billing.adapters.heard import subjects_of
from services.billing.adapters.issued import claims_of
from services.billing.adapters.ledger import STREAMS
from services.billing.adapters.rows import current_rows
from services.billing.adapters.subscriptions import CLAIMS, SUBSCRIPTIONS
from services.billing.domain.claims.claim import IssuedClaimState
from services.billing.domain.claims.proposals import ProposalState
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.history.history import AdjudicationStatus, BillingHistory
from services.billing.domain.payers.payer import PAYER, Payer
from services.billing.domain.payers.rules import CorrectionAction, DayOutcome
from services.billing.domain.projection import Content
from services.billing.domain.x12.t837.claim import ClaimFrequency

OF_CLIENTS = (
    "key = ANY(ARRAY(SELECT 'client/' || each FROM unnest(CAST(:client_ids AS text[])) AS each))"
)
OF_ROWS = {
    "client_ids": f"derivation = '{CLAIMS.name}' AND {OF_CLIENTS}",
    "payer_id": "content->>'payer_id' = :payer_id",
    "site_id": "content->>'site_id' = :site_id",
    "sites": "content->>'site_id' = ANY(CAST(:sites AS text[]))",
    "outcome": "content->>'outcome' = :outcome",
    "reason": "EXISTS (SELECT FROM jsonb_array_elements(content->'verdicts') AS v"
    " WHERE v->>'open' = 'false' AND v->>'reason' = :reason)",
    "state": "content->>'state' = :state",
    "action": "content->>'action' = :action",
}
SITE_OF_CLAIM = (
    "(SELECT body->>'site_id' FROM fact WHERE stream = 'claim/' || (content->>'claim_id')"
    " AND type = 'billing.claim_issued.v1' LIMIT 1)"
)
OF_PROPOSALS = OF_ROWS | {
    name: f"{SITE_OF_CLAIM} = {asked}"
    for name, asked in (("site_id", ":site_id"), ("sites", "ANY(CAST(:sites AS text[]))"))
}
# Dates are text in JSON, which sorts as they do.
DATES: Mapping[type, Mapping[str, str]] = {
    DayRow: {
        "first": "content->>'service_date' >= :first",
        "last": "content->>'service_date' <= :last",
    },
    DraftRow: {
        "first": "content->>'period_end' >= :first",
        "last": "content->>'period_start' <= :last",
    },
}
BETWEEN = (
    "EXISTS (SELECT FROM jsonb_array_elements_text(content->'changed_dates') AS changed"
    " WHERE changed >= coalesce(:first, '') AND changed <= coalesce(:last, '9999'))"
)
OF_ISSUED = {
    "client_ids": "body->>'client_id' = ANY(CAST(:client_ids AS text[]))",
    "payer_id": "body->>'payer_id' = :payer_id",
    "site_id": "body->>'site_id' = :site_id",
    "sites": "body->>'site_id' = ANY(CAST(:sites AS text[]))",
    "batch_id": "body->>'batch_id' = :batch_id",
    "frequency": "body->>'frequency' = :frequency",
    # Of answers that weren't taken back the last, as its last telling has it.
    "adjudication": "(SELECT coalesce(told.body->'content', a.body)->>'status' FROM fact AS a"
    " LEFT JOIN LATERAL (SELECT body FROM fact AS amended WHERE amended.stream = a.stream"
    "  AND amended.type = 'billing.statement_amended.v1'"
    "  AND amended.body->>'statement' = CAST(a.id AS text)"
    "  AND amended.at <= coalesce(CAST(:until AS timestamptz), 'infinity')"
    "  ORDER BY amended.version DESC LIMIT 1) AS told ON true"
    " WHERE a.stream = fact.stream AND a.type = 'billing.claim_adjudicated.v1'"
    " AND a.at <= coalesce(CAST(:until AS timestamptz), 'infinity')"
    " AND told.body->>'voided' IS DISTINCT FROM 'true'"
    " ORDER BY a.version DESC LIMIT 1) = :adjudication",
    "first": "body->>'period_end' >= :first",
    "last": "body->>'period_start' <= :last",
    "until": "at <= :until",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What every list is asked for; empty fields ask for all.

    `first` and `last`: a date of the row lies between them, both included. `until`: as it was by
    then. `sites`: those whose the asker is told of; None: every one's.
    """

    client_id: str = ""
    payer_id: str = ""
    site_id: str = ""
    first: date | None = None
    last: date | None = None
    until: datetime | None = None
    sites: list[str] | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsQuery(ListQuery):
    """A page of derived rows.

    `reason`: of a closed gate. Dates are a day's own, one of a draft's period, one that a proposal
    changes. `until`: as derived from what was signed by then (drafts only).
    """

    outcome: DayOutcome | Literal[""] = ""
    reason: str = ""
    state: ProposalState | Literal[""] = ""
    action: CorrectionAction | Literal[""] = ""
    after_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedClaimsQuery(ListQuery):
    """A page of issued claims."""

    batch_id: str = ""
    frequency: ClaimFrequency | Literal[""] = ""
    adjudication: AdjudicationStatus | Literal[""] = ""
    after_claim: str = ""


class SqlPages:
    """Pages in order of their keys; `claims` derives what drafts were at a moment."""

    def __init__(self, claims: Projection = CLAIMS) -> None:
        self._claims = claims

    def derived(
        self, tx: Transaction, kind: type[Content], wanted: RowsQuery
    ) -> list[RevisedRow[Content]]:
        """Current rows of one kind."""
        asked = _asked(tx, wanted)
        conditions = _conditions(asked, OF_PROPOSALS if kind is ProposalRow else OF_ROWS)
        if kind is ProposalRow and ("first" in asked or "last" in asked):
            conditions += f" AND {BETWEEN}"
        rows = current_rows(
            tx,
            kind,
            conditions
            + _conditions(asked, DATES.get(kind, {}))
            + ' AND row_key > :after_key COLLATE "C"',
            order='row_key COLLATE "C" LIMIT :limit',
            **{"first": None, "last": None, "after_key": "", **asked},
        )
        return [RevisedRow(content=row.content, revision=row.revision) for row in rows]

    def drafts_as_of(
        self, tx: Transaction, wanted: RowsQuery, may_go_on: MayGoOn
    ) -> list[RevisedRow[DraftRow]]:
        """Drafts as they would have been derived by `until`; their revisions aren't known.

        NotYet (TOO_MANY_AT_ONCE) where it may not go on.
        """
        found: list[RevisedRow[DraftRow]] = []
        for client in _clients_from(tx, wanted):
            facts = SUBSCRIPTIONS.read_history(tx.connection, client, wanted.until)
            derived = time_limits.derive(self._claims, client, facts, may_go_on)
            drafts = [row.content for row in derived if isinstance(row.content, DraftRow)]
            found += [
                RevisedRow(content=draft, revision=0)
                for draft in sorted(drafts, key=lambda draft: draft.key)
                if _is_wanted(draft, wanted)
            ]
            if len(found) >= wanted.limit:
                break
        return found[: wanted.limit]

    def issued(self, tx: Transaction, wanted: IssuedClaimsQuery) -> list[IssuedClaimState]:
        """Issued claims with what became of them, by id."""
        asked = _asked(tx, wanted)
        ids = tx.connection.execute(
            text(
                "SELECT body->>'claim_id' AS claim_id FROM fact"  # noqa: S608 - conditions are code
                f" WHERE type = 'billing.claim_issued.v1'{_conditions(asked, OF_ISSUED)}"
                " AND body->>'claim_id' > :after_claim ORDER BY body->>'claim_id' LIMIT :limit"
            ),
            {"after_claim": "", "until": None, **asked},
        ).all()
        return list(claims_of(tx, [row.claim_id for row in ids], wanted.until).values())

    def payers(self, tx: Transaction) -> list[Payer]:
        """Registered payers with their rules, by name."""
        streams = [row.subject for row in tx.execute(STREAMS, kind="payer/%")]
        found = [PAYER.after(history) for history in tx.load_many(streams).values()]
        return sorted(found, key=lambda payer: payer.registered.name if payer.registered else "")

    def clients_of_payer(self, tx: Transaction, payer_id: str) -> list[str]:
        """Ids of clients of whom something was heard that names the payer."""
        rows = tx.connection.execute(
            text(
                "SELECT DISTINCT subject FROM heard_fact"
                " WHERE refs && CAST(:payers AS text[]) AND subject LIKE 'client/%'"
                " ORDER BY subject"
            ),
            {"payers": [f"payer/{payer_id}"]},
        )
        return [id_of(subject) for (subject,) in rows]

    def history(self, tx: Transaction, client_id: str) -> BillingHistory:
        """All that was heard of a client."""
        return history_by(tx, client_id)


def _clients_from(tx: Transaction, wanted: RowsQuery) -> list[str]:
    """Clients who may have such rows after the key, which begins with its client's id.

    A payer and a site are named by facts of a client whose claims name them.
    """
    payers = [wanted.payer_id] if wanted.payer_id else None
    sites = [wanted.site_id] if wanted.site_id else wanted.sites
    rows = tx.connection.execute(
        text(
            "SELECT subject FROM heard_fact WHERE subject LIKE 'client/%'"
            " AND (CAST(:clients AS text[]) IS NULL OR subject = ANY(CAST(:clients AS text[])))"
            " GROUP BY subject"
            " HAVING (CAST(:payers AS text[]) IS NULL OR bool_or(refs && CAST(:payers AS text[])))"
            " AND (CAST(:sites AS text[]) IS NULL OR bool_or(refs && CAST(:sites AS text[])))"
            " ORDER BY subject"
        ),
        {
            "clients": subjects_of(
                "client", ids_of(tx.connection, wanted.client_id) if wanted.client_id else None
            ),
            "payers": subjects_of("payer", payers),
            "sites": subjects_of("site", sites),
        },
    )
    found = [subject for (subject,) in rows]
    persons = persons_of(tx.connection, found, wanted.until)  # rows are the survivors'
    begin = f"client/{wanted.after_key.partition('|')[0]}"
    survivors = {persons.survivor_of(subject) for subject in found}
    return sorted(survivor for survivor in survivors if survivor >= begin)


def _is_wanted(draft: DraftRow, wanted: RowsQuery) -> bool:
    return (
        draft.key > wanted.after_key
        and wanted.payer_id in ("", draft.payer_id)
        and wanted.site_id in ("", draft.site_id)
        and (wanted.sites is None or draft.site_id in wanted.sites)
        and (wanted.first is None or draft.period_end >= wanted.first)
        and (wanted.last is None or draft.period_start <= wanted.last)
    )


def _asked(tx: Transaction, wanted: RowsQuery | IssuedClaimsQuery) -> dict[str, Any]:
    """What isn't left empty; dates as JSON has them. Who asks for a client asks for the person."""
    given = {name: value for name, value in asdict(wanted).items() if value not in ("", None)}
    if client_id := given.pop("client_id", ""):
        given["client_ids"] = ids_of(tx.connection, client_id)
    return given | {n: given[n].isoformat() for n in ("first", "last") if n in given}


def _conditions(asked: Mapping[str, Any], of: Mapping[str, str]) -> str:
    return "".join(f" AND {of[name]}" for name in asked if name in of)
