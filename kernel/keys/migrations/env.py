"""Run by Alembic on the connection it was handed; a key store counts its migrations by itself."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table="alembic_version_of_keys"
)
with context.begin_transaction():
    context.run_migrations()
