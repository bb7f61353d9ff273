"""Claims that leave the house, and what payers answer."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.translate import to_date
from ninehours.cli.asking import asking
from ninehours.cli.billing_lists import BILLER, Payers, is_id
from ninehours.cli.ending import USAGE, Problem, say
from ninehours.cli.export import export_batch
from ninehours.cli.options import DATA
from ninehours.cli.output import as_dict, dollars, plural, print_json, table
from ninehours.cli.output import screen as screen_for_people

DEADLINE = 120.0
EXPORTS = "exports"


def run_issue(
    data: Path | None,
    payer: str,
    *,
    through: datetime | None,
    corrections: bool,
    exports: Path | None,
    command_id: str,
    as_json: bool,
) -> None:
    """Originals of periods that ended by `through`, or corrections."""
    with asking(data) as services:
        if corrections == (through is not None):
            raise Problem(USAGE, "give --through DATE for originals, or --corrections; one of them")
        payer_id = Payers(services).id_of(payer)
        meta = _meta(command_id)
        request: Any = (
            pb.IssueCorrectionsRequest(meta=meta, payer_id=payer_id)
            if through is None
            else pb.IssueClaimsRequest(
                meta=meta, payer_id=payer_id, through=to_date(through.date())
            )
        )
        answer = services.ask(BILLER, request, deadline=DEADLINE)
        folder = exports or (Path(EXPORTS) if services.remote else (data or DATA) / EXPORTS)
        read = partial(services.ask, BILLER)
        files = [export_batch(read, batch_id, folder) for batch_id in answer.batch_ids]
        if as_json:
            told = {"command_id": meta.command_id, "files": [str(file) for file in files]}
            print_json(told | as_dict(answer))
        else:
            _show_issued(answer, files, corrections)


def run_adjudicate(
    data: Path | None,
    claim: str,
    *,
    control_number: str,
    status: str,
    paid: str,
    on: datetime | None,
    command_id: str,
    as_json: bool,
) -> None:
    """The payer's own number, and whether it paid."""
    with asking(data) as services:
        if (status == "PAID") != bool(paid):
            raise Problem(USAGE, "--paid AMOUNT goes with --status paid, and with it alone")
        meta = _meta(command_id)
        request = pb.RecordAdjudicationRequest(
            meta=meta,
            claim_id=claim,
            payer_control_number=control_number,
            status=f"ADJUDICATION_STATUS_{status}",
            paid=common.Money(currency_code="USD", minor_units=cents(paid)) if paid else None,
            adjudicated_on=to_date(on.date() if on else datetime.now(UTC).date()),
        )
        answer = services.ask(BILLER, request)
        if as_json:
            print_json({"command_id": meta.command_id, "claim_id": claim} | as_dict(answer))
        else:
            print(f"claim {claim}: {status.lower()}, {control_number}")


def cents(told: str) -> int:
    """Of dollars, as people write them: 1,234.50 or $1234.5."""
    try:
        exact = Decimal(told.replace(",", "").removeprefix("$")).scaleb(2)
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise Problem(USAGE, f"{told!r} is no amount: dollars and cents, as in 300.00")
    return int(exact)


def _meta(command_id: str) -> common.CommandMeta:
    """The command's id is said before it is given: what breaks off can be repeated."""
    if command_id and not is_id(command_id):
        raise Problem(USAGE, "--command-id is a UUID, as it was printed")
    told = command_id or str(uuid4())
    say(f"command {told} (with --command-id it is repeated, and applied once)")
    return common.CommandMeta(command_id=told)


def _show_issued(answer: Any, files: list[Path], corrections: bool) -> None:
    if not files:
        waiting = "; `ninehours proposals` says what each correction waits for"
        print("nothing was issued" + (waiting if corrections else ""))
    elif corrections:
        print(f"{plural(answer.replaced, 'claim')} replaced, {answer.voided} voided")
    else:
        print(f"{plural(answer.claims, 'claim')} issued, {dollars(answer.charge.minor_units)}")
    for file in files:
        print(f"  {file}")
    if answer.left_out:
        print(f"{len(answer.left_out)} left out")
        rows = [(f"  {each.client_id}", each.reason) for each in answer.left_out]
        screen_for_people().print(table(("  client", "why"), rows))
