"""Alembic's entry. `flask --app wsgi release` hands over an open connection (see
bot/release.py).
"""

from alembic import context

from domain.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, compare_server_default=False
)
with context.begin_transaction():
    context.run_migrations()
