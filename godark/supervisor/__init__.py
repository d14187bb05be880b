"""What `make run` starts: the processes of one machine under one supervisor.

Here live the table of processes, the embedded PostgreSQL and Redis, the refusals before the
start, and the one log. No trading rule lives here, and nothing here is imported by an app.
"""
