"""Alembic's entry: runs the revisions on the connection that :func:`app.migrate.upgrade` hands over."""

from alembic import context

if context.is_offline_mode():
    raise SystemExit("revisions run against a database only: python -m app migrate")

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
