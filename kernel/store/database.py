"""Opening the database, and bringing its schema up to date."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = 905_001  # the advisory lock that makes two migrations take turns


def open_database(url: str, *, pool: int = 5) -> Engine:
    """An engine whose errors never show parameters: they may be somebody's name."""
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "ninehours"},
    )


def migrate(engine: Engine, versions: Sequence[Path]) -> None:
    """Run every migration that is missing: the kernel's, then those in `versions`."""
    from alembic import command  # noqa: PLC0415 - a third of a second that no other process should pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option(
        "version_locations", "\n".join(str(path) for path in (MIGRATIONS / "versions", *versions))
    )
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
