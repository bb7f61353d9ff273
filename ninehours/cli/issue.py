"""Claims that leave the house, as files on disk, and what payers answer."""

import hashlib
import shlex
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services, connected, on_system
from ninehours.cli.directories import Payers
from ninehours.cli.ending import FAILED, USAGE, Failure, say
from ninehours.cli.fields import is_id
from ninehours.cli.lists.billing import PROPOSALS, charges
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.options import DATA
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER
from ninehours.local.folder import write_private
from ninehours.told.amounts import dollars, plural
from ninehours.told.fields import date_of

DEADLINE = 120.0
EXPORTS = "exports"
MOST_DIGITS = 9  # of a revision
LEFT_OUT: Sequence[Column[pb.LeftOut]] = (
    Column("  claim", ColumnKind.ID, lambda left_out: f"  {left_out.claim_id}"),
    Column("of", ColumnKind.DATE, lambda left_out: date_of(left_out.service_date)),
    Column(
        "why",
        # The reason, with what of the claim it is about, or beside which claim.
        value=lambda it: " ".join(filter(None, (it.reason, it.field, it.other_claim_id))),
    ),
)


def export_batch(ask: Callable[[Any], Any], batch_id: str, folder: Path) -> Path:
    """Write the batch under its name; the same batch gives the same file."""
    batch = ask(pb.ReadBatchRequest(batch_id=batch_id))
    if batch.forgotten_claims:
        say(f"{plural(batch.forgotten_claims, 'claim')} of clients forgotten since are left out")
    if hashlib.sha256(batch.content).hexdigest() != batch.sha256:
        raise Failure(FAILED, f"batch {batch_id} is not what its digest says")
    name: str = batch.file_name
    if not name or Path(name).name != name:
        raise Failure(FAILED, f"batch {batch_id} has a name that is no file's name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / name, batch.content)
    return folder / name


def name_of(proposal: events.CorrectionProposed) -> str:
    """CLAIM@REVISION, by which it is issued."""
    return f"{proposal.claim_id}@{proposal.revision}"


READY: Sequence[Column[events.CorrectionProposed]] = (
    Column("  claim@revision", value=lambda proposal: f"  {name_of(proposal)}"),
    Column("action", ColumnKind.ENUM),
    Column("charge", value=charges),
)


def run_issue(
    data: Path | None,
    *,
    payer: str,
    through: datetime | None,
    corrections: bool,
    correct: Sequence[str] | None,
    without_waiting: Enum | None,
    exports: Path | None,
    command_id: str,
    as_json: bool,
) -> None:
    """Originals of periods that ended by `through`, or the corrections that are named.

    Files go to `exports`; else, of a system of this machine's, beside its `data`.
    With `corrections` and none named it issues nothing: it says what could be, in dollars.
    """
    with connected(data) as services:
        if corrections == (through is not None):
            raise Failure(USAGE, "give --through DATE for originals, or --corrections; one of them")
        if correct and not corrections:
            raise Failure(USAGE, "--correct goes with --corrections")
        payer_id = Payers(services).id_of(payer)
        if corrections and not correct and not without_waiting:
            ready, _ = PROPOSALS.find(services, payer_id=payer_id, state="PROPOSAL_STATE_READY")
            show_preview(ready, payer, as_json=as_json)
            return
        if without_waiting and not correct:
            raise Failure(USAGE, "--without-waiting goes with --correct")
        wanted = [named_proposal(name, without_waiting) for name in correct or ()]
        meta = command_meta(command_id)
        request: Any = (
            pb.IssueCorrectionsRequest(meta=meta, payer_id=payer_id, proposals=wanted)
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
            beside = {"command_id": meta.command_id, "files": [str(file) for file in files]}
            print_json(beside | as_dict(answer))
        else:
            _show_issued(answer, files, corrections)


@on_system
def run_adjudicate(
    services: Services,
    claim: str,
    *,
    control_number: str,
    status: Enum,
    paid: str,
    on: datetime | None,
    override: Sequence[Enum] | None,
    command_id: str,
    as_json: bool,
) -> None:
    """The payer's own number, and whether it paid."""
    if (status.name == "PAID") != bool(paid):
        raise Failure(USAGE, "--paid AMOUNT goes with --status paid, and with it alone")
    meta = command_meta(command_id)
    request = pb.RecordAdjudicationRequest(
        meta=meta,
        claim_id=claim,
        payer_control_number=control_number,
        status=f"ADJUDICATION_STATUS_{status.name}",
        paid=common.Money(currency_code="USD", minor_units=cents(paid)) if paid else None,
        adjudicated_on=to_date(on.date() if on else datetime.now(UTC).date()),
        overrides=[f"ADJUDICATION_OVERRIDE_{reason.name}" for reason in override or ()],
    )
    answer = services.ask(BILLER, request)
    if as_json:
        print_json({"command_id": meta.command_id, "claim_id": claim} | as_dict(answer))
    else:
        print(f"claim {claim}: {status.name.lower()}, {control_number}")


def named_proposal(at_revision: str, without_waiting: Enum | None) -> pb.NamedProposal:
    """CLAIM@REVISION, as the preview says it, and why it doesn't wait; None: it does."""
    claim_id, _, revision = at_revision.partition("@")
    if not is_id(claim_id) or not revision.isdecimal() or len(revision) > MOST_DIGITS:
        raise Failure(
            USAGE,
            f"{at_revision!r} is no CLAIM@REVISION, as `issue --corrections` lists them",
        )
    why = f"WAIT_OVERRIDE_{without_waiting.name if without_waiting else 'UNSPECIFIED'}"
    return pb.NamedProposal(claim_id=claim_id, revision=int(revision), without_waiting=why)


def show_preview(ready: Sequence[events.CorrectionProposed], payer: str, *, as_json: bool) -> None:
    """What would be issued, in dollars, and the command that issues exactly that."""
    was = sum(proposal.issued_charge.minor_units for proposal in ready)
    now = sum(proposal.corrected_charge.minor_units for proposal in ready)
    names = [name_of(proposal) for proposal in ready]
    if as_json:
        print_json(
            {
                "issued": False,
                "named": names,
                "issued_charge_minor": was,
                "corrected_charge_minor": now,
                "proposals": [as_dict(proposal) for proposal in ready],
            }
        )
        return
    if not ready:
        print("no correction is READY; `ninehours proposals` says what each waits for")
        return
    screen().print(table_of(READY, ready))
    count = plural(len(ready), "correction")
    print(f"{count} could be issued, {dollars(was)} → {dollars(now)}; nothing was. These, by name:")
    command = ["ninehours", "issue", "--payer", payer, "--corrections"]
    print("  " + shlex.join([*command, *(word for name in names for word in ("--correct", name))]))


def cents(amount: str) -> int:
    """Of dollars, as people write them: 1,234.50 or $1234.5."""
    try:
        exact = Decimal(amount.replace(",", "").removeprefix("$")).scaleb(2)
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise Failure(USAGE, f"{amount!r} is no amount: dollars and cents, as in 300.00")
    return int(exact)


def command_meta(command_id: str) -> common.CommandMeta:
    """The command's id is said before it is given: what breaks off can be repeated."""
    if command_id and not is_id(command_id):
        raise Failure(USAGE, "--command-id is a UUID, as it was printed")
    given = command_id or str(uuid4())
    say(f"command {given} (with --command-id it is repeated, and applied once)")
    return common.CommandMeta(command_id=given)


def _show_issued(answer: Any, files: list[Path], corrections: bool) -> None:
    if not files:
        print("nothing was issued")
    elif corrections:
        was, now = answer.issued_charge.minor_units, answer.corrected_charge.minor_units
        issued = f"{plural(answer.replaced, 'claim')} replaced, {answer.voided} voided"
        print(f"{issued}, {dollars(was)} → {dollars(now)}")
    else:
        print(f"{plural(answer.claims, 'claim')} issued, {dollars(answer.charge.minor_units)}")
    for file in files:
        print(f"  {file}")
    if answer.left_out:
        print(f"{len(answer.left_out)} left out")
        screen().print(table_of(LEFT_OUT, answer.left_out))
