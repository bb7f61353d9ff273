"""All that a database holds, to see that something changed nothing."""

from collections.abc import Mapping

from kernel.store.store import Store

TABLES = """
SELECT table_name AS name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


def every_table(store: Store) -> Mapping[str, str]:
    """Each table's rows as one text."""
    with store.transaction() as tx:
        return {
            table.name: "\n".join(
                row.line
                for row in tx.execute(f'SELECT t::text AS line FROM "{table.name}" t ORDER BY 1')
            )
            for table in tx.execute(TABLES).all()
        }
