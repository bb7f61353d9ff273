"""AccountsService: a client's account with billing, as it stood at any moment."""

from datetime import date

from ninehours.billing.v1 import accounts_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.billing.adapters.as_of import history_by
from services.billing.api.lists import balance_message
from services.billing.app.questions import account_of
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

    def __init__(self, store: Store) -> None:
        self._store = store

    def ReadAccount(self, request: pb.ReadAccountRequest, _: Call) -> pb.ReadAccountResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        with self._store.transaction() as tx:
            account = account_of(history_by(tx, client_id, until))
        return pb.ReadAccountResponse(
            authorizations=map(balance_message, account.authorizations),
            claims=[
                _claim(claim, stands=claim.claim_id in account.stands) for claim in account.claims
            ],
        )
