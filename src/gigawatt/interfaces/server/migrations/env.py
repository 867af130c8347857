"""Run by Alembic, on the connection that `prepare` hands over."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    version_table="server_version",
    version_table_schema=context.config.attributes["schema"],
)
context.run_migrations()
