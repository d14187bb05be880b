from typing import ClassVar

from django.db import migrations

from godark.append_only import keep_append_only

# The postings of an entry come in one statement and sum to zero.
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
    RETURN NULL;
END
$$;
CREATE TRIGGER posting_entry_sums_to_zero AFTER INSERT ON accounts_posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_entry();
"""
UNDO = """
DROP TRIGGER posting_entry_sums_to_zero ON accounts_posting;
DROP FUNCTION refuse_unbalanced_entry();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0005_ledger")]

    operations: ClassVar = [
        keep_append_only("accounts_ledgerentry"),
        keep_append_only("accounts_posting"),
        migrations.RunSQL(sql=SUMS, reverse_sql=UNDO),
    ]
