"""LedgerService: what billing was told of a client, of payers, and of who bills."""

from ninehours.billing.v1 import ledger_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.billing.adapters import ledger, told
from services.billing.adapters.rule_sets import message_of

SERVICE = pb.DESCRIPTOR.services_by_name["LedgerService"]
FACT = ("fact",)

to_ledger = writer(
    pb.ReadLedgerResponse,
    told.ToldLedger,
    authorizations=writer(
        pb.RecordedAuthorization,
        told.ToldAuthorization,
        through=(*FACT, "words"),
        number=named("words.text"),
    ),
    waivers=writer(pb.RecordedWaiver, told.ToldWaiver, through=FACT),
    settlements=writer(pb.RecordedSettlement, told.ToldSettlement, through=FACT),
    claims=writer(
        pb.RecordedClaim,
        told.ToldClaim,
        through=FACT,
        charge=named("fact.charge_minor"),
        adjudications=writer(pb.RecordedAdjudication, told.ToldAdjudication, through=FACT),
    ),
)
to_payer = writer(
    pb.ReadPayerResponse,
    told.ToldPayer,
    through=FACT,
    rule_sets=writer(
        pb.RecordedRuleSet,
        told.ToldRules,
        rule_set=lambda found: message_of(found.fact.rules),
        confirmed=writer(pb.RuleSetConfirmation, told.ToldRulesConfirmation),
    ),
)
to_provider = writer(
    pb.RecordedProvider,
    told.ToldProvider,
    through=FACT,
    fees=writer(pb.RecordedFee, told.ToldFee, through=FACT),
    enrollments=writer(pb.RecordedEnrollment, told.ToldEnrollment, through=FACT),
)
to_practitioner = writer(pb.RecordedPractitioner, told.ToldPractitioner, through=FACT)


class LedgerServicer:
    """Answers LedgerService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ReadLedger(self, request: pb.ReadLedgerRequest, _: Call) -> pb.ReadLedgerResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        with self._store.transaction() as tx:
            return to_ledger(ledger.ledger(tx, client_id, until))

    def ReadPayer(self, request: pb.ReadPayerRequest, _: Call) -> pb.ReadPayerResponse:
        with reading(request) as read:
            payer_id = str(read.uuid("payer_id"))
        with self._store.transaction() as tx:
            return to_payer(ledger.payer(tx, payer_id))

    def ListProviders(self, _: pb.ListProvidersRequest, __: Call) -> pb.ListProvidersResponse:
        with self._store.transaction() as tx:
            return pb.ListProvidersResponse(
                providers=map(to_provider, ledger.providers(tx)),
                practitioners=map(to_practitioner, ledger.practitioners(tx)),
            )
