"""Public messages as the domain knows them: everything of one client becomes its history."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, id_of
from kernel.mapping.reading import Named, Reader, fact_reader, named
from kernel.messaging.amendments import Amended, History
from kernel.messaging.subscriptions import Facts
from services.billing.adapters.rule_sets import confirmed_rules_of
from services.billing.domain.history import history
from services.billing.domain.history.history import BillingHistory, ClaimLine

DAY = timedelta(days=1)
Keep = Callable[[HeardFact], Any]
ADMITTED = intake.ClientAdmitted.DESCRIPTOR.full_name
TRANSFERRED = intake.ClientTransferred.DESCRIPTOR.full_name
AUTHORIZED = billing.AuthorizationRecorded.DESCRIPTOR.full_name
REGISTERED = billing.ProviderRegistered.DESCRIPTOR.full_name


def history_of(client: str, facts: Facts) -> BillingHistory:
    """All that is known of a client; facts of types it doesn't rest on are passed over.

    Which authorizations were put right it knows too: such a one holds no date for its being issued.
    One that was taken back has no units. So it knows what admissions said first, and providers.
    """
    found: dict[str, list[Any]] = {}
    for about in facts.values():
        for fact in about:
            reader = READERS.get(fact.type)
            if reader is not None:
                field, read = reader
                found.setdefault(field, []).append(read(fact))
    amended = [
        statement
        for statement in (facts.amended if isinstance(facts, History) else ())
        if statement.says_otherwise
    ]
    _one_coverage_a_member(client, facts, found)
    found["authorizations"] = list(_put_right(found.get("authorizations", ()), amended))
    found["providers"] = list(_with_first_npi(found.get("providers", ()), amended))
    transfers, admissions = found.get("transfers", ()), found.get("admissions", ())
    found["admissions"] = list(_stays(admissions, transfers))
    found["admissions_put_right"] = [
        *_stays(_said_first(ADMITTED, amended), transfers),
        *(
            stay
            for stay in _stays(admissions, _said_first(TRANSFERRED, amended))
            if stay.first is not None
        ),
    ]
    return BillingHistory(
        client_id=id_of(client), **{field: tuple(kept) for field, kept in found.items()}
    )


def _one_coverage_a_member(client: str, facts: Facts, found: dict[str, list[Any]]) -> None:
    """Of merged clients coverages of one member are one: the survivor's, else the first by id."""
    last = {
        recognised.coverage_id: recognised
        for fact in facts.get(client, ())
        if isinstance(recognised := fact.message, intake.MemberRecognised)
    }
    of_key: dict[str, set[tuple[bool, str]]] = {}
    for recognised in last.values():
        is_absorbed = recognised.client_id != id_of(client)
        of_key.setdefault(recognised.key, set()).add((is_absorbed, recognised.coverage_id))
    one = {
        coverage_id: min(coverages)[1]
        for coverages in of_key.values()
        if any(is_absorbed for is_absorbed, _ in coverages)
        for _, coverage_id in coverages
    }
    for field in ("coverages", "coverage_ends") if one else ():
        found[field] = [
            replace(said, coverage_id=one.get(said.coverage_id, said.coverage_id))
            for said in found.get(field, ())
        ]
    found["issued"] = [
        replace(
            claim,
            coverage_id=one.get(claim.coverage_id, claim.coverage_id),
            own_coverage_id=claim.coverage_id,
        )
        for claim in found.get("issued", ())
    ]


def _put_right(
    standing: Iterable[history.Authorization], amended: Iterable[Amended]
) -> Iterator[history.Authorization]:
    found = {
        str(statement.first.id): statement
        for statement in amended
        if statement.first.type == AUTHORIZED
    }
    for authorization in standing:
        yield replace(authorization, put_right=authorization.fact in found)
    for statement in found.values():
        if statement.voids:
            said: history.Authorization = READERS[AUTHORIZED][1](statement.first)
            yield replace(said, put_right=True, units=0)


def _with_first_npi(
    standing: Iterable[history.RegisteredProvider], amended: Iterable[Amended]
) -> Iterator[history.RegisteredProvider]:
    first = {said.fact: said.npi for said in _said_first(REGISTERED, amended)}
    for provider in standing:
        yield replace(provider, first_npi=first.get(provider.fact, ""))


def _stays(
    admissions: Iterable[history.Admission], transfers: Iterable[history.Transfer]
) -> Iterator[history.Admission]:
    """Each admission as it is at each of its places, one after the other."""
    in_order = sorted(transfers, key=lambda moved: (moved.transferred_on, moved.fact))
    for admission in admissions:
        stay = admission
        for moved in in_order:
            if moved.episode_id == admission.episode_id:
                yield replace(stay, last=moved.transferred_on - DAY)
                stay = replace(
                    admission,
                    fact=moved.fact,
                    site_id=moved.site_id,
                    program_id=moved.program_id,
                    first=moved.transferred_on,
                    also=frozenset({admission.fact}),
                )
        yield stay


def _said_first(kind: str, amended: Iterable[Amended]) -> Iterator[Any]:
    """What statements of the kind that say otherwise now, or nothing, said first."""
    _, read = READERS[kind]
    for statement in amended:
        if statement.first.type == kind:
            yield read(statement.first)


def _kept(
    field: str, message: type[Message], kind: type, **by_hand: Any
) -> tuple[str, tuple[str, Keep]]:
    """Which message becomes what in which field of a history; of each fact its id is kept, too.

    Where the last that was said counts, so is its sequence.
    """
    given = {"fact", "sequence"} & {declared.name for declared in fields(kind)}
    read: Reader[Any, Any] = fact_reader(message, kind, given=given, **by_hand)

    def keep(heard: HeardFact) -> Any:
        if "sequence" in given:
            return read(heard.message, fact=str(heard.id), sequence=heard.sequence)
        return read(heard.message, fact=str(heard.id))

    return message.DESCRIPTOR.full_name, (field, keep)


def _flagged(flag: int) -> Named:
    return named("flags", lambda message, field: flag in getattr(message, field))


_OVERLAP = _flagged(attendance.FLAG_OVERLAP)
_SPAN = fact_reader(
    attendance.Treatment, history.Span, starts_at=named("from"), ends_at=named("to")
)
_NOTHING: frozenset[str] = frozenset()
# Of the session; facts of before it was said, and of walk-ins then, say none.
_PROGRAM = fact_reader(common.Program, history.Program, under_part2=getattr)
# A claim says of all its lines at once where and by whom they are billed.
_LINE = fact_reader(billing.ClaimLine, ClaimLine, site_id="", provider_id="")

READERS: dict[str, tuple[str, Keep]] = dict(
    (
        _kept(
            "admissions",
            intake.ClientAdmitted,
            history.Admission,
            program_id=named("program.program_id"),
            first=None,
            last=None,
            also=frozenset[str](),
        ),
        _kept(
            "transfers",
            intake.ClientTransferred,
            history.Transfer,
            program_id=named("program.program_id"),
        ),
        _kept(
            "identities",
            intake.IdentityAmended,
            history.IdentityAmended,
            periods=fact_reader(intake.IdentityPeriod, history.IdentityPeriod),
        ),
        _kept("memberships", intake.MembershipAmended, history.MembershipAmended),
        _kept("diagnoses", intake.DiagnosisRecorded, history.Diagnosis),
        _kept("diagnosis_ends", intake.DiagnosisEnded, history.DiagnosisEnd),
        _kept("coverages", intake.CoverageVerified, history.Coverage),
        _kept("coverage_ends", intake.CoverageEnded, history.CoverageEnd),
        _kept(
            "consents", intake.ConsentGiven, history.Consent, payer_id=named("recipient_payer_id")
        ),
        _kept("revocations", intake.ConsentRevoked, history.Revocation),
        _kept(
            "restrictions",
            intake.DisclosureRestricted,
            history.Restriction,
            start=named("from"),
            end=named("to"),
        ),
        _kept("plans", plans.PlanActivated, history.Plan),
        _kept("levels", plans.LevelOfCareChanged, history.Level),
        _kept("discharges", plans.ClientDischarged, history.Discharge),
        _kept("sessions", attendance.SessionScheduled, history.Session, program=_PROGRAM),
        _kept(
            "attendances",
            attendance.SessionAttended,
            history.Attendance,
            correction=0,
            attended=True,
            no_check_out=_flagged(attendance.FLAG_NO_CHECK_OUT),
            overlap=_OVERLAP,
            program=_PROGRAM,
            treatment=_SPAN,
            also=_NOTHING,
        ),
        _kept(
            "attendances",
            attendance.SessionMissed,
            history.Attendance,
            correction=0,
            attended=False,
            minutes=0,
            program=_PROGRAM,
            treatment=(),
            also=_NOTHING,
        ),
        _kept(
            "attendances",
            attendance.AttendanceCorrected,
            history.Attendance,
            overlap=_OVERLAP,
            program=_PROGRAM,
            treatment=_SPAN,
            also=_NOTHING,
        ),
        _kept("cancelled", attendance.SessionCancelled, history.Cancellation),
        _kept("notes", attendance.SessionNoteSigned, history.Note),
        _kept("attested", attendance.SessionNoteAttested, history.Attestation),
        _kept("providers", billing.ProviderRegistered, history.RegisteredProvider, first_npi=""),
        _kept("practitioners", billing.PractitionerNumbered, history.NumberedPractitioner),
        _kept("enrollments", billing.ProviderEnrolled, history.Enrollment),
        _kept("fees", billing.FeeSet, history.Fee),
        _kept(
            "confirmed",
            billing.RuleSetConfirmed,
            history.ConfirmedRules,
            rules=named("rule_set", confirmed_rules_of),
        ),
        _kept(
            "authorizations",
            billing.AuthorizationRecorded,
            history.Authorization,
            put_right=False,
        ),
        _kept("waivers", billing.AuthorizationWaived, history.Waiver),
        _kept("settled_revocations", billing.RevocationSettled, history.SettledRevocation),
        _kept("issued", billing.ClaimIssued, history.IssuedClaim, lines=_LINE, own_coverage_id=""),
        _kept("adjudications", billing.ClaimAdjudicated, history.Adjudication),
    )
)
"""Message → the field of a history that it fills, and its reader."""
