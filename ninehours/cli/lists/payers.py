"""Payers with the versions of their rules, and what they authorized for a client."""

from collections.abc import Sequence

from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work

from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Payers
from ninehours.cli.fields import iso, name_in, period
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER


def _rules(payer: work.Payer) -> list[str]:
    return [
        f"{rules.version} from {iso(rules.effective_from)}"
        f"{'' if rules.confirmed else ' (proposed)'}"
        for rules in payer.rules
    ]


def _used(balance: billing.AuthorizationBalance) -> str:
    used = f"{balance.issued}+{balance.allocated}"
    return f"{used} of {balance.units} {name_in(balance, 'unit').lower()}"


PAYERS: Sequence[Column[work.Payer]] = (
    Column("payer", ColumnKind.ID, lambda payer: payer.payer_id),
    Column("name"),
    Column("rules", ColumnKind.TEXTS, _rules),
)
AUTHORIZATIONS: Sequence[Column[billing.AuthorizationBalance]] = (
    Column("authorization", ColumnKind.ID, lambda balance: balance.authorization_id),
    Column("payer", ColumnKind.NAME, lambda balance: balance.payer_id),
    Column("dates", value=lambda held: period(held.effective_from, held.effective_to)),
    Column("issued + to come", value=_used),
)


@on_system
def list_payers(services: Services, *, as_json: bool) -> None:
    """All of them."""
    payers = Payers(services).listed
    if as_json:
        print_json({"payers": [as_dict(payer) for payer in payers]})
    else:
        screen().print(table_of(PAYERS, payers))


@on_system
def list_authorizations(services: Services, client_id: str, *, as_json: bool) -> None:
    """A client's."""
    answer = services.ask(BILLER, billing.ListAuthorizationsRequest(client_id=client_id))
    if as_json:
        print_json(as_dict(answer))
        return
    payers = Payers(services)
    if answer.authorizations:
        screen().print(table_of(AUTHORIZATIONS, answer.authorizations, payers.name))
    else:
        print("no authorizations")
