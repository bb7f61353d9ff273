"""Opens everything intake needs: python -m services.intake api | relay | stream | migrate | …"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.config import Settings
from kernel.process import Opened, Service, main
from kernel.store.store import Store
from services.intake.adapters.privileges import PRIVILEGES
from services.intake.adapters.stored import FACTS
from services.intake.adapters.subscriptions import SUBSCRIPTIONS

if TYPE_CHECKING:
    from kernel.rpc.policy import BindingKind


def servicers(store: Store, settings: Settings) -> Mapping[Any, object]:
    """What the api process answers."""
    from services.intake.adapters.intake import open_intake  # noqa: PLC0415 - no relay needs it
    from services.intake.api import chart, clients, search, statements  # noqa: PLC0415
    from services.intake.api.servicer import SERVICE, IntakeServicer  # noqa: PLC0415
    from services.intake.domain.forgetting import Retention  # noqa: PLC0415

    years, until_age = settings.retention_years, settings.retention_until_age
    retention = Retention(years, until_age) if years and until_age else None
    intake = open_intake(store, SUBSCRIPTIONS, retention)
    return {
        SERVICE: IntakeServicer(intake),
        statements.SERVICE: statements.IntakeStatementsServicer(intake),
        clients.SERVICE: clients.ClientsServicer(store),
        chart.SERVICE: chart.ChartServicer(store),
        search.SERVICE: search.SearchServicer(store),
    }


def kinds() -> "Mapping[str, BindingKind]":
    """Whose each kind of thing is."""
    from services.intake.adapters.bindings import KINDS  # noqa: PLC0415

    return KINDS


def operations(opened: Opened) -> Mapping[Any, object]:
    """What it answers to operators."""
    from operations.serving import operations_of  # noqa: PLC0415
    from services.intake.adapters.checks import SERVICE_CHECKS  # noqa: PLC0415

    return operations_of(opened, SERVICE_CHECKS)


SERVICE = Service(
    name="intake",
    codec=FACTS,
    migrations=Path(__file__).parent / "adapters" / "migrations",
    servicers=servicers,
    kinds=kinds,
    privileges=PRIVILEGES,
    operations=operations,
    hears=("plans", "attendance", "billing"),
    subscriptions=SUBSCRIPTIONS,
)

if __name__ == "__main__":
    main(SERVICE, sys.argv[1:])
