"""`restored`: what left before billing's database was restored, recorded again; then claims go."""

from collections.abc import Sequence
from typing import Any

from ninehours.billing.v1 import restore_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.roles import Role
from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Payers
from ninehours.cli.ending import USAGE, Failure
from ninehours.cli.issue import cents, command_meta
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER
from ninehours.told.amounts import plural

DEADLINE = 600.0  # seconds: a topic is read from its beginning
LOST: Sequence[Column[pb.LostFact]] = (
    Column("signed", ColumnKind.DATE, lambda lost: lost.signed_at.ToDatetime().date()),
    Column("what", value=lambda lost: lost.type.rpartition(".")[2]),
    Column("about", value=lambda lost: lost.subject),
    Column("id", ColumnKind.ID, lambda lost: lost.fact_id),
    Column("", value=lambda lost: "recover" if lost.recoverable else "say again"),
)


@on_system
def run_show(services: Services, *, as_json: bool) -> None:
    """Whether claims are held, and what Kafka has that billing's database hasn't."""
    found = services.ask(BILLER, pb.GetRestoreRequest(), deadline=DEADLINE)
    if as_json:
        print_json(as_dict(found))
        return
    if not found.held:
        print("nothing is held: claims are issued as always")
    else:
        print(
            f"restored, epoch {found.epoch}: claims are held until `ninehours restored reconcile`"
        )
    if found.lost:
        screen().print(table_of(LOST, found.lost))
    recoverable = sum(lost.recoverable for lost in found.lost)
    print(f"Kafka knows {plural(recoverable, 'fact')} of claims that can be recovered,")
    print(f"and {plural(len(found.lost) - recoverable, 'fact')} that people must say again")
    if found.HasField("forgotten_before"):
        since = found.forgotten_before.ToDatetime()
        print(f"it forgot what was sent before {since:%Y-%m-%d %H:%M} UTC: look at files sent")
    if found.unbelieved:
        print(
            f"{plural(found.unbelieved, 'record')} of the topic aren't billing's, and don't count"
        )


@on_system
def run_recover(
    services: Services, *, reason: str, subject: str, command_id: str, as_json: bool
) -> None:
    """Claims that Kafka knows of are recorded again, with what became of them."""
    services.speak_as(Role.BILLER, subject)
    answer = _give(services, pb.RecoverClaimsRequest(reason=reason), command_id, as_json=as_json)
    if not as_json:
        print(f"{plural(len(answer.claim_ids), 'claim')} recorded again")


@on_system
def run_sent(
    services: Services,
    claims: Sequence[str],
    *,
    payer: str,
    reason: str,
    subject: str,
    command_id: str,
    as_json: bool,
) -> None:
    """Drafts that left are recorded as claims, by the numbers and charges of their files."""
    services.speak_as(Role.BILLER, subject)
    sent = [_sent_claim(claim) for claim in claims]
    payer_id = Payers(services).id_of(payer)
    request = pb.RecordSentClaimsRequest(payer_id=payer_id, claims=sent, reason=reason)
    answer = _give(services, request, command_id, as_json=as_json)
    if not as_json:
        print(f"{plural(len(answer.claim_ids), 'claim')} recorded as sent")


@on_system
def run_reconcile(
    services: Services, *, reason: str, subject: str, command_id: str, as_json: bool
) -> None:
    """Nothing else left: claims are issued again."""
    services.speak_as(Role.BILLER, subject)
    _give(services, pb.ReconcileRequest(reason=reason), command_id, as_json=as_json)
    if not as_json:
        print("reconciled: claims are issued again")


def _give(services: Services, command: Any, command_id: str, *, as_json: bool) -> Any:
    """The answer to it; as JSON it is printed here, with the command's id."""
    command.meta.CopyFrom(command_meta(command_id))
    answer = services.ask(BILLER, command, deadline=DEADLINE)
    if as_json:
        print_json({"command_id": command.meta.command_id} | as_dict(answer))
    return answer


def _sent_claim(told: str) -> pb.SentClaim:
    """DRAFT=NUMBER:CHARGE."""
    about_id, _, rest = told.partition("=")
    number, _, charge = rest.partition(":")
    if not (about_id and number and charge):
        raise Failure(USAGE, f"{told!r} is no DRAFT=NUMBER:CHARGE, as in 5b1c…=0F3A…:300.00")
    amount = common.Money(currency_code="USD", minor_units=cents(charge))
    return pb.SentClaim(about_id=about_id, number=number, charge=amount)
