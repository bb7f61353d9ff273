"""AccountsService: a client's account with billing, as it stood at any moment."""

from datetime import date

from ninehours.billing.v1 import accounts_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.billing.api.days_and_proposals import balance_message
from services.billing.app.accounts import HistoryBy, read_account
from services.billing.domain.history.history import IssuedClaim


def _days(claim: IssuedClaim) -> tuple[date, date]:
    """The first and the last that it bills; of one without lines, its period."""
    days = [line.service_date for line in claim.lines]
    return (min(days), max(days)) if days else (claim.period_start, claim.period_end)


_claim = writer(
    pb.AccountClaim,
    IssuedClaim,
    from_=lambda claim: _days(claim)[0],
    to=lambda claim: _days(claim)[1],
    charge=lambda claim: sum(line.charge_minor for line in claim.lines),
    replaces_claim_id=named("corrects_claim_id"),
    given=("stands",),
)
SERVICE = pb.DESCRIPTOR.services_by_name["AccountsService"]


class AccountsServicer:
    """Answers AccountsService."""

    def __init__(self, store: Store, history_by: HistoryBy) -> None:
        self._store = store
        self._history_by = history_by

    def ReadAccount(self, request: pb.ReadAccountRequest, _: Call) -> pb.ReadAccountResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        account = read_account(self._store, self._history_by, client_id, until)
        return pb.ReadAccountResponse(
            authorizations=map(balance_message, account.authorizations),
            claims=[
                _claim(claim, stands=claim.claim_id in account.stands) for claim in account.claims
            ],
        )
