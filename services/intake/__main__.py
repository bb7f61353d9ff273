"""Opens everything intake needs: python -m services.intake api | relay | migrate."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernel.config import Settings
from kernel.process import Service, main
from kernel.store.store import Store
from services.intake.adapters.stored import FACTS


def servicers(store: Store, _: Settings) -> Mapping[Any, object]:
    """What the api process answers."""
    from kernel.execute import Book  # noqa: PLC0415 - the relay needs none of these
    from services.intake.adapters import episodes  # noqa: PLC0415
    from services.intake.adapters.audit import SqlAudit  # noqa: PLC0415
    from services.intake.adapters.publication import publish  # noqa: PLC0415
    from services.intake.api.servicer import SERVICE, IntakeServicer  # noqa: PLC0415

    book = Book(store=store, publish=publish, view=episodes.keep)
    return {SERVICE: IntakeServicer(book, episodes.SqlEpisodes(), SqlAudit())}


SERVICE = Service(
    name="intake",
    codec=FACTS,
    migrations=Path(__file__).parent / "adapters" / "migrations",
    servicers=servicers,
)

if __name__ == "__main__":
    main(SERVICE, sys.argv[1:])
