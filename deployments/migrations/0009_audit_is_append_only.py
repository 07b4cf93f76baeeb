"""The database itself refuses to change an entry of the audit log.

On PostgreSQL also to remove one. SQLite has no users whose rights could differ: whoever can reach
its file can drop a trigger as well, so there the chain of hashes alone tells of what is missing.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_SQLITE = """
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON deployments_auditentry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
_POSTGRESQL = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON deployments_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""


def _add(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    schema_editor.execute(_SQLITE if is_sqlite else _POSTGRESQL)


def _remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER audit_is_append_only")
    else:
        schema_editor.execute("DROP TRIGGER audit_is_append_only ON deployments_auditentry")
        schema_editor.execute("DROP FUNCTION audit_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [("deployments", "0008_roles_tokens_audit")]

    operations = [migrations.RunPython(_add, _remove)]
