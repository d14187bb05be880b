"""Jobs: work that the clockwork starts, one copy at a time, each leaving a row.

A job carries no facts. It finds what is due in the database and makes one idempotent call, so
that a run lost, doubled or late does no harm. When each runs stands in `godark.celery`.
"""

from godark.jobs.registry import JOBS, job

__all__ = ["JOBS", "job"]
