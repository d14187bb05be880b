"""Tables that only grow, and tables that are never emptied: triggers by which PostgreSQL refuses.

No model lives here; a migration asks for the operation and names its table. Whoever owns a table
could switch them off: the site does not come as its owner (`godark.database_roles`).
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


EMPTYING = """
CREATE OR REPLACE FUNCTION refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % may not be emptied', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
"""


def keep_from_emptying(table: str) -> RunSQL:
    """Return the migration step after which a table refuses TRUNCATE, which fires no row's trigger.

    For tables whose rows may change and go, one by one, under triggers of their own.
    """
    undo = f"DROP TRIGGER {table}_is_not_emptied ON {table};"
    return RunSQL(sql=EMPTYING.format(table=table), reverse_sql=undo)
