"""Lists for billing teams, each asked for and told."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.rpc.translate import to_date
from ninehours.cli import billing_columns as columns
from ninehours.cli import billing_lists as lists
from ninehours.cli import billing_screens as screens
from ninehours.cli.billing_lists import BILLER, Payers
from ninehours.cli.connection import connected
from ninehours.cli.csv_export import check_csv
from ninehours.cli.dates import stamp_of
from ninehours.cli.listing import Listing
from ninehours.cli.output import as_dict, print_json

Texts = Mapping[str, Any]
Enums = Mapping[str, str | None]

CLAIMS = Listing(
    name="claims",
    columns=columns.claims,
    show=screens.show_claims,
    charge=lambda claim: claim.charge.minor_units,
)
DAYS = Listing(
    name="days", columns=columns.service_days, show=screens.show_days, charge=columns.claimed
)
HOLDS = Listing(
    name="holds",
    columns=columns.holds,
    show=screens.show_holds,
    charge=lambda hold: 0 if hold.released else hold.at_stake.minor_units,
)
PROPOSALS = Listing(
    name="proposals",
    columns=columns.proposals,
    show=screens.show_proposals,
    charge=lambda proposal: proposal.corrected_charge.minor_units,
)


def list_claims(
    data: Path | None, texts: Texts, enums: Enums, *, as_of: datetime | None, **told: Any
) -> None:
    request = pb.ListClaimsRequest(
        **texts, **_values(pb.ListClaimsRequest, enums), as_of=stamp_of(as_of)
    )
    _list(data, CLAIMS, lists.claims, request, **told)


def list_days(data: Path | None, texts: Texts, enums: Enums, **told: Any) -> None:
    request = pb.ListServiceDaysRequest(**texts, **_values(pb.ListServiceDaysRequest, enums))
    _list(data, DAYS, lists.service_days, request, **told)


def list_holds(data: Path | None, texts: Texts, *, on: datetime | None, **told: Any) -> None:
    request = work.ListHoldsRequest(**texts, on=to_date(on.date()) if on else None)
    _list(data, HOLDS, lists.holds, request, **told)


def list_proposals(data: Path | None, texts: Texts, enums: Enums, **told: Any) -> None:
    request = pb.ListProposalsRequest(**texts, **_values(pb.ListProposalsRequest, enums))
    _list(data, PROPOSALS, lists.proposals, request, **told)


def list_authorizations(data: Path | None, client: str, *, as_json: bool) -> None:
    with connected(data) as services:
        answer = services.ask(BILLER, pb.ListAuthorizationsRequest(client_id=client))
        if as_json:
            print_json(as_dict(answer))
        else:
            screens.show_authorizations(answer, Payers(services))


def _list(
    data: Path | None,
    listing: Listing,
    read: Any,
    request: Any,
    *,
    payer: str,
    first: datetime | None,
    last: datetime | None,
    since: str | None,
    csv: str | None,
    as_json: bool,
) -> None:
    with connected(data) as services:
        check_csv(csv, as_json)
        payers = Payers(services)
        request.payer_id = payers.id_of(payer)
        found = read(services, lists.asked(request, first, last, since))
        listing.tell(found, payers, csv=csv, as_json=as_json)


def _values(kind: Any, enums: Enums) -> dict[str, Any]:
    """Field → the number of the enum's value that goes by this name."""
    found: dict[str, Any] = {}
    for field, name in enums.items():
        if name:
            enum = kind.DESCRIPTOR.fields_by_name[field].enum_type
            prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
            found[field] = enum.values_by_name[f"{prefix}{name}"].number
    return found
