"""Opens everything: python -m services.billing api | relay | stream | migrate | rebuild."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.config import Settings
from kernel.process import Opened, Service, brokers_of, main, owners_of, signatures_of
from kernel.store.store import Store
from services.billing.adapters.privileges import PRIVILEGES
from services.billing.adapters.stored import FACTS
from services.billing.adapters.subscriptions import SUBSCRIPTIONS

if TYPE_CHECKING:
    from kernel.rpc.policy import BindingKind

HEARS = ("intake", "plans", "attendance")


def servicers(store: Store, settings: Settings) -> Mapping[Any, object]:
    """What the api process answers."""
    from kernel.execute import CommandExecutor  # noqa: PLC0415 - the other processes need none of these
    from kernel.messaging.owners import OwnersConfirm  # noqa: PLC0415
    from kernel.rpc.call import Call  # noqa: PLC0415
    from kernel.rpc.channel import channel_to  # noqa: PLC0415
    from kernel.rpc.client import ASKING, RpcClient  # noqa: PLC0415
    from kernel.rpc.statements import StatementsServicer  # noqa: PLC0415
    from kernel.rpc.tokens import service_tokens  # noqa: PLC0415
    from services.billing.adapters import claim_file, identities  # noqa: PLC0415
    from services.billing.adapters.as_of import SqlDeadlines, SqlHistoryAsOf  # noqa: PLC0415
    from services.billing.adapters.heard import SqlNetwork  # noqa: PLC0415
    from services.billing.adapters.lost import KafkaLost  # noqa: PLC0415
    from services.billing.adapters.pages import SqlPages  # noqa: PLC0415
    from services.billing.adapters.publication import publish  # noqa: PLC0415
    from services.billing.adapters.record import SqlDrafts  # noqa: PLC0415
    from services.billing.api import (  # noqa: PLC0415
        accounts,
        deadlines,
        explaining,
        ledger,
        restore,
        statements,
    )
    from services.billing.api.servicer import SERVICE, billing_servicer  # noqa: PLC0415
    from services.billing.api.work import SERVICE as WORK  # noqa: PLC0415
    from services.billing.api.work import WorkServicer  # noqa: PLC0415
    from services.billing.app.ports import (  # noqa: PLC0415
        BillingWriteSide,
        ClaimWriter,
        Issuing,
        RestoringWriteSide,
    )
    from services.billing.domain.payers.rules import ClaimForm  # noqa: PLC0415

    intake = RpcClient(
        channel_to("intake", settings),
        identities.SERVICE,
        token=service_tokens(settings.secrets_dir, "billing", "PAYMENT"),
        places=ASKING,
    )
    confirm = OwnersConfirm(owners_of(HEARS, settings))
    usage = "P" if settings.environment == "production" else "T"
    files: dict[ClaimForm, ClaimWriter] = {
        ClaimForm.PROFESSIONAL: claim_file.FileWriter(claim_file.professional, usage),
        ClaimForm.INSTITUTIONAL: claim_file.FileWriter(claim_file.institutional, usage),
    }

    executor = CommandExecutor(store=store, publish=publish, subscriptions=SUBSCRIPTIONS)
    billing = BillingWriteSide(executor, SqlNetwork(), SqlDrafts())

    def issuing(call: Call) -> Issuing:
        asking = identities.IntakeIdentities(intake, call)
        return Issuing(drafts=billing.drafts, confirm=confirm, identities=asking, files=files)

    lost = KafkaLost(store, brokers_of(settings), signatures_of(settings))
    pages = SqlPages()
    return {
        SERVICE: billing_servicer(billing, issuing, pages),
        statements.SERVICE: StatementsServicer(statements.KINDS, billing),
        WORK: WorkServicer(store, pages),
        explaining.SERVICE: explaining.ExplanationServicer(store, SqlHistoryAsOf()),
        accounts.SERVICE: accounts.AccountsServicer(store),
        ledger.SERVICE: ledger.LedgerServicer(store),
        deadlines.SERVICE: deadlines.DeadlinesServicer(store, SqlDeadlines()),
        restore.SERVICE: restore.RestoreServicer(
            RestoringWriteSide(executor, billing.drafts, lost)
        ),
    }


def kinds() -> "Mapping[str, BindingKind]":
    """Whose each kind of thing is."""
    from services.billing.adapters.bindings import KINDS  # noqa: PLC0415

    return KINDS


def operations(opened: Opened) -> Mapping[Any, object]:
    """What it answers to operators."""
    from operations.serving import operations_of  # noqa: PLC0415
    from services.billing.adapters.checks import SERVICE_CHECKS  # noqa: PLC0415

    return operations_of(opened, SERVICE_CHECKS)


SERVICE = Service(
    name="billing",
    codec=FACTS,
    migrations=Path(__file__).parent / "adapters" / "migrations",
    servicers=servicers,
    kinds=kinds,
    privileges=PRIVILEGES,
    operations=operations,
    hears=HEARS,
    subscriptions=SUBSCRIPTIONS,
)

if __name__ == "__main__":
    main(SERVICE, sys.argv[1:])
