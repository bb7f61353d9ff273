"""Opens everything plans needs: python -m services.plans api | relay | stream | migrate | …"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.config import Settings
from kernel.process import Opened, Service, main
from kernel.store.store import Store
from services.plans.adapters.stored import FACTS
from services.plans.adapters.subscriptions import SUBSCRIPTIONS

if TYPE_CHECKING:
    from kernel.rpc.policy import BindingKind


def servicers(store: Store, _: Settings) -> Mapping[Any, object]:
    """What the api process answers."""
    from kernel.execute import CommandExecutor  # noqa: PLC0415 - the relay needs none of these
    from kernel.rpc.statements import StatementsServicer  # noqa: PLC0415
    from services.plans.adapters import rows  # noqa: PLC0415
    from services.plans.adapters.episodes import CREDENTIALS, SqlEpisodes  # noqa: PLC0415
    from services.plans.adapters.publication import publish  # noqa: PLC0415
    from services.plans.api import care, courses_of_care, explaining, statements  # noqa: PLC0415
    from services.plans.api.servicer import SERVICE, PlansServicer  # noqa: PLC0415
    from services.plans.app.ports import Plans  # noqa: PLC0415

    executor = CommandExecutor(store=store, publish=publish, subscriptions=SUBSCRIPTIONS)
    plans = Plans(
        executor=executor,
        weeks=rows.weeks,
        recommendation=rows.recommendation,
        episodes=SqlEpisodes(),
        credentials=CREDENTIALS,
    )
    return {
        SERVICE: PlansServicer(plans),
        explaining.SERVICE: explaining.ExplanationServicer(store),
        courses_of_care.SERVICE: courses_of_care.CoursesServicer(store),
        care.SERVICE: care.CareServicer(store),
        statements.SERVICE: StatementsServicer(statements.KINDS, plans),
    }


def kinds() -> "Mapping[str, BindingKind]":
    """Whose each kind of thing is."""
    from services.plans.adapters.bindings import KINDS  # noqa: PLC0415

    return KINDS


def operations(opened: Opened) -> Mapping[Any, object]:
    """What it answers to operators."""
    from operations.serving import operations_of  # noqa: PLC0415
    from services.plans.adapters.checks import SERVICE_CHECKS  # noqa: PLC0415

    return operations_of(opened, SERVICE_CHECKS)


SERVICE = Service(
    name="plans",
    codec=FACTS,
    migrations=Path(__file__).parent / "adapters" / "migrations",
    servicers=servicers,
    kinds=kinds,
    operations=operations,
    hears=("intake", "attendance"),
    subscriptions=SUBSCRIPTIONS,
)

if __name__ == "__main__":
    main(SERVICE, sys.argv[1:])
