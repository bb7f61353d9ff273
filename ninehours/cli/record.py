"""`person`, `chart`, `care`, `ledger`, `roster`, `reads`: what was recorded, and who looked.

Each is a reading that the services audit, under the subject that asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import read_audit_service_pb2 as audit
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.plans.v1 import care_service_pb2 as care

from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date
from kernel.services import SERVICES
from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import USAGE, Failure
from ninehours.cli.fields import day_or_today, is_id, stamp_of
from ninehours.cli.lists.listing import all_pages
from ninehours.cli.merged import id_to_use
from ninehours.cli.output import as_dict, print_json, screen, table
from ninehours.cli.roles import BILLER, CLINICIAN, FRONT_DESK
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso

INDENT = "  "
INTAKE = "intake"
Answers = Mapping[str, Message | None]
"""By what they are about; None: the role, or the credential, may not ask it."""


@on_system
def run_person(
    services: Services, client_id: str, *, as_of: datetime | None, subject: str, as_json: bool
) -> None:
    """Identity, coverages, consents, as a front desk reads them."""
    whose = _whose(client_id, as_of)
    services.speak_as(FRONT_DESK, subject)
    person = services.ask(FRONT_DESK, chart.ReadPersonRequest(**whose))
    answers: Answers = {
        "person": person,
        "coverages": services.ask(FRONT_DESK, chart.ListCoveragesRequest(**whose)),
        "consents": services.ask(FRONT_DESK, chart.ListConsentsRequest(**whose)),
    }
    for line in () if as_json else id_to_use(client_id, person.client_ids):
        print(line)
    _print(answers, as_json=as_json)


@on_system
def run_chart(
    services: Services, client_id: str, *, as_of: datetime | None, subject: str, as_json: bool
) -> None:
    """What clinicians found, as one of them reads it; assessments take a credential."""
    whose = _whose(client_id, as_of)
    services.speak_as(CLINICIAN, subject)
    answers: Answers = {
        "chart": services.ask(CLINICIAN, chart.ReadChartRequest(**whose)),
        "assessments": services.ask_if_allowed(CLINICIAN, chart.ListAssessmentsRequest(**whose)),
    }
    _print(answers, as_json=as_json)


@on_system
def run_care(
    services: Services, client_id: str, *, as_of: datetime | None, subject: str, as_json: bool
) -> None:
    """Plans in all versions, and what was decided, as a clinician reads them."""
    whose = _whose(client_id, as_of)
    services.speak_as(CLINICIAN, subject)
    answers: Answers = {
        "plans": services.ask(CLINICIAN, care.ReadPlansRequest(**whose)),
        "care": services.ask(CLINICIAN, care.ReadCareRequest(**whose)),
    }
    _print(answers, as_json=as_json)


@on_system
def run_ledger(
    services: Services, client_id: str, *, as_of: datetime | None, subject: str, as_json: bool
) -> None:
    """Authorizations with numbers, waivers, settlements, claims with answers, as a biller reads."""
    whose = _whose(client_id, as_of)
    services.speak_as(BILLER, subject)
    _print({"ledger": services.ask(BILLER, ledger.ReadLedgerRequest(**whose))}, as_json=as_json)


@on_system
def run_roster(
    services: Services,
    site_id: str,
    *,
    on: datetime | None,
    as_of: datetime | None,
    subject: str,
    as_json: bool,
) -> None:
    """A site's day as a clinician reads it: sessions, who was there, notes."""
    if not is_id(site_id):
        raise Failure(USAGE, f"{site_id!r} is no id of a site: 36 characters, as lists show it")
    services.speak_as(CLINICIAN, subject)
    request = roster.ReadRosterRequest(
        site_id=site_id, on=to_date(day_or_today(on)), as_of=stamp_of(as_of)
    )
    _print({"roster": services.ask(CLINICIAN, request)}, as_json=as_json)


@on_system
def run_reads(services: Services, client_id: str, *, subject: str, as_json: bool) -> None:
    """Who asked any service about a client, newest first."""
    _whose(client_id, None)
    services.speak_as(Role.ADMINISTRATOR, subject)
    found = [(name, read) for name in SERVICES for read in _reads(services, name, client_id)]
    found.sort(key=lambda item: item[1].at.ToNanoseconds(), reverse=True)
    if as_json:
        print_json({"reads": [{"service": name, **as_dict(read)} for name, read in found]})
        return
    columns = ("at", "who", "as", "for", "asked", "answer")
    rows = [
        (
            _moment(read.at),
            read.actor,
            ", ".join(read.roles),
            read.purpose.lower(),
            f"{name} {read.rpc.rpartition('/')[2]}",
            read.outcome,
        )
        for name, read in found
    ]
    screen().print(table(columns, rows))


def _reads(services: Services, name: str, client_id: str) -> Sequence[audit.AuditedRead]:
    """Of one service. Others than intake may not know whose client it is: then nobody read there
    who could be told of, but for a token of every site."""
    request = audit.ListReadsRequest(client_id=client_id)
    try:
        reads, _ = all_pages(services, Role.ADMINISTRATOR, request, "reads", service=name)
    except RemoteRefusal as refusal:
        if name == INTAKE or refusal.reason != "SITE_NOT_ALLOWED":
            raise
        return ()
    return reads


def _whose(client_id: str, as_of: datetime | None) -> dict[str, Any]:
    if not is_id(client_id):
        raise Failure(USAGE, f"{client_id!r} is no id of a client; `ninehours clients` lists them")
    at = stamp_of(as_of)
    return {"client_id": client_id} | ({"as_of": at} if at else {})


def _print(answers: Answers, *, as_json: bool) -> None:
    if as_json:
        withheld = [name for name, answer in answers.items() if answer is None]
        told = {name: as_dict(answer) for name, answer in answers.items() if answer is not None}
        print_json({**told, "withheld": withheld})
        return
    for name, answer in answers.items():
        print(name if answer is not None else f"{name}: withheld, they take another credential")
        for line in () if answer is None else lines_of(answer):
            print(f"{INDENT}{line}")


def lines_of(message: Message) -> Iterator[str]:
    """What a message says, a field a line, under the names it has there; what is unsaid is not."""
    for field, held in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            pairs = ", ".join(f"{key}: {value}" for key, value in sorted(held.items()))
            yield f"{_words(field.name)}: {pairs}"
            continue
        for value in held if field.is_repeated else (held,):
            said = _said(field, value)
            if said is not None:
                yield f"{_words(field.name)}: {said}"
                continue
            yield _words(field.name)
            yield from (f"{INDENT}{line}" for line in lines_of(value))


def _said(field: FieldDescriptor, value: Any) -> str | None:
    """In one line; None: it has fields of its own. A no is said where it was."""
    if isinstance(value, Message):
        written = WRITTEN.get(type(value))
        return written(value) if written else None
    if field.enum_type is not None:
        name = field.enum_type.values_by_number[value].name
        prefix = field.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
        return _words(name.removeprefix(prefix).lower())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _moment(stamp: Timestamp) -> str:
    return stamp.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%S")


WRITTEN: Mapping[type[Message], Callable[[Any], str]] = {
    common.Date: iso,
    common.Money: lambda money: dollars(money.minor_units),
    Timestamp: _moment,
}


def _words(name: str) -> str:
    return name.replace("_", " ")
