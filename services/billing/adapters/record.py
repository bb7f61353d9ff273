"""Billing's own record in SQL: what may be issued, what issuing asks of it, who read its files."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import TypeVar

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import id_of
from kernel.mapping.reading import fact_reader
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.messaging.persons import ids_of_each
from kernel.messaging.public_facts import zone_known
from kernel.rpc.translate import date_of
from kernel.store.published import epoch_of
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.adapters.as_of import history_by
from services.billing.adapters.heard import heard_facts, subjects_of
from services.billing.adapters.issued import claims_of, claims_to
from services.billing.adapters.members import every_key, keys_of, members_of
from services.billing.adapters.rows import current_rows
from services.billing.app.draft_id import draft_id
from services.billing.app.ports import FileRead, Site
from services.billing.domain.claims.issue import DraftToIssue, ProposalToIssue
from services.billing.domain.claims.members import Members
from services.billing.domain.claims.restore import RESTORE, Restore, restore_stream
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.claims.settlement import SETTLEMENT
from services.billing.domain.projection import drafts_without

M = TypeVar("M", bound=Message)

INTAKE = intake.DESCRIPTOR.package  # its topic

_site = fact_reader(
    attendance.SiteOpened,
    Site,
    time_zone=lambda opened, field: zone_known(getattr(opened, field)),
)


class SqlDrafts:
    """The Drafts port on the kernel's tables."""

    def of_payer(self, tx: Transaction, payer_id: str, through: date) -> list[DraftToIssue]:
        rows = current_rows(
            tx,
            DraftRow,
            " AND content->>'payer_id' = :payer AND content->>'period_end' <= :through",
            payer=payer_id,
            through=through.isoformat(),
        )
        return [_to_issue(row.content, row.facts) for row in rows]

    def without(
        self, tx: Transaction, client_id: str, dates: Collection[date]
    ) -> Sequence[DraftToIssue]:
        history = history_by(tx, client_id)
        return [_to_issue(row.content, row.rests_on) for row in drafts_without(history, dates)]

    def proposed(
        self, tx: Transaction, payer_id: str, claims: Collection[str]
    ) -> Mapping[str, ProposalToIssue]:
        rows = [
            *current_rows(
                tx,
                ProposalRow,
                " AND content->>'payer_id' = :payer"
                " AND content->>'claim_id' = ANY(CAST(:claims AS text[]))",
                payer=payer_id,
                claims=sorted(claims),
            )
        ]
        states = claims_of(tx, [row.content.claim_id for row in rows])
        found: dict[str, ProposalToIssue] = {}
        for row in rows:
            claim = states[row.content.claim_id]
            if claim.issued is not None:
                found[claim.issued.claim_id] = ProposalToIssue(
                    row=row.content,
                    original=claim.issued,
                    payer_control_number=claim.payer_control_number,
                    revision=row.revision,
                    rests_on=row.facts,
                )
        return found

    def unsettled(self, tx: Transaction, clients: Sequence[str]) -> set[str]:
        subjects = [f"client/{client_id}" for client_id in clients]
        return {id_of(subject) for subject in clients_not_caught_up(tx.connection, subjects)}

    def restore(self, tx: Transaction) -> Restore:
        epoch = epoch_of(tx.connection)
        return replace(RESTORE.after(tx.load(restore_stream(epoch))), epoch=epoch)

    def numbers(self, tx: Transaction, numbers: Collection[str]) -> set[str]:
        issued = tx.load_where(
            "type = 'billing.claim_issued.v1' AND body->>'number' = ANY(CAST(:numbers AS text[]))",
            numbers=sorted(numbers),
        )
        return {recorded.fact.number for recorded in issued}

    def control_number(self, tx: Transaction) -> int:
        return int(tx.connection.execute(text("SELECT nextval('control_number')")).scalar_one())

    def settled(self, tx: Transaction, payer_id: str) -> dict[str, date]:
        settled = tx.execute(
            "SELECT DISTINCT stream FROM fact"
            " WHERE type = 'billing.revocation_settled.v1' AND body->>'payer_id' = :payer",
            payer=payer_id,
        )
        streams = tx.load_many([row.stream for row in settled])
        stand = [SETTLEMENT.after(history) for history in streams.values()]
        said_of = {said.client_id: said for said in stand if said is not None}
        found: dict[str, date] = {}
        for ids in ids_of_each(tx.connection, said_of).values():
            # Of merged clients the strictest word is the person's.
            words = [said_of[each] for each in ids if each in said_of]
            days = [word.revoked_on for word in words if word.disclose and word.revoked_on]
            if len(days) == len(words):
                found |= dict.fromkeys(ids, min(days))
        return found

    def heard(self, tx: Transaction, clients: Sequence[str]) -> dict[str, int]:
        rows = tx.connection.execute(
            text(
                "SELECT subject, sequence FROM heard_head WHERE topic = :topic"
                " AND subject = ANY(CAST(:subjects AS text[]))"
            ),
            {"topic": INTAKE, "subjects": [f"client/{client_id}" for client_id in clients]},
        )
        return {id_of(row.subject): row.sequence for row in rows}

    def heard_as(self, tx: Transaction, numbers: Mapping[str, int]) -> dict[str, str]:
        rows = tx.connection.execute(
            text(
                "SELECT x.subject, coalesce(f.id, h.id) AS id FROM unnest("
                " CAST(:subjects AS text[]), CAST(:numbers AS bigint[])) AS x(subject, number)"
                " LEFT JOIN heard_fact f ON (f.topic, f.subject, f.sequence)"
                "  = (:topic, x.subject, x.number)"
                " LEFT JOIN heard_head h ON (h.topic, h.subject, h.sequence)"
                "  = (:topic, x.subject, x.number)"
                " WHERE coalesce(f.id, h.id) IS NOT NULL"
            ),
            {
                "topic": INTAKE,
                "subjects": [f"client/{client_id}" for client_id in numbers],
                "numbers": list(numbers.values()),
            },
        )
        return {id_of(row.subject): str(row.id) for row in rows}

    def ended(self, tx: Transaction, clients: Sequence[str]) -> dict[str, date]:
        first: dict[str, date] = {}  # revoked again, it is from an earlier day on
        for _, revoked in _heard(tx, intake.ConsentRevoked, clients):
            on = date_of(revoked, "revoked_on")
            first[revoked.consent_id] = min(on, first.get(revoked.consent_id, on))
        return first

    def revoked(self, tx: Transaction, payer_id: str, clients: Sequence[str]) -> dict[str, date]:
        ended = self.ended(tx, clients)
        found: dict[str, date] = {}
        for client_id, given in _heard(tx, intake.ConsentGiven, clients):
            if given.recipient_payer_id == payer_id and given.consent_id in ended:
                on = ended[given.consent_id]
                found[client_id] = max(on, found.get(client_id, on))
        return found

    def member_keys(self, tx: Transaction, clients: Sequence[str]) -> set[str]:
        return every_key(keys_of(tx.connection, clients))

    def members(self, tx: Transaction, payer_id: str, clients: Sequence[str]) -> Members:
        return members_of(tx, payer_id, clients)

    def sites(self, tx: Transaction, site_ids: Collection[str]) -> dict[str, Site]:
        subjects = [f"site/{site_id}" for site_id in site_ids]
        opened = heard_facts(tx.connection, attendance.SiteOpened, subjects)
        return {site_id: _site(fact) for site_id, fact in opened}

    def unanswered(
        self, tx: Transaction, payer_id: str, clients: Sequence[str]
    ) -> dict[str, list[date]]:
        found: dict[str, list[date]] = {}
        persons = {
            each: ids for ids in ids_of_each(tx.connection, clients).values() for each in ids
        }
        for claim in claims_to(tx, payer_id, sorted(persons)).values():
            if claim.issued is not None and claim.stands and claim.adjudicated is None:
                for client_id in persons[claim.issued.client_id]:
                    found.setdefault(client_id, []).append(claim.issued.period_start)
        return found


def write_file_read(tx: Transaction, read: FileRead) -> None:
    """One entry, in the transaction that opens the file."""
    tx.connection.execute(
        text(
            "INSERT INTO file_audit (at, actor, purpose, batch_id, correlation)"
            " VALUES (:at, :actor, :purpose, :batch_id, :correlation)"
        ),
        asdict(read),
    )


def _to_issue(row: DraftRow, rests_on: frozenset[str]) -> DraftToIssue:
    return DraftToIssue(draft_id=draft_id(row.key), row=row, rests_on=rests_on)


def _heard(tx: Transaction, kind: type[M], clients: Sequence[str]) -> list[tuple[str, M]]:
    return heard_facts(tx.connection, kind, subjects_of("client", clients))
