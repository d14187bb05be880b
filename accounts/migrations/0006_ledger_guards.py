from typing import ClassVar

from django.db import migrations

from godark.append_only import keep_append_only

# The postings of an entry come in one statement and sum to zero; nothing is added later.
SUMS = """
CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT entry_id INTO wrong FROM fresh GROUP BY entry_id HAVING sum(amount_micro) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the postings of ledger entry % do not sum to zero', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_entry_sums_to_zero';
    END IF;
    SELECT late.entry_id INTO wrong
        FROM (SELECT entry_id, min(id) AS first, max(id) AS last FROM fresh GROUP BY entry_id)
            AS late
        JOIN accounts_posting AS posting ON posting.entry_id = late.entry_id
        WHERE posting.id NOT BETWEEN late.first AND late.last LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger entry % is complete: nothing is added to it', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_entry_is_complete';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER posting_entry_sums_to_zero AFTER INSERT ON accounts_posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_entry();
"""
UNDO_SUMS = """
DROP TRIGGER posting_entry_sums_to_zero ON accounts_posting;
DROP FUNCTION refuse_unbalanced_entry();
"""

# Only what is pending can be posted or voided; that it happens once is a unique constraint.
RESOLVES = """
CREATE FUNCTION refuse_resolving_the_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT entry.id INTO wrong FROM fresh AS entry
        WHERE entry.resolves_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM accounts_ledgerentry AS pending
            WHERE pending.id = entry.resolves_id AND pending.phase = 'PENDING'
        ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger entry % resolves one that is not pending', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_resolves_a_pending_one';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER entry_resolves_a_pending_one AFTER INSERT ON accounts_ledgerentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_resolving_the_settled();
"""
UNDO_RESOLVES = """
DROP TRIGGER entry_resolves_a_pending_one ON accounts_ledgerentry;
DROP FUNCTION refuse_resolving_the_settled();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0005_ledger")]

    operations: ClassVar = [
        keep_append_only("accounts_ledgerentry"),
        keep_append_only("accounts_posting"),
        migrations.RunSQL(sql=SUMS, reverse_sql=UNDO_SUMS),
        migrations.RunSQL(sql=RESOLVES, reverse_sql=UNDO_RESOLVES),
    ]
