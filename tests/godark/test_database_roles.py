"""The site may use the tables, and do nothing to them or to the triggers that guard them."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from tests.database import run_as_owner
from tests.servers import is_embedded

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not is_embedded("DATABASE_URL"), reason="DATABASE_URL names roles that are not ours"
    ),
]

WHAT_THE_SITE_MAY = """
SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner),
    array_to_string(ARRAY(
        SELECT acl.privilege_type FROM aclexplode(c.relacl) AS acl
        WHERE pg_get_userbyid(acl.grantee) = current_user ORDER BY 1
    ), ' ')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S', 'v', 'm')
"""


def test_every_table_belongs_to_the_owner_and_the_site_has_its_rows_and_no_more() -> None:
    with connection.cursor() as cursor:
        cursor.execute(WHAT_THE_SITE_MAY)
        found = cursor.fetchall()
    assert len(found) > 50
    assert {owner for _, _, owner, _ in found} == {"godark_owner"}
    assert {(kind == "S", may) for _, kind, _, may in found} == {
        (True, "SELECT USAGE"),
        (False, "DELETE INSERT SELECT UPDATE"),
    }


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_staffaction DISABLE TRIGGER ALL",
        "DROP TRIGGER accounts_staffaction_rows_stay ON accounts_staffaction",
        (
            "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW; END $$"
        ),
        "SET session_replication_role = replica",
        "TRUNCATE accounts_staffaction",
        "TRUNCATE accounts_posting CASCADE",
        "DROP TABLE accounts_posting",
        "ALTER TABLE trading_event ADD COLUMN more text",
        "CREATE TABLE more (id int)",
        "CREATE RULE quiet AS ON UPDATE TO accounts_staffaction DO INSTEAD NOTHING",
        "SET ROLE godark_owner",
        "SET ROLE postgres",
        "GRANT godark_owner TO godark",
        "ALTER ROLE godark SUPERUSER",
        "CREATE ROLE stranger LOGIN",
        "CREATE DATABASE stranger",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "UPDATE pg_trigger SET tgenabled = 'D'",
    ],
)
def test_the_site_cannot_lift_what_holds_it(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner|cannot run inside"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["accounts_staffaction", "accounts_posting"])
def test_even_the_owner_empties_no_table_that_only_grows(table: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        run_as_owner(f"TRUNCATE {table} CASCADE")
