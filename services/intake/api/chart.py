"""ChartService: what intake was told of a client, with names, numbers and text."""

from collections.abc import Sequence
from datetime import datetime

from ninehours.intake.v1 import chart_service_pb2 as pb
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.refusal import NotAllowed
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.intake.adapters import chart, told
from services.intake.adapters.bindings import sites_of
from services.intake.adapters.chart import Chart
from services.intake.adapters.network import CREDENTIALS
from services.intake.api import requests
from services.intake.domain.areas import AssessmentArea
from services.intake.domain.instruments.described import DESCRIBED, InstrumentDescribed

SERVICE = pb.DESCRIPTOR.services_by_name["ChartService"]
FACT = ("fact",)
WORDS = ("fact", "words")


def _areas(found: told.ToldAreas) -> Sequence[intake.AssessedArea]:
    """All five: each was assessed, whatever was told in it."""
    narratives = found.narratives or {}
    return [
        intake.AssessedArea(
            area=f"ASSESSMENT_AREA_{area}",
            need=area in found.fact.needs,
            narrative=narratives.get(area, ""),
        )
        for area in AssessmentArea
    ]


def _ratings(found: told.ToldRatings) -> Sequence[intake.DimensionRating]:
    return [
        intake.DimensionRating(dimension=dimension, rating=rating)
        for dimension, rating in found.fact.ratings.items()
    ]


to_doubles = writer(pb.JudgedDouble, told.ToldDoubles, through=WORDS, reason=named("words.text"))
to_merge = writer(pb.MergeStep, told.ToldMerge, through=WORDS, remark=named("words.text"))
to_unmerge = writer(pb.UnmergeStep, told.ToldUnmerge, through=WORDS, remark=named("words.text"))
to_forgetting = writer(
    pb.ForgettingStep,
    told.ToldForgetting,
    expires_at=lambda found: getattr(found.fact, "expires_at", None),
    retained_until=lambda found: getattr(found.fact, "retained_until", None),
)
to_person = writer(
    pb.ReadPersonResponse,
    told.ToldPerson,
    through=WORDS,
    identity=lambda found: found.words.identity,
    contacts=lambda found: found.words.contacts,
    changes=writer(
        pb.PersonChange,
        told.ToldChange,
        through=WORDS,
        identity=lambda found: found.words.identity,
        contacts=lambda found: found.words.contacts,
    ),
    doubles=to_doubles,
    merges=to_merge,
    unmerges=to_unmerge,
    forgetting=to_forgetting,
)
to_name = writer(
    pb.NamedClient,
    told.ToldName,
    family_name=lambda found: found.identity and found.identity.family_name,
    given_name=lambda found: found.identity and found.identity.given_name,
    birth_date=lambda found: found.identity and found.identity.birth_date,
)
to_coverage = writer(
    pb.Coverage,
    told.ToldCoverage,
    through=FACT,
    verifications=writer(pb.CoverageVerification, told.ToldVerification, through=FACT),
    ends=writer(pb.CoverageEnd, told.ToldCoverageEnd, through=FACT),
)
to_consent = writer(
    pb.Consent,
    told.ToldConsent,
    through=FACT,
    revocations=writer(pb.ConsentRevocation, told.ToldRevocation, through=FACT),
)
to_restriction = writer(
    pb.Restriction,
    told.ToldRestriction,
    through=FACT,
    from_=named("fact.first"),
    to=named("fact.last"),
)
to_chart = writer(
    pb.ReadChartResponse,
    told.ToldChart,
    screenings=writer(
        pb.ScreeningFound,
        told.ToldScreening,
        through=("fact", "fact.screening"),
        referred_to=lambda found: found.declined and found.declined.referred_to,
        reasons=lambda found: found.declined.reasons if found.declined else (),
    ),
    diagnoses=writer(
        pb.DiagnosisMade,
        told.ToldDiagnosis,
        through=FACT,
        ends=writer(pb.DiagnosisEnd, told.ToldDiagnosisEnd, through=FACT),
    ),
    areas=writer(pb.AreasFound, told.ToldAreas, through=FACT, areas=_areas),
    ratings=writer(pb.DimensionsFound, told.ToldRatings, through=FACT, ratings=_ratings),
    admissions=writer(
        pb.Admission,
        told.ToldAdmission,
        through=WORDS,
        open_safety_reason=named("words.text"),
        program_id=named("fact.program.program_id"),
        closed_on=lambda found: found.closed and found.closed.closed_on,
        transfers=writer(
            pb.Transfer,
            told.ToldTransfer,
            through=FACT,
            program_id=named("fact.program.program_id"),
        ),
    ),
)
to_assessment = writer(
    pb.InstrumentAssessment,
    told.ToldAssessment,
    through=FACT,
    safety_task=writer(
        pb.TaskOfAssessment,
        told.ToldTask,
        through=FACT,
        handed_on=writer(
            pb.HandedOn, told.ToldHandingOn, through=WORDS, reason=named("words.text")
        ),
        closed=writer(pb.ClosedTask, told.ToldClosing, through=WORDS, note=named("words.text")),
    ),
)
to_instrument = writer(pb.Instrument, InstrumentDescribed)


class ChartServicer:
    """Answers ChartService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ReadPerson(self, request: pb.ReadPersonRequest, call: Call) -> pb.ReadPersonResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            return to_person(Chart(tx, client_id, until).person(call.actor.sites))

    def NameClients(self, request: pb.NameClientsRequest, _: Call) -> pb.NameClientsResponse:
        with reading(request) as read:
            client_ids = read.value(requests.clients_to_name, "client_ids", tuple[str, ...]())
        with self._store.transaction() as tx:
            return pb.NameClientsResponse(clients=map(to_name, chart.names(tx, client_ids)))

    def ListCoverages(self, request: pb.ListCoveragesRequest, _: Call) -> pb.ListCoveragesResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            coverages = Chart(tx, client_id, until).coverages()
        return pb.ListCoveragesResponse(coverages=map(to_coverage, coverages))

    def ListConsents(self, request: pb.ListConsentsRequest, _: Call) -> pb.ListConsentsResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            found = Chart(tx, client_id, until)
            return pb.ListConsentsResponse(
                consents=map(to_consent, found.consents()),
                restrictions=map(to_restriction, found.restrictions()),
                label=f"LABEL_{found.label()}",
            )

    def ReadChart(self, request: pb.ReadChartRequest, call: Call) -> pb.ReadChartResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            return to_chart(Chart(tx, client_id, until).findings(call.actor.sites))

    def ListAssessments(
        self, request: pb.ListAssessmentsRequest, call: Call
    ) -> pb.ListAssessmentsResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            if not CREDENTIALS.sees_scores(tx, call.reader, sites_of(tx, client_id)):
                raise NotAllowed("NOT_CREDENTIALED", "no credential of yours sees scores here")
            assessments = Chart(tx, client_id, until).assessments()
        return pb.ListAssessmentsResponse(assessments=map(to_assessment, assessments))

    def ListInstruments(self, _: pb.ListInstrumentsRequest, __: Call) -> pb.ListInstrumentsResponse:
        return pb.ListInstrumentsResponse(instruments=map(to_instrument, DESCRIBED))


Asked = (
    pb.ReadPersonRequest
    | pb.ListCoveragesRequest
    | pb.ListConsentsRequest
    | pb.ReadChartRequest
    | pb.ListAssessmentsRequest
)


def _asked(request: Asked) -> tuple[str, datetime | None]:
    """Of which client, as it was recorded by when."""
    with reading(request) as read:
        client_id = str(read.uuid("client_id"))
        until = read.optional(timestamp_of, "as_of")
    return client_id, until
