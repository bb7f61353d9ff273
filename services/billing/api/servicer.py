"""Billing's gRPC servicer: request to command, outcome to response. It decides nothing."""

from collections.abc import Callable
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.rpcs import composed
from services.billing.api.claim_commands import ClaimCommandRpcs
from services.billing.api.claims import ClaimListRpcs
from services.billing.api.days_and_proposals import DayAndProposalRpcs
from services.billing.api.setting_up import SettingUpRpcs
from services.billing.app.changes import Following
from services.billing.app.ports import FileAudit, Issuing, Network, Pages

SERVICE = pb.DESCRIPTOR.services_by_name["BillingService"]


def billing_servicer(
    book: Book,
    pages: Pages,
    following: Following,
    issuing: Callable[[Call], Issuing],
    *,
    network: Network,
    audit: FileAudit,
) -> Any:
    """Answers BillingService over one write side."""
    return composed(
        SERVICE,
        SettingUpRpcs(book, network),
        ClaimCommandRpcs(book, network, issuing),
        ClaimListRpcs(book.store, pages, following),
        DayAndProposalRpcs(book.store, pages, following, audit),
    )
