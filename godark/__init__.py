"""The project package: settings, doors (urls, asgi), clockwork (celery), supervisor.

Beside them stands what every app may use: errors, jobs, limits. No trading rule lives here.
"""
