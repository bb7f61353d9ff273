"""What the mapper costs beside the same written by hand, as a ratio within one run.

`python -m benchmarks.mapping [--rounds 25] [--calls 5000]`. Each round makes a fact's dataclass and
its message, both ways by turns, of a fee (four fields), an admission and a claim of five lines.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.reading import fact_reader
from kernel.mapping.writing import writer
from kernel.rpc.translate import date_of, to_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    provider_id: str
    code: str
    charge_minor: int
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    service_date: date
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge_minor: int
    place_of_service: str
    revenue_code: str = ""
    ancillary: bool = False
    rendering_staff_id: str = ""
    site_id: str = ""
    provider_id: str = ""
    diagnosis_pointers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    client_id: str
    draft_id: str
    payer_id: str
    provider_id: str
    site_id: str
    coverage_id: str
    authorization_id: str
    period_start: date
    period_end: date
    lines: tuple[Line, ...]
    charge_minor: int
    revision: int
    withdrawn: bool


def fee_of(message: billing.FeeSet) -> Fee:
    return Fee(
        provider_id=message.provider_id,
        code=message.code,
        charge_minor=message.charge.minor_units,
        effective_from=date_of(message, "effective_from"),
    )


def fee_message(fee: Fee) -> billing.FeeSet:
    return billing.FeeSet(
        provider_id=fee.provider_id,
        code=fee.code,
        charge=money(fee.charge_minor),
        effective_from=to_date(fee.effective_from),
    )


def line_of(message: billing.ClaimLine) -> Line:
    return Line(
        service_date=date_of(message, "service_date"),
        code=message.code,
        modifiers=tuple(message.modifiers),
        units=message.units,
        charge_minor=message.charge.minor_units,
        place_of_service=message.place_of_service,
        revenue_code=message.revenue_code,
        ancillary=message.ancillary,
        rendering_staff_id=message.rendering_staff_id,
        site_id=message.site_id,
        provider_id=message.provider_id,
        diagnosis_pointers=tuple(message.diagnosis_pointers),
    )


def line_message(line: Line) -> billing.ClaimLine:
    return billing.ClaimLine(
        service_date=to_date(line.service_date),
        code=line.code,
        modifiers=line.modifiers,
        units=line.units,
        charge=money(line.charge_minor),
        place_of_service=line.place_of_service,
        revenue_code=line.revenue_code,
        ancillary=line.ancillary,
        rendering_staff_id=line.rendering_staff_id,
        site_id=line.site_id,
        provider_id=line.provider_id,
        diagnosis_pointers=line.diagnosis_pointers,
    )


def draft_of(message: billing.ClaimDrafted) -> Draft:
    return Draft(
        client_id=message.client_id,
        draft_id=message.draft_id,
        payer_id=message.payer_id,
        provider_id=message.provider_id,
        site_id=message.site_id,
        coverage_id=message.coverage_id,
        authorization_id=message.authorization_id,
        period_start=date_of(message, "period_start"),
        period_end=date_of(message, "period_end"),
        lines=tuple(line_of(line) for line in message.lines),
        charge_minor=message.charge.minor_units,
        revision=message.revision,
        withdrawn=message.withdrawn,
    )


def draft_message(draft: Draft) -> billing.ClaimDrafted:
    return billing.ClaimDrafted(
        client_id=draft.client_id,
        draft_id=draft.draft_id,
        payer_id=draft.payer_id,
        provider_id=draft.provider_id,
        site_id=draft.site_id,
        coverage_id=draft.coverage_id,
        authorization_id=draft.authorization_id,
        period_start=to_date(draft.period_start),
        period_end=to_date(draft.period_end),
        lines=[line_message(line) for line in draft.lines],
        charge=money(draft.charge_minor),
        revision=draft.revision,
        withdrawn=draft.withdrawn,
    )


def money(minor_units: int) -> common.Money:
    return common.Money(currency_code="USD", minor_units=minor_units)


ID = "6f1c0a52-9d7e-4f0e-8a34-1b2c3d4e5f60"
LINE = Line(
    service_date=date(2026, 3, 2),
    code="H0015",
    modifiers=("HF",),
    units=1,
    charge_minor=25_000,
    place_of_service="11",
    site_id=ID,
)
FEE = Fee(provider_id=ID, code="H0015", charge_minor=25_000, effective_from=date(2026, 1, 1))
DRAFT = Draft(
    client_id=ID,
    draft_id=ID,
    payer_id=ID,
    provider_id=ID,
    site_id=ID,
    coverage_id=ID,
    authorization_id=ID,
    period_start=date(2026, 3, 2),
    period_end=date(2026, 3, 8),
    lines=(LINE,) * 5,
    charge_minor=125_000,
    revision=1,
    withdrawn=False,
)
WAYS: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "read a fee": (fee_message(FEE), fee_of, fact_reader(billing.FeeSet, Fee)),
    "write a fee": (FEE, fee_message, writer(billing.FeeSet, Fee)),
    "read a line": (line_message(LINE), line_of, fact_reader(billing.ClaimLine, Line)),
    "write a line": (LINE, line_message, writer(billing.ClaimLine, Line)),
    "read a draft": (draft_message(DRAFT), draft_of, fact_reader(billing.ClaimDrafted, Draft)),
    "write a draft": (DRAFT, draft_message, writer(billing.ClaimDrafted, Draft)),
}
"""What is mapped, by hand, and by the mapper."""


def seconds(calls: int, convert: Callable[[Any], Any], value: Any) -> float:
    """What so many calls take, of this thread's own time."""
    start = time.thread_time()
    for _ in range(calls):
        convert(value)
    return time.thread_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--calls", type=int, default=5000)
    wanted = parser.parse_args()
    for what, (value, by_hand, mapped) in WAYS.items():
        if by_hand(value) != mapped(value):
            raise AssertionError(f"{what}: both ways must come to the same")
        rounds = [
            (seconds(wanted.calls, by_hand, value), seconds(wanted.calls, mapped, value))
            for _ in range(wanted.rounds)
        ]
        micro = statistics.median(mine for _, mine in rounds) / wanted.calls * 1e6
        ratio = statistics.median(mine / hand for hand, mine in rounds)
        print(f"{what:<14}{micro:7.1f} µs  {ratio:5.2f} of by hand in the same round")


if __name__ == "__main__":
    main()
