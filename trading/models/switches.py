"""Sockets whose end cancels their account's orders, and the web processes that hold them.

A web process says every second that it lives, for all its sockets in one row; when it stops
saying so, its sockets have ended, whatever became of it.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class SocketProcess(models.Model):
    """A web process that holds armed sockets, and when it last said that it lives."""

    id = models.UUIDField(primary_key=True)
    renewed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)


class ArmedSocket(models.Model):
    """A socket that cancels when it ends."""

    id = models.UUIDField(primary_key=True)
    process = models.ForeignKey(SocketProcess, on_delete=models.CASCADE, related_name="sockets")
    account_id = models.UUIDField()
    armed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["process"], name="armed_socket_by_process")]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)
