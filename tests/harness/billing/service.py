"""Billing as its processes run it, a biller who calls it, and an intake that answers by hand."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as registration
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.execute import CommandExecutor
from kernel.facts import derived_id
from kernel.messaging.envelope import Record
from kernel.messaging.inbox import Inbox
from kernel.messaging.owners import Confirm
from kernel.messaging.pending_work import PendingWork
from kernel.rpc.call import Call
from kernel.rpc.dry_run import answered
from kernel.rpc.statements import StatementsServicer
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.services import topic_of
from kernel.store.statements import text
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from services.billing.adapters.claim_file import FileWriter, institutional, professional
from services.billing.adapters.heard import SqlNetwork
from services.billing.adapters.identities import person_of
from services.billing.adapters.pages import SqlPages
from services.billing.adapters.publication import publish
from services.billing.adapters.record import SqlDrafts
from services.billing.adapters.rule_sets import message_of
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.api import statements
from services.billing.api.restore import RestoreServicer
from services.billing.api.servicer import billing_servicer
from services.billing.api.work import WorkServicer
from services.billing.app.ports import (
    BillingWriteSide,
    DisclosedClient,
    DisclosedClients,
    Identities,
    Issuing,
    LostFacts,
    RestoringWriteSide,
)
from services.billing.domain.payers.rules import ClaimForm, not_asked
from services.billing.domain.x12.npi import check_digit_for
from tests.harness.billing.facts import site_opened
from tests.harness.billing.history import RULES, day
from tests.harness.confirming import confirm_all
from tests.harness.plans.service import Log
from tests.harness.signing import signatures_of

NOW = datetime(2026, 3, 23, 15, 0, tzinfo=UTC)
ADA, BOB = "staff/ada", "staff/bob"
NPI = "1234567893"


def covered(client_id: str, coverage_id: str, **changes: Any) -> intake.CoveredIdentity:
    """Who the client is, as intake tells a payer; the names are canaries."""
    identity = intake.Identity(
        family_name="Zyxwander",
        given_name="Quorla",
        birth_date=common.Date(year=1990, month=5, day=17),
        sex=intake.SEX_FEMALE,
        address=common.PostalAddress(
            line="77 Wobblecroft Lane", city="Chicago", state="IL", zip="60614"
        ),
    )
    found = intake.CoveredIdentity(
        client_id=client_id,
        identity=identity,
        identity_version=3,
        coverage_id=coverage_id,
        member_number="MEMB90210",
        group_number="GRP7",
        consent_id="5cbf2e4e-9a86-4b83-9a2e-1f3d5f4f9d10",
        permit_id="9e571234-9a86-4b83-9a2e-1f3d5f4f9d10",
        permit_sequence=1,
    )
    for name, value in changes.items():
        if isinstance(value, str | int):
            setattr(found, name, value)
        else:
            getattr(found, name).MergeFrom(value)
    return found


class FakeIntake:
    """The Identities port by hand: who is covered by which payer, and who is withheld, why.

    Of whom a revocation was settled, consent isn't asked, and no consent is told. Without consent
    nobody is named for lines of `under_part2` programs, nor for those nobody knows.
    """

    def __init__(self) -> None:
        self.covered: dict[tuple[str, str], intake.CoveredIdentity] = {}
        self.withheld: dict[str, str] = {}
        self.asked: list[tuple[tuple[str, ...], str, date]] = []
        self.settled: list[tuple[str, ...]] = []
        self.programs: list[dict[str, list[str]]] = []
        self.under_part2 = {""}
        self.meanwhile: Callable[[], object] = lambda: None

    def cover(self, payer_id: str, identity: intake.CoveredIdentity) -> None:
        self.covered[identity.client_id, payer_id] = identity

    def __call__(
        self,
        clients: Sequence[str],
        payer_id: str,
        on: date,
        settled: Sequence[str],
        programs: Mapping[str, Collection[str]],
    ) -> DisclosedClients:
        self.asked.append((tuple(clients), payer_id, on))
        self.settled.append(tuple(settled))
        self.programs.append({client: sorted(programs[client]) for client in clients})
        self.meanwhile()
        persons: dict[str, DisclosedClient] = {}
        withheld: dict[str, str] = {}
        for client_id in clients:
            found = self.covered.get((client_id, payer_id))
            reason = self.withheld.get(client_id, "")
            if reason == "NO_CONSENT" and client_id in settled and found is not None:
                unasked = intake.CoveredIdentity()
                unasked.CopyFrom(found)
                unasked.consent_id = ""
                named = person_of(unasked)
                persons[client_id] = replace(named, programs=frozenset(programs[client_id]))
            elif reason:
                withheld[client_id] = reason
            elif found is None:
                withheld[client_id] = "NO_COVERAGE"
            else:
                told = set(programs[client_id])
                free = told if found.consent_id else told - self.under_part2
                persons[client_id] = replace(person_of(found), programs=frozenset(free))
        return DisclosedClients(persons, withheld)


@dataclass
class Office:
    """The servicer, its record, and the stream side without Faust.

    `command_ids` are the same in every office that does the same, so that ids are too.
    """

    store: Store
    identities: FakeIntake = field(default_factory=FakeIntake)
    pages: SqlPages = field(default_factory=SqlPages)
    now: datetime = NOW
    sites: frozenset[str] = frozenset({"*"})
    provider_id: str = ""
    payer_id: str = ""
    # Of sites, staff and clients; None: others tell of them.
    log: Log | None = field(default_factory=Log)
    answers: Any = field(init=False)
    work: Any = field(init=False)
    statements: Any = field(init=False)
    restore: Any = None
    inbox: Inbox = field(init=False)
    pending_work: PendingWork = field(init=False)

    def __post_init__(self) -> None:
        self.issue_with(self.identities)
        self.work = WorkServicer(self.store, self.pages)
        self.inbox = Inbox(self.store, SUBSCRIPTIONS, signatures_of())
        self.inbox.begin([topic_of(name) for name in SERVICE.hears])
        self.pending_work = PendingWork(self.store, SUBSCRIPTIONS)

    def issue_with(self, identities: Identities, confirm: Confirm = confirm_all) -> None:
        """From now on they are asked; unless said otherwise, owners confirm everything."""
        executor = CommandExecutor(
            store=self.store, publish=publish, view=lambda *_: None, subscriptions=SUBSCRIPTIONS
        )
        billing = BillingWriteSide(executor, SqlNetwork(), SqlDrafts())
        issuing = Issuing(
            drafts=billing.drafts,
            confirm=confirm,
            identities=identities,
            files={
                ClaimForm.PROFESSIONAL: FileWriter(professional, "T"),
                ClaimForm.INSTITUTIONAL: FileWriter(institutional, "T"),
            },
        )
        self.answers = billing_servicer(billing, lambda _: issuing, self.pages)
        self.statements = StatementsServicer(statements.KINDS, billing)

    def restore_with(self, lost: LostFacts) -> None:
        """After a restore: what Kafka has of commands that were lost."""
        executor = CommandExecutor(store=self.store, publish=publish, subscriptions=SUBSCRIPTIONS)
        self.restore = RestoreServicer(RestoringWriteSide(executor, SqlDrafts(), lost))

    def call(
        self,
        rpc: str,
        request: Any,
        *,
        command: str = "",
        by: str = ADA,
        deadline: float | None = None,
    ) -> Any:
        """`command` names a command: the same name gives the same command id."""
        if "meta" in request.DESCRIPTOR.fields_by_name:
            request.meta.command_id = str(derived_id(command)) if command else str(uuid4())
        actor = Actor(id=by, roles=frozenset({"biller"}), sites=self.sites, purpose="PAYMENT")
        call = Call(
            actor=actor,
            now=self.now,
            deadline=lambda: deadline,
            correlation_id="c",
            traceparent="",
        )
        answers = (self.answers, self.work, self.statements, self.restore)
        servicer = next(servicer for servicer in answers if hasattr(servicer, rpc))
        return answered(self.store, getattr(servicer, rpc), request, call)

    # Setting up

    def register(self) -> None:
        """One provider and one payer."""
        self.provider_id = self.call("RegisterProvider", provider(), command="provider").provider_id
        self.payer_id = self.call(
            "RegisterPayer",
            pb.RegisterPayerRequest(
                name="Prairie Health", payer_number="PRAIRIE1", filing_indicator="CI"
            ),
            command="payer",
        ).payer_id

    def set_fee(self, charge_minor: int = 30_000, **changes: Any) -> None:
        request = pb.SetFeeRequest(
            provider_id=self.provider_id,
            code="H0015",
            charge=common.Money(currency_code="USD", minor_units=charge_minor),
            effective_from=to_date(date(2026, 1, 1)),
        )
        request.MergeFrom(pb.SetFeeRequest(**changes))
        self.call("SetFee", request, command=f"fee {charge_minor}")

    def introduce(self, kind: str, key: str, fact: Any) -> None:
        """Somebody tells of the site, the staff or the client, if nobody did yet."""
        with self.store.transaction() as tx:
            history = SqlNetwork().has(tx, kind, key)
        if self.log is not None and not history:
            self.hear([self.log.tell(fact)])

    def enroll(self, site_id: str) -> None:
        self.introduce("site", site_id, site_opened(site_id))
        self.call(
            "EnrollProvider",
            pb.EnrollProviderRequest(
                provider_id=self.provider_id,
                payer_id=self.payer_id,
                site_id=site_id,
                effective_from=to_date(date(2026, 1, 1)),
            ),
            command=f"enroll {site_id}",
        )

    def propose(self, version: int = 1, **changes: Any) -> None:
        rules = replace(RULES, payer_id=self.payer_id, version=version, **changes)
        request = pb.ProposeRuleSetRequest(
            rule_set=message_of(rules), not_asked=sorted(not_asked(rules))
        )
        self.call("ProposeRuleSet", request, command=f"propose {rules}")

    def confirm(self, version: int = 1, by: str = BOB) -> None:
        self.call(
            "ConfirmRuleSet",
            pb.ConfirmRuleSetRequest(payer_id=self.payer_id, version=version),
            command=f"confirm {version}",
            by=by,
        )

    def authorize(
        self, client_id: str, units: int = 30, number: str = "AUTHNUM4711", site_id: str = ""
    ) -> str:
        self.introduce("client", client_id, registration.ClientRegistered(client_id=client_id))
        if site_id:
            self.introduce("site", site_id, site_opened(site_id))
        return str(
            self.call(
                "RecordAuthorization",
                pb.RecordAuthorizationRequest(
                    client_id=client_id,
                    payer_id=self.payer_id,
                    number=number,
                    level_of_care="2.1",
                    units=units,
                    effective_from=to_date(day(0)),
                    effective_to=to_date(day(60)),
                    site_id=site_id,
                    any_site=not site_id,
                ),
                command=f"authorize {client_id} {number}",
            ).authorization_id
        )

    def steps(self, site_id: str, clients: Sequence[str]) -> Iterator[Callable[[], object]]:
        """All it takes to bill at a site, in this order; what others say may come between."""
        yield self.set_fee
        yield lambda: self.enroll(site_id)
        yield self.propose
        yield self.confirm
        for client_id in clients:
            yield partial(self.authorize, client_id)

    def set_up(self, site_id: str, clients: Sequence[str], **rules: Any) -> None:
        """Registered, enrolled, with a fee, confirmed rules, and authorizations."""
        self.register()
        self.set_fee()
        self.enroll(site_id)
        self.propose(**rules)
        self.confirm()
        for client_id in clients:
            self.authorize(client_id)

    # Day by day

    def hear(self, records: Sequence[Record]) -> None:
        self.inbox.hear(records)
        self.pending_work.drain()

    def issue(self, through: date, command: str = "issue", **changes: Any) -> Any:
        request = pb.IssueClaimsRequest(payer_id=self.payer_id, through=to_date(through))
        request.MergeFrom(pb.IssueClaimsRequest(**changes))
        return self.call("IssueClaims", request, command=command)

    def register_practitioner(self, staff_id: str, command: str = "", **changes: Any) -> None:
        credentialed = attendance.StaffCredentialed(staff_id=staff_id, credential="CADC")
        self.introduce("staff", staff_id, credentialed)
        request = pb.RegisterPractitionerRequest(
            staff_id=staff_id,
            family_name="Vexholm",
            given_name="Tamsin",
            npi=f"123456788{check_digit_for('123456788')}",
            taxonomy="101YA0400X",
        )
        request.MergeFrom(pb.RegisterPractitionerRequest(**changes))
        self.call("RegisterPractitioner", request, command=f"practitioner {staff_id} {command}")

    def adjudicate(self, claim_id: str, status: str = "PAID", number: str = "PCN1") -> None:
        """The payer's word on a claim."""
        paid = common.Money(currency_code="USD", minor_units=100 if status == "PAID" else 0)
        request = pb.RecordAdjudicationRequest(
            claim_id=claim_id,
            payer_control_number=number,
            status=f"ADJUDICATION_STATUS_{status}",
            paid=paid,
            adjudicated_on=to_date(self.now.date()),
        )
        self.call("RecordAdjudication", request, command=f"adjudicate {claim_id} {status} {number}")
        self.pending_work.drain()

    def correct(self, command: str = "correct", named: Sequence[Any] | None = None) -> Any:
        """Issues the proposals as they were looked at; without any, those that are READY now."""
        if named is None:
            ready = pb.ListProposalsRequest(
                payer_id=self.payer_id, state=events.PROPOSAL_STATE_READY
            )
            named = self.call("ListProposals", ready).proposals
        request = pb.IssueCorrectionsRequest(
            payer_id=self.payer_id,
            proposals=[
                proposal
                if isinstance(proposal, pb.NamedProposal)
                else pb.NamedProposal(claim_id=proposal.claim_id, revision=proposal.revision)
                for proposal in named
            ],
        )
        return self.call("IssueCorrections", request, command=command)

    # Looking

    def claims(self, client_id: str = "") -> list[Any]:
        """Issued claims as they are listed."""
        request = pb.ListClaimsRequest(client_id=client_id, state=pb.CLAIM_STATE_ISSUED)
        return list(self.call("ListClaims", request).claims)

    def file(self, batch_id: str) -> bytes:
        return bytes(self.call("ReadBatch", pb.ReadBatchRequest(batch_id=batch_id)).content)

    def current(self) -> dict[tuple[str, str], Any]:
        """The current contents: kind and key → content."""
        return {
            (row.kind, row.row_key): row.content
            for row in self.query(
                "SELECT kind, row_key, content FROM derived WHERE current AND NOT withdrawn"
            )
        }

    def of_kind(self, kind: str) -> list[Any]:
        """Current contents of one kind, by key."""
        return [content for (of, _), content in sorted(self.current().items()) if of == kind]

    def query(self, statement: str, **parameters: Any) -> Sequence[Any]:
        with self.store.transaction() as tx:
            return tx.connection.execute(text(statement), parameters).all()


def provider(**changes: Any) -> pb.RegisterProviderRequest:
    request = pb.RegisterProviderRequest(
        name="Lakeside Recovery",
        npi=NPI,
        tax_id="123456789",
        taxonomy="261QR0405X",
        address=common.PostalAddress(line="1 Lake St", city="Chicago", state="IL", zip="606011234"),
        contact_name="Billing Office",
        contact_phone="3125550100",
    )
    request.MergeFrom(pb.RegisterProviderRequest(**changes))
    return request
