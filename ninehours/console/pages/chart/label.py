"""Under which law a client's record is, whom consent lets be told of it, and what is kept back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_pb

from ninehours.console.pages.chart.asking import asked
from ninehours.console.pages.chart.telling import day_of, shown
from ninehours.console.texts import words
from ninehours.console.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLabel:
    """`law`: what is to be minded. `strict`: 42 CFR Part 2, or nobody can tell now that it isn't.
    `consents`: those in force, or that none is; `kept_back`: dates that a payer isn't told of."""

    law: str
    strict: bool = True
    consents: Sequence[str] = ()
    kept_back: Sequence[str] = ()


def label_on(
    visit: Visit,
    client_id: str,
    day: date,
    payers: Mapping[str, str],
    as_of: Timestamp | None = None,
) -> RecordLabel:
    """Of that day, as it was known by then (None: now). `payers`: how they are called, by id."""
    request = intake.ListConsentsRequest(client_id=client_id, as_of=as_of)
    told = asked(visit, request).said
    if told is None:
        return RecordLabel(law=words().chart.label.unknown)
    return label_of(told, day, payers)


def label_of(told: Any, day: date, payers: Mapping[str, str]) -> RecordLabel:
    """Of intake's answer; a label that this release doesn't know is a strict one."""
    text, is_strict = words().chart.label, told.label != common.LABEL_HIPAA
    law = {common.LABEL_PART2: text.part2, common.LABEL_HIPAA: text.hipaa}
    consents = [*_in_force(told.consents, day, payers)]
    return RecordLabel(
        law=law.get(told.label, text.unknown),
        strict=is_strict,
        consents=consents or [text.no_consent] * is_strict,
        kept_back=[
            text.kept_back.format(
                payer=payers.get(each.payer_id, each.payer_id),
                first=shown(day_of(each, "from")),
                last=shown(day_of(each, "to")),
            )
            for each in told.restrictions
        ],
    )


def _in_force(consents: Sequence[Any], day: date, payers: Mapping[str, str]) -> Iterator[str]:
    text = words().chart.label
    for each in consents:
        first, last = day_of(each, "given_on"), day_of(each, "last_day")
        if first and first <= day and (last is None or day <= last):
            says = text.consent_until if last else text.consent
            yield says.format(
                payer=payers.get(each.recipient_payer_id, each.recipient_payer_id),
                purpose=words().values[intake_pb.ConsentPurpose.Name(each.purpose)],
                first=shown(first),
                last=shown(last),
            )
