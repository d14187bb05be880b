"""The clockwork: the Celery app and the whole beat table."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")

app = Celery("godark")
app.config_from_object("django.conf:settings", namespace="CELERY")
