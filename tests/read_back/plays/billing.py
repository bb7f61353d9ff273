"""Everything that billing can be told, after a restore too, and then all that it is asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.billing.v1 import restore_service_pb2 as restore
from ninehours.billing.v1 import rules_pb2 as rule_words
from ninehours.billing.v1 import statements_service_pb2 as said
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as revisions

from kernel.process import Service
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.store.published import raise_epoch
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from services.billing.adapters.rule_sets import message_of
from services.billing.api.ledger import LedgerServicer
from services.billing.app.ports import Lost, LostClaimFact, LostFact
from services.billing.domain.payers.rules import not_asked
from services.billing.domain.x12.npi import check_digit_for
from tests.harness.billing.facts import COVERAGE, SITE, Story, site_opened
from tests.harness.billing.history import RULES, day
from tests.harness.billing.service import ADA, BOB, NPI, Office, covered
from tests.harness.kernel.owner import as_owner
from tests.read_back.canaries import Canaries, Played

CLIENT = "0c11e700-0000-4000-8000-000000000001"
THEIR_NPI = f"123456788{check_digit_for('123456788')}"
LOST = "105f0000-0000-4000-8000-000000000001"
STAFF = "5aff0000-0000-4000-8000-000000000001"


def usd(cents: int) -> common.Money:
    return common.Money(currency_code="USD", minor_units=cents)


def play(new_store: Callable[[Service], Store]) -> Played:
    office = Office(new_store(SERVICE))
    story = Story()
    played, fill = Played(), Canaries(day(200))

    def command(kind: type[Message], by: str = ADA, **given: Any) -> Any:
        request = fill.filled(kind, **given)
        rpc = rpc_of(request).name
        return played.give(
            office.store, request, lambda name: office.call(rpc, request, command=name, by=by)
        )

    def statement(kind: str, **about: str) -> revisions.StatementRevision:
        """The last one said of the kind, as it stands."""
        whose = about or {"client_id": CLIENT}
        listed = office.call("ListStatements", said.ListStatementsRequest(**whose))
        [*_, found] = [
            each
            for each in listed.statements
            if each.revisions[0].recording.WhichOneof("said") == kind
        ]
        return revisions.StatementRevision(
            statement_id=found.statement_id, revision=found.revisions[-1].revision
        )

    def corrected(kind: str, content: Message, **about: str) -> None:
        command(
            said.CorrectStatementRequest,
            statement=statement(kind, **about),
            recording=said.Recording(**{kind: content}),
        )

    def question(request: Message) -> None:
        actor = Actor(ADA, frozenset({"biller"}), frozenset({"*"}), "PAYMENT")
        call = Call(
            actor=actor,
            now=office.now,
            deadline=lambda: None,
            correlation_id="c",
            traceparent="",
        )
        of_statements = isinstance(request, said.ListStatementsRequest)
        answering: Any = office.statements if of_statements else LedgerServicer(office.store)
        played.answers.append(getattr(answering, rpc_of(request).name)(request, call))

    address = fill.filled(common.PostalAddress, state="IL", zip="606051234")
    office.provider_id = command(
        pb.RegisterProviderRequest,
        npi=NPI,
        tax_id="223456789",
        taxonomy="261QR0405X",
        contact_phone="3125550107",
        address=address,
    ).provider_id
    office.payer_id = command(
        pb.RegisterPayerRequest, payer_number="PRAIRIE7", filing_indicator="CI"
    ).payer_id
    bills, pays = {"provider_id": office.provider_id}, {"payer_id": office.payer_id}
    january = to_date(day(-60))
    until = {"effective_to": to_date(day(900))}
    command(
        pb.SetFeeRequest,
        **bills,
        **until,
        code="H0015",
        charge=usd(30_017),
        effective_from=january,
    )
    office.introduce("site", SITE, site_opened(SITE))
    enrolled = {**bills, **pays, "site_id": SITE}
    command(
        pb.EnrollProviderRequest,
        **enrolled,
        effective_from=to_date(day(-59)),
        effective_to=to_date(day(901)),
    )
    rules = replace(RULES, payer_id=office.payer_id, version=1)
    command(
        pb.ProposeRuleSetRequest,
        rule_set=message_of(rules),
        not_asked=sorted(not_asked(rules)),
    )
    command(pb.ConfirmRuleSetRequest, BOB, **pays, version=1)
    credentialed = attendance.StaffCredentialed(staff_id=STAFF, credential="CADC")
    office.introduce("staff", STAFF, credentialed)
    command(pb.RegisterPractitionerRequest, staff_id=STAFF, npi=THEIR_NPI, taxonomy="101YA0400X")
    corrected(
        "payer",
        fill.filled(pb.RegisterPayerRequest, payer_number="PRAIRIE8", filing_indicator="CI"),
        about=office.payer_id,
    )
    corrected(
        "provider",
        fill.filled(
            pb.RegisterProviderRequest,
            npi=NPI,
            tax_id="223456788",
            taxonomy="261QR0405X",
            contact_phone="3125550108",
            address=fill.filled(common.PostalAddress, state="IL", zip="606051235"),
        ),
        about=office.provider_id,
    )
    corrected(
        "practitioner",
        fill.filled(
            pb.RegisterPractitionerRequest, staff_id=STAFF, npi=THEIR_NPI, taxonomy="101YA0400X"
        ),
        about=STAFF,
    )
    corrected(
        "enrollment",
        pb.EnrollProviderRequest(
            **enrolled, effective_from=to_date(day(-58)), effective_to=to_date(day(902))
        ),
        about=SITE,
    )
    corrected(
        "fee",
        pb.SetFeeRequest(
            **bills,
            code="H0015",
            charge=usd(30_019),
            effective_from=to_date(day(-57)),
            effective_to=to_date(day(903)),
        ),
        about=office.provider_id,
    )
    office.hear(story.admitted(CLIENT, office.payer_id))
    authorized = {
        "client_id": CLIENT,
        **pays,
        "level_of_care": "2.1",
        "unit": rule_words.AUTHORIZATION_UNIT_DAYS,
        "effective_to": to_date(day(61)),
    }
    placed = {"site_id": SITE, "any_site": None}
    command(
        pb.RecordAuthorizationRequest,
        **authorized,
        **placed,
        units=29,
        number="AUTH-CANARY-1",
        effective_from=to_date(day(0)),
    )
    corrected(
        "authorization",
        fill.filled(
            pb.RecordAuthorizationRequest,
            **authorized | {"effective_to": to_date(day(59))},
            **placed,
            units=31,
            number="AUTH-CANARY-3",
            effective_from=to_date(day(0)),
        ),
    )
    command(
        pb.RecordAuthorizationRequest,
        **authorized,
        units=28,
        number="AUTH-CANARY-2",
        effective_from=to_date(day(1)),
        site_id=None,
    )
    corrected(
        "authorization",
        fill.filled(
            pb.RecordAuthorizationRequest,
            **authorized | {"effective_to": to_date(day(63))},
            units=32,
            number="AUTH-CANARY-4",
            effective_from=to_date(day(4)),
            site_id=None,
        ),
    )
    whose = {"client_id": CLIENT, **pays}
    command(
        pb.BillWithoutAuthorizationRequest,
        **whose,
        service_date=to_date(day(58)),
        reason=pb.WAIVER_REASON_PAYER_SAYS_SUBMIT,
    )
    corrected(
        "waiver",
        pb.BillWithoutAuthorizationRequest(
            **whose,
            service_date=to_date(day(58)),
            reason=pb.WAIVER_REASON_NETWORK_DECISION,
        ),
    )
    office.hear(story.attended(CLIENT, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    command(pb.IssueClaimsRequest, **pays, through=to_date(day(7)))
    office.pending_work.drain()
    [claim] = office.claims(CLIENT)
    office.now += timedelta(days=1)
    command(
        pb.RecordAdjudicationRequest,
        claim_id=claim.claim_id,
        payer_control_number="PCN-CANARY",
        status=events.ADJUDICATION_STATUS_PAID,
        paid=usd(90_019),
        adjudicated_on=to_date(office.now.date()),
        overrides=[pb.ADJUDICATION_OVERRIDE_PAYER_PAID_MORE],
    )
    corrected(
        "adjudication",
        pb.RecordAdjudicationRequest(
            claim_id=claim.claim_id,
            payer_control_number="PCN-CANARY-2",
            status=events.ADJUDICATION_STATUS_PAID,
            paid=usd(90_023),
            adjudicated_on=to_date(office.now.date()),
            overrides=[pb.ADJUDICATION_OVERRIDE_PAYER_PAID_MORE],
        ),
    )
    office.hear(story.corrected(CLIENT, day(2), 1, 0))
    [proposed] = office.call("ListProposals", pb.ListProposalsRequest(**pays)).proposals
    named = fill.filled(pb.NamedProposal, claim_id=proposed.claim_id, revision=proposed.revision)
    command(pb.IssueCorrectionsRequest, **pays, proposals=[named])
    office.hear(story.revoked(CLIENT, office.payer_id, day(9)))
    command(pb.SettleRevocationRequest, **whose, revoked_on=to_date(day(9)))

    office.hear(story.revoked(CLIENT, office.payer_id, day(10)))
    corrected(
        "settlement",
        fill.filled(pb.SettleRevocationRequest, **whose, revoked_on=to_date(day(10))),
    )
    command(said.VoidStatementRequest, statement=statement("authorization"))

    office.hear(story.attended(CLIENT, [day(7), day(11)]))
    with as_owner(office.store) as tx:
        raise_epoch(tx.connection)
    with office.store.transaction() as tx:
        left = tx.load(f"claim/{claim.claim_id}")[0]
    again = replace(left.fact, claim_id=LOST, number="LOST")
    about = LostFact(fact_id=LOST, type="", subject=f"client/{CLIENT}", signed_at=left.at)
    lost = Lost(of_claims=[LostClaimFact(about=about, fact=again)])
    office.restore_with(lambda: lost)
    command(restore.RecoverClaimsRequest)
    office.pending_work.drain()
    drafted = pb.ListClaimsRequest(client_id=CLIENT, state=pb.CLAIM_STATE_DRAFTED)
    [draft] = office.call("ListClaims", drafted).claims
    command(
        restore.RecordSentClaimsRequest,
        **pays,
        claims=[
            restore.SentClaim(about_id=draft.claim_id, number="SENT1CANARY", charge=draft.charge)
        ],
    )
    command(restore.ReconcileRequest)

    played.answers.append(office.call("GetRestore", restore.GetRestoreRequest()))
    question(ledger.ReadLedgerRequest(client_id=CLIENT))
    question(said.ListStatementsRequest(client_id=CLIENT))
    for about in (office.payer_id, office.provider_id, STAFF):
        question(said.ListStatementsRequest(about=about))
    question(ledger.ReadPayerRequest(**pays))
    question(ledger.ListProvidersRequest())
    return played
