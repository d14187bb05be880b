import pytest
from django.db import connection

from godark.supervisor.prepare import refuse_newer_database


@pytest.mark.django_db
def test_a_database_that_knows_more_than_the_code_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse_newer_database()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('accounts', '9999_from_tomorrow', now())"
        )
    with pytest.raises(SystemExit):
        refuse_newer_database()
    sentence = capsys.readouterr().err
    assert "accounts.9999_from_tomorrow" in sentence
    assert "make reset" in sentence
    assert sentence.count("\n") == 1
