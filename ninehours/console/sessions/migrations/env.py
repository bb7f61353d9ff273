"""Run by Alembic on the connection it was handed; a console counts its migrations by itself."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table="alembic_version_of_console"
)
with context.begin_transaction():
    context.run_migrations()
