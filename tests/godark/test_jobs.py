"""Jobs run alone, in time, and leave a row whatever becomes of them."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessLog
from celery.beat import PersistentScheduler
from celery.schedules import crontab
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from godark.celery import BEAT, Clockwork, app
from godark.jobs import JOBS, job
from godark.jobs.locks import key_of
from godark.jobs.models import JobFailure, JobRun, Outcome
from godark.jobs.running import Ended, enroll, is_late, run_alone
from tests.godark.people import log_in_with_second_factor

autodiscover_modules("tasks")
COMMITTED = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def make_job() -> Iterator[Callable[[Callable[[], None]], str]]:
    """Return a way to make a job for one test."""
    made: list[str] = []

    def make(work: Callable[[], None]) -> str:
        name = f"job_of_a_test_{len(made)}"
        JOBS[name] = work
        made.append(name)
        return name

    yield make
    for name in made:
        del JOBS[name]


Make = Callable[[Callable[[], None]], str]


def _fail() -> None:
    raise ValueError("the password is hunter2 and anna@example.com knows")


@pytest.mark.django_db
def test_a_run_leaves_a_row(make_job: Make) -> None:
    seen = []
    name = make_job(lambda: seen.append(JobRun.objects.get().outcome))
    assert run_alone(name) is Ended.SUCCEEDED
    assert seen == [Outcome.RUNNING]
    run = JobRun.objects.get(name=name)
    assert run.outcome == Outcome.SUCCEEDED
    assert run.started_at
    assert run.ended_at
    assert run.started_at <= run.ended_at == run.succeeded_at
    assert run.duration_ms is not None
    assert run.error == ""


@pytest.mark.django_db
def test_a_failed_run_leaves_its_sentence_without_secrets_and_raises_nothing(
    make_job: Make,
) -> None:
    name = make_job(lambda: None)
    run_alone(name)
    JOBS[name] = _fail
    assert run_alone(name) is Ended.FAILED
    run = JobRun.objects.get(name=name)
    assert run.outcome == Outcome.FAILED
    assert run.succeeded_at is not None
    assert run.error.startswith("ValueError: ")
    assert "hunter2" not in run.error
    assert "anna@" not in run.error
    failure = JobFailure.objects.get()
    assert (failure.job_name, failure.error) == (name, run.error)


@pytest.mark.django_db
def test_a_run_after_a_failure_clears_the_sentence(make_job: Make) -> None:
    name = make_job(_fail)
    run_alone(name)
    JOBS[name] = lambda: None
    run_alone(name)
    assert (JobRun.objects.get().error, JobRun.objects.get().outcome) == ("", Outcome.SUCCEEDED)


@COMMITTED
def test_a_second_copy_leaves_at_once_and_touches_nothing(make_job: Make) -> None:
    began, may_end = threading.Event(), threading.Event()
    ended: list[Ended] = []

    def work() -> None:
        began.set()
        assert may_end.wait(timeout=30)

    def first_copy() -> None:
        ended.append(run_alone(name))
        connection.close()

    name = make_job(work)
    thread = threading.Thread(target=first_copy)
    thread.start()
    assert began.wait(timeout=30)
    assert run_alone(name) is Ended.BUSY
    assert JobRun.objects.get(name=name).outcome == Outcome.RUNNING
    may_end.set()
    thread.join(timeout=30)
    assert ended == [Ended.SUCCEEDED]
    assert run_alone(name) is Ended.SUCCEEDED


@COMMITTED
def test_a_killed_copy_leaves_no_lock_behind(make_job: Make) -> None:
    name = make_job(lambda: None)

    def die_holding_the_lock() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", key_of(name))
        connection.close()

    thread = threading.Thread(target=die_holding_the_lock)
    thread.start()
    thread.join(timeout=30)
    # PostgreSQL lets go when it notices that the connection ended, a moment later.
    deadline = time.monotonic() + 30
    while run_alone(name) is Ended.BUSY:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert JobRun.objects.get(name=name).outcome == Outcome.SUCCEEDED


@COMMITTED
def test_a_job_that_breaks_its_connection_still_leaves_a_row(make_job: Make) -> None:
    name = make_job(_break_the_connection)
    assert run_alone(name) is Ended.FAILED
    assert JobRun.objects.get(name=name).error.startswith("OperationalError")
    JOBS[name] = lambda: _sql("SELECT no_such_column")
    assert run_alone(name) is Ended.FAILED
    assert JobRun.objects.get(name=name).error.startswith("ProgrammingError")


def _break_the_connection() -> None:
    connection.connection.close()
    _sql("SELECT 1")


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_a_start_that_comes_too_late_is_dropped(make_job: Make) -> None:
    name = make_job(_fail)
    late = timezone.now() - timedelta(seconds=1)
    assert run_alone(name, expires_at=late) is Ended.EXPIRED
    assert not JobRun.objects.exists()


@pytest.mark.django_db
def test_the_celery_task_of_a_job_minds_its_expiry() -> None:
    task = app.tasks["heartbeat"]
    task.push_request(expires=(timezone.now() - timedelta(seconds=1)).isoformat())
    task.run()
    task.pop_request()
    assert not JobRun.objects.exists()
    assert task.apply().successful()
    assert JobRun.objects.get(name="heartbeat").outcome == Outcome.SUCCEEDED


def test_two_jobs_of_one_name_are_refused() -> None:
    def heartbeat() -> None: ...

    with pytest.raises(ValueError, match="heartbeat"):
        job()(heartbeat)


def test_every_line_of_the_beat_table_is_a_job_that_expires_and_may_be_late() -> None:
    assert set(BEAT) == set(JOBS)
    for name, timing in BEAT.items():
        entry = app.conf.beat_schedule[name]
        assert entry["task"] == name
        assert entry["options"]["expires"] == timing.expires_seconds > 0
        if not isinstance(timing.every, crontab):
            assert timing.late_after_seconds > timing.every
        assert app.tasks[name].time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_celery_keeps_no_facts_and_takes_one_thing_at_a_time() -> None:
    assert app.conf.get("result_backend") is None
    assert app.conf.task_acks_late is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit
    assert app.conf.broker_connection_retry_on_startup is True


@pytest.mark.django_db
def test_a_job_is_late_when_it_has_not_succeeded_for_too_long(make_job: Make) -> None:
    name, now = make_job(lambda: None), timezone.now()
    enroll({name: 60})
    assert not is_late(JobRun.objects.get(), now=now + timedelta(seconds=50))
    assert is_late(JobRun.objects.get(), now=now + timedelta(seconds=70))
    run_alone(name)
    JobRun.objects.update(succeeded_at=now + timedelta(seconds=40))
    assert not is_late(JobRun.objects.get(), now=now + timedelta(seconds=70))
    assert is_late(JobRun.objects.get(), now=now + timedelta(seconds=101))


@pytest.mark.django_db
def test_a_job_that_always_fails_becomes_late(make_job: Make) -> None:
    name, now = make_job(_fail), timezone.now()
    enroll({name: 60})
    run_alone(name)
    assert is_late(JobRun.objects.get(), now=now + timedelta(seconds=70))


@pytest.mark.django_db
def test_after_a_pause_of_the_clockwork_nobody_is_late_before_he_could_run(make_job: Make) -> None:
    name = make_job(lambda: None)
    enroll({name: 60})
    run_alone(name)
    long_ago = timezone.now() - timedelta(days=2)
    JobRun.objects.update(enrolled_at=long_ago, succeeded_at=long_ago)
    assert is_late(JobRun.objects.get(), now=timezone.now())
    enroll({name: 60})
    assert not is_late(JobRun.objects.get(), now=timezone.now())


@pytest.mark.django_db
def test_a_job_that_left_the_table_is_never_late(make_job: Make) -> None:
    name = make_job(lambda: None)
    enroll({name: 1})
    enroll({"heartbeat": 60})
    assert not is_late(JobRun.objects.get(name=name), now=timezone.now() + timedelta(days=9))


@pytest.mark.django_db
def test_the_clockwork_enrolls_its_table_when_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("godark.celery.connection.close", lambda: None)
    clockwork = Clockwork(app, schedule_filename=str(tmp_path / "beat"))
    assert isinstance(clockwork, PersistentScheduler)
    assert set(JobRun.objects.values_list("name", flat=True)) == set(BEAT)
    clockwork.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "PERHAPS"},
        {"late_after_seconds": 5},
        {"started_at": timezone.now(), "ended_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_a_row_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        JobRun.objects.create(name="wrong", **wrong)


@pytest.mark.django_db
def test_old_sessions_log_ins_and_failures_are_cleared() -> None:
    now = timezone.now()
    for days in (-1, 1):
        Session.objects.create(
            session_key=f"key{days}", session_data="", expire_date=now + timedelta(days=days)
        )
    for days in (89, 91):
        AccessLog.objects.create(username=str(days), user_agent="", path_info="", ip_address=None)
        AccessLog.objects.filter(username=str(days)).update(attempt_time=now - timedelta(days=days))
    for days in (29, 31):
        JobFailure.objects.create(
            job_name=str(days), started_at=now, ended_at=now - timedelta(days=days), error="x"
        )
    for name in ("clear_expired_sessions", "trim_log_in_records", "trim_job_failures"):
        assert run_alone(name) is Ended.SUCCEEDED
    assert Session.objects.get().session_key == "key1"
    assert AccessLog.objects.get().username == "89"
    assert JobFailure.objects.get().job_name == "29"


@pytest.mark.django_db
def test_staff_can_run_a_job_by_name() -> None:
    said = StringIO()
    call_command("run_job", "heartbeat", stdout=said)
    assert said.getvalue() == "heartbeat: succeeded.\n"
    assert JobRun.objects.get().outcome == Outcome.SUCCEEDED


@pytest.mark.django_db
def test_a_job_run_by_name_says_how_it_failed(make_job: Make) -> None:
    with pytest.raises(CommandError, match="failed"):
        call_command("run_job", make_job(_fail))
    with pytest.raises(CommandError, match=r"There is no job nonsense; there are .*clear_expired"):
        call_command("run_job", "nonsense")


def test_without_a_name_the_jobs_are_listed() -> None:
    said = StringIO()
    call_command("run_job", stdout=said)
    assert said.getvalue().split() == sorted(JOBS)


@pytest.mark.django_db
def test_staff_see_the_jobs_and_can_change_nothing(client: Client, django_user_model: Any) -> None:
    run_alone("heartbeat")
    enroll({"heartbeat": 60})
    staff = django_user_model.objects.create_user("ops@example.com", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="jobs"))
    log_in_with_second_factor(client, staff)
    listed = client.get("/admin/jobs/jobrun/")
    assert listed.status_code == 200
    assert b"heartbeat" in listed.content
    assert client.get("/admin/jobs/jobrun/heartbeat/change/").status_code == 200
    assert client.post("/admin/jobs/jobrun/heartbeat/change/", {}).status_code == 403
    assert client.get("/admin/jobs/jobrun/add/").status_code == 403
    assert client.get("/admin/jobs/jobrun/heartbeat/delete/").status_code == 403
    assert client.get("/admin/jobs/jobfailure/").status_code == 200
    # nor many at once
    chosen = {"action": "delete_selected", "_selected_action": ["heartbeat"], "post": "yes"}
    for jobs in ("jobrun", "jobfailure"):
        assert client.post(f"/admin/jobs/{jobs}/", chosen).status_code in {200, 302, 403}
    assert JobRun.objects.filter(name="heartbeat").exists()
