"""AccountsService: a client's account with billing, as it stood at any moment."""

from ninehours.billing.v1 import accounts_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of, to_date
from kernel.store.store import Store
from services.billing.adapters import messages
from services.billing.api.lists import balance_message
from services.billing.app.accounts import HistoryBy, read_account
from services.billing.domain.history.history import IssuedClaim

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
            claims=[_claim(each, each.claim_id in account.stands) for each in account.claims],
        )


def _claim(claim: IssuedClaim, stands: bool) -> pb.AccountClaim:
    days = [line.service_date for line in claim.lines]
    first, last = (min(days), max(days)) if days else (claim.period_start, claim.period_end)
    return pb.AccountClaim(
        **{"from": to_date(first)},
        to=to_date(last),
        claim_id=claim.claim_id,
        payer_id=claim.payer_id,
        charge=messages.money(sum(line.charge_minor for line in claim.lines)),
        frequency=claim.frequency,
        replaces_claim_id=claim.corrects_claim_id,
        stands=stands,
    )
