"""Billing's gRPC servicer: request to command, outcome to response. It decides nothing."""

from collections.abc import Callable
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.rpcs import composed
from services.billing.adapters.pages import SqlPages
from services.billing.api.commands import BillingCommandRpcs
from services.billing.api.lists import BillingListRpcs
from services.billing.app.ports import BillingWriteSide, Issuing

SERVICE = pb.DESCRIPTOR.services_by_name["BillingService"]


def billing_servicer(
    billing: BillingWriteSide,
    issuing: Callable[[Call], Issuing],
    pages: SqlPages,
) -> Any:
    """Answers BillingService over one write side."""
    return composed(
        SERVICE,
        BillingCommandRpcs(billing, issuing),
        BillingListRpcs(billing.executor.store, pages),
    )
