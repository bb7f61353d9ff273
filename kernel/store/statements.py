"""SQL as it is written once, and asked again and again."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, TextClause, make_url

MOST_KEPT = 4096  # statements: those composed of parts have few forms
DRIVER = make_url("postgresql+psycopg://").get_dialect()()


class KeptText(TextClause):
    """Read once, and told to the driver as it is: what SQLAlchemy does with a text at each asking
    (its key, its marks, its columns) takes more of a processor than the asking."""

    inherit_cache = True

    @cached_property
    def told(self) -> str:
        """With the driver's own marks for parameters."""
        return str(self.compile(dialect=DRIVER))

    def _execute_on_connection(
        self, connection: Connection, distilled_params: Any, execution_options: Mapping[str, Any]
    ) -> CursorResult[Any]:
        return connection.exec_driver_sql(
            self.told, distilled_params, execution_options=dict(execution_options)
        )


@lru_cache(MOST_KEPT)
def text(sql: str) -> KeptText:
    """With parameters as `:name`; a colon behind a backslash begins none."""
    return KeptText(sql)
