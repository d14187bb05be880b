"""Tables that only grow: the triggers by which PostgreSQL itself refuses to rewrite them.

No model lives here; a migration asks for the operation and names its table.
"""

from django.db.migrations import RunSQL

FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
TRIGGERS = """
CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER {table}_table_stays BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
"""
UNDO = """
DROP TRIGGER {table}_rows_stay ON {table};
DROP TRIGGER {table}_table_stays ON {table};
"""


def keep_append_only(table: str) -> RunSQL:
    """Return the migration step after which a table refuses UPDATE, DELETE and TRUNCATE."""
    return RunSQL(sql=FUNCTION + TRIGGERS.format(table=table), reverse_sql=UNDO.format(table=table))
