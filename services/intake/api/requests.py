"""Intake's requests, judged by their shape, as the commands and queries that they ask for.

A refusal never repeats a value.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from uuid import UUID

from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.mapping.fields import bounded, left_out, text
from kernel.mapping.reading import each_of, named, request_reader
from kernel.refusal import Malformed
from kernel.rpc.pages import place_of
from kernel.rpc.translate import (
    date_of,
    reading,
    required_enum,
    required_level,
    required_state,
    required_text,
    required_uuid,
)
from services.intake.adapters import sealed
from services.intake.adapters.clients import ClientsQuery
from services.intake.adapters.safety_tasks import SafetyTaskCursor
from services.intake.app.assessments import AssessAreasInWords, CloseTaskInWords, HandOnTaskInWords
from services.intake.app.disclosure import IdentitiesRequest
from services.intake.app.membership import AddNumberedCoverage
from services.intake.app.merging import MergeInWords, UnmergeInWords
from services.intake.app.person import PersonChange, Registration
from services.intake.app.recognition import JudgeDoublesInWords, OtherPerson
from services.intake.app.use_cases import AdmissionRequest, TransferRequest
from services.intake.domain.areas import Area
from services.intake.domain.assessment import CompleteAssessment
from services.intake.domain.client import EndDiagnosis, RecordDiagnosis
from services.intake.domain.consent import GiveConsent, RestrictDisclosure, RevokeConsent
from services.intake.domain.coverage import PRIMARY, EndCoverage, VerifyCoverage
from services.intake.domain.dimensions import RateDimensions
from services.intake.domain.episode import Label
from services.intake.domain.forgetting import AgreeToForget, AskToForget, WithdrawForgetting
from services.intake.domain.instruments.score import Sex
from services.intake.domain.programs import StatedProgram
from services.intake.domain.screening import ScreenClient, Screening

# A language, then what of it: how it is written, where it is spoken.
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
ZIP = re.compile(r"[0-9]{5}([0-9]{4})?")
MOST_CLIENTS = 1000
MOST_NAMED = 200
MOST_OTHERS = 10
LONGEST_WORDS = 20_000  # of free text
PAGE, LARGEST_PAGE = 200, 1000


Said = pb.RegisterClientRequest | pb.ChangePersonRequest
"""Requests that say who a client is."""


def identity_bytes(request: Said, today: date) -> bytes:
    """The identity, if it can be one. A person may have no given name, an address is whole."""
    with reading(request) as read:
        read.value(_line, "identity.family_name", "")
        read.optional(_line, "identity.given_name")
        read.value(partial(_birth_date, today=today), "identity.birth_date", date.min)
        read.value(required_enum, "identity.sex", "")
        read.value(_line, "identity.address.line", "")
        read.value(_line, "identity.address.city", "")
        read.value(required_state, "identity.address.state", "")
        read.value(_zip, "identity.address.zip", "")
    return sealed.person_bytes(request.identity)


def contacts_bytes(request: Said) -> bytes:
    """Whatever is known of them, a line each; empty: nothing is. A person has a name."""
    if not request.HasField("contacts"):
        return b""
    with reading(request) as read:
        for field in ("phone", "email", "preferred_name"):
            read.optional(_line, f"contacts.{field}")
        read.optional(_language, "contacts.language")
        for person in ("emergency_contact", "guardian"):
            if request.contacts.HasField(person):
                read.value(_line, f"contacts.{person}.name", "")
                read.optional(_line, f"contacts.{person}.relationship")
                read.optional(_line, f"contacts.{person}.phone")
    return sealed.person_bytes(request.contacts)


def to_registration(
    request: pb.RegisterClientRequest, *, client_id: str, now: datetime
) -> Registration:
    with reading(request) as read:
        site_id = str(read.uuid("site_id"))
        others = read.value(other_people, "other_people", tuple[OtherPerson, ...]())
        identity, contacts = _who(read, now)
    return Registration(
        client_id=client_id,
        site_id=site_id,
        other_people=others,
        identity=identity,
        contacts=contacts,
    )


def to_change_person(request: pb.ChangePersonRequest, *, now: datetime) -> PersonChange:
    with reading(request) as read:
        client_id = str(read.uuid("client_id"))
        changed_from = read.value(date_of, "changed_from", date.min)
        identity, contacts = _who(read, now)
    return PersonChange(
        client_id=client_id,
        changed_from=changed_from,
        identity=identity,
        contacts=contacts,
    )


def _who(read: reading, now: datetime) -> tuple[bytes, bytes]:
    """What is wrong of both is told with all else."""
    identity = read.value(lambda request, _: identity_bytes(request, now.date()), "", b"")
    return identity, read.value(lambda request, _: contacts_bytes(request), "", b"")


def other_people(request: Message, field: str) -> tuple[OtherPerson, ...]:
    """At most ten, each once."""
    others: tuple[OtherPerson, ...] = each_of(to_other_person)(request, field)
    if len(others) > MOST_OTHERS:
        raise Malformed(**{field: f"names more than {MOST_OTHERS} clients"})
    if len({other.other_client_id for other in others}) < len(others):
        raise Malformed(**{field: "names a client twice"})
    return others


def membership(request: pb.AddCoverageRequest, _: str) -> bytes:
    """The numbers as a claim carries them: of a member at most 80 characters (NM109), of a group
    50 (SBR03)."""
    with reading(request) as read:
        member_number = read.value(partial(_line, max_length=80), "member_number", "")
        group_number = read.optional(partial(_line, max_length=50), "group_number")
    return sealed.membership_bytes(member_number, group_number or "")


def clients_to_name(request: Message, field: str) -> tuple[str, ...]:
    """At most 200 UUIDs, at least one, each once."""
    return tuple(dict.fromkeys(client_ids(request, field, most=MOST_NAMED)))


def client_ids(request: Message, field: str, *, most: int = MOST_CLIENTS) -> tuple[str, ...]:
    """At most 1000 UUIDs, at least one."""
    texts = getattr(request, field)
    if not 1 <= len(texts) <= most:
        raise Malformed(**{field: f"does not name between 1 and {most} clients"})
    try:
        ids = tuple(str(UUID(text)) for text in texts)
    except ValueError:
        ids = ()
    if ids != tuple(text.lower() for text in texts):
        raise Malformed(**{field: "holds something that is not a UUID"})
    return ids


def program_id(request: pb.AdmitClientRequest, field: str) -> str:
    """A UUID, in the field or where it was named before; named in both it is the same."""
    before = "program.program_id"
    if not getattr(request, field):
        return str(required_uuid(request, before if request.program.program_id else field))
    named = str(required_uuid(request, field))
    if request.program.program_id and str(required_uuid(request, before)) != named:
        raise Malformed(**{field: f"is another than {before}"})
    return named


def _line(request: Message, field: str, *, max_length: int = 200) -> str:
    text = required_text(request, field, max_length=max_length)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Malformed(**{field: "holds a control character"})
    return text


def _language(request: Message, field: str) -> str:
    tag = required_text(request, field)
    if not LANGUAGE.fullmatch(tag):
        raise Malformed(**{field: "is no language tag, such as es or zh-Hant"})
    return tag


def _birth_date(request: Message, field: str, *, today: date) -> date:
    born = date_of(request, field)
    if born > today:
        raise Malformed(**{field: "is in the future"})
    return born


def _zip(request: Message, field: str) -> str:
    text = required_text(request, field)
    if not ZIP.fullmatch(text):
        raise Malformed(**{field: "is not five or nine digits"})
    return text


def page_size(request: pb.ListSafetyTasksRequest | clients.ListClientsRequest, field: str) -> int:
    """At most 1000; 0: 200."""
    return bounded(0, LARGEST_PAGE)(request, field) or PAGE


def safety_task_cursor(request: pb.ListSafetyTasksRequest, field: str) -> SafetyTaskCursor:
    """Where in the list of safety tasks a page ended."""
    flags = {"0": False, "1": True}
    closed, due_at, task_id = place_of(
        request, field, flags.__getitem__, datetime.fromisoformat, UUID
    )
    return SafetyTaskCursor(closed=closed, due_at=due_at, task_id=str(task_id))


def client_cursor(request: clients.ListClientsRequest, field: str) -> tuple[datetime, str]:
    """When the last client that was seen was registered, and the id."""
    registered_at, client_id = place_of(request, field, datetime.fromisoformat, UUID)
    return registered_at, str(client_id)


def ratings(request: pb.RateDimensionsRequest, field: str) -> tuple[tuple[int, str], ...]:
    """Dimension and rating as given; whether the edition has them is for the decision to see."""
    return tuple((rating.dimension, rating.rating) for rating in getattr(request, field))


def level(request: pb.RateDimensionsRequest, field: str) -> str:
    """A level of care that the edition has."""
    edition = required_enum(request, "edition") if request.edition else ""
    return required_level(request, field, edition)


def programs_of_lines(
    request: pb.ReadIdentitiesRequest, field: str
) -> Mapping[str, frozenset[str]]:
    """Client → of which programs the lines are."""
    return {lines.client_id: frozenset(lines.program_ids) for lines in getattr(request, field)}


def narratives(request: pb.AssessAreasRequest, field: str) -> bytes:
    """What was told, by area."""
    found: dict[str, str] = {}
    for number, item in enumerate(getattr(request, field)):
        with reading(item, at=f"{field}.{number}.") as read:
            found[read.enum("area")] = read.text("narrative", max_length=LONGEST_WORDS)
    return sealed.narratives_bytes(found)


to_other_person = request_reader(pb.OtherPerson, OtherPerson, reason=text(LONGEST_WORDS))
# A label is filled in under the client's lock: until then it is the strict one.
to_give_consent = request_reader(
    pb.GiveConsentRequest, GiveConsent, given=("consent_id",), label=Label.PART2
)
to_revoke_consent = request_reader(pb.RevokeConsentRequest, RevokeConsent, label=Label.PART2)
to_restrict_disclosure = request_reader(
    pb.RestrictDisclosureRequest,
    RestrictDisclosure,
    given=("restriction_id",),
    first=named("from"),
    last=named("to"),
    label=Label.PART2,
)
to_identities_request = request_reader(
    pb.ReadIdentitiesRequest,
    IdentitiesRequest,
    given=("actor", "purpose", "now", "correlation"),
    client_ids=client_ids,
    settled_client_ids=lambda request, field: frozenset(getattr(request, field)),
    programs=programs_of_lines,
)
to_add_coverage = request_reader(
    pb.AddCoverageRequest,
    AddNumberedCoverage,
    given=("coverage_id",),
    membership_version=0,
    membership=named("member_number", membership, "group_number"),
    order=lambda request, field: getattr(request, field) or PRIMARY,
)
to_verify_coverage = request_reader(pb.VerifyCoverageRequest, VerifyCoverage, label=Label.PART2)
to_end_coverage = request_reader(pb.EndCoverageRequest, EndCoverage, label=Label.PART2)
to_screening = request_reader(pb.ScreenClientRequest, Screening)
to_screen_client = request_reader(
    pb.ScreenClientRequest,
    ScreenClient,
    screening=lambda request, _: to_screening(request),
    label=Label.PART2,
)
to_record_diagnosis = request_reader(
    pb.RecordDiagnosisRequest,
    RecordDiagnosis,
    code=text(8),
    rank=getattr,
    replaces_code=left_out(text(8)),
    label=Label.PART2,
)
to_end_diagnosis = request_reader(
    pb.EndDiagnosisRequest, EndDiagnosis, code=text(8), label=Label.PART2
)
to_ask_to_forget = request_reader(
    pb.AskToForgetRequest,
    AskToForget,
    given=("asked_by", "now"),
    retained_until=None,
    open_episodes=(),
    label=Label.PART2,
)
to_agree_to_forget = request_reader(
    pb.AgreeToForgetRequest,
    AgreeToForget,
    given=("agreed_by", "now"),
    retained_until=None,
    open_episodes=(),
    label=Label.PART2,
)
to_withdraw_forgetting = request_reader(
    pb.WithdrawForgettingRequest,
    WithdrawForgetting,
    given=("withdrawn_by",),
    label=Label.PART2,
)
to_judge_doubles = request_reader(
    pb.JudgeDoublesRequest, JudgeDoublesInWords, reason=text(LONGEST_WORDS), label=Label.PART2
)
to_merge_clients = request_reader(
    pb.MergeClientsRequest,
    MergeInWords,
    remark=text(LONGEST_WORDS),
    differs=(),
    remark_version=0,
    label=Label.PART2,
)
to_unmerge_clients = request_reader(
    pb.UnmergeClientsRequest,
    UnmergeInWords,
    remark=text(LONGEST_WORDS),
    remark_version=0,
    label=Label.PART2,
)
to_admission_request = request_reader(
    pb.AdmitClientRequest,
    AdmissionRequest,
    given=("episode_id",),
    program_id=named("program_id", program_id, "program.program_id"),
    level_of_care=required_level,
    open_safety_reason=left_out(text(LONGEST_WORDS)),
    stated=named(
        "program",
        request_reader(common.Program, StatedProgram, under_part2=getattr),
    ),
)
to_transfer = request_reader(pb.TransferClientRequest, TransferRequest)
to_complete_assessment = request_reader(
    pb.CompleteAssessmentRequest,
    CompleteAssessment,
    given=("assessment_id", "task_id", "completed_by", "completed_at"),
    instrument=text(40),
    answers=lambda request, field: dict(getattr(request, field)),
    label=Label.PART2,
    sex=Sex.UNKNOWN,
    identity_version=None,
)
to_close_safety_task = request_reader(
    pb.CloseSafetyTaskRequest,
    CloseTaskInWords,
    given=("closed_by", "closed_at"),
    note=left_out(text(LONGEST_WORDS), None),
    note_version=None,
    another_note=False,
    label=Label.PART2,
)
to_hand_on_safety_task = request_reader(
    pb.HandOnSafetyTaskRequest,
    HandOnTaskInWords,
    owner=_line,
    reason=text(LONGEST_WORDS),
    reason_version=0,
    label=Label.PART2,
)
to_assess_areas = request_reader(
    pb.AssessAreasRequest,
    AssessAreasInWords,
    given=("assessment_id", "assessed_by"),
    areas=request_reader(pb.AssessedArea, Area),
    narratives=named("areas", narratives),
    narratives_version=0,
    label=Label.PART2,
)
to_rate_dimensions = request_reader(
    pb.RateDimensionsRequest,
    RateDimensions,
    given=("rating_id", "rated_by"),
    ratings=ratings,
    indicated_level=level,
    chosen_level=level,
    label=Label.PART2,
)
to_clients_query = request_reader(
    clients.ListClientsRequest,
    ClientsQuery,
    given=("sites",),
    active_only=getattr,
    after=named("page_token", left_out(client_cursor, None)),
    limit=named("page_size", page_size),
)
