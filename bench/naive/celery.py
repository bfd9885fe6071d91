"""The naive app: Celery's defaults but one, on the same Redis."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("naive", broker=os.environ["REDIS_URL"], include=["bench.naive.tasks"])
app.conf.update(
    task_ignore_result=True,
    task_default_queue="naive",
    broker_connection_retry_on_startup=True,
    CELERY_DB_REUSE_MAX=1_000_000,  # by default Celery closes the database connection around every task
)
