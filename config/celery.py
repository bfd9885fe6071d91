"""The workers. Redis carries wake-ups only; the truth and the schedule are in PostgreSQL.

Two queues: ``drain`` sends, one process a core; ``housekeeping`` belongs to the sweeper. The beat is a process of its
own: inside a worker it could die alone, and nobody would notice. While Redis is away, it does by itself what is due.
No ETA, no countdown, no retry by Celery: a message may be lost or repeated without anybody noticing.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun, worker_process_init
from django.db import close_old_connections

from config import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# ``config.checks`` stops a worker that lacks a setting. Django's other checks walk every URL, which would bring all
# pages and the API into each worker: seconds of a start, and memory for ever.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("jackfield")
app.conf.update(
    broker_url=env.text("REDIS_URL", "redis://127.0.0.1:6379/0"),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # for ever, and every second:
    worker_consumer="config.consuming:Persistent",
    broker_transport_options={
        # A message is gone from Redis when it is taken. Kombu 5.7's usual way, to keep what is not acknowledged yet and
        # to give it back after a lost connection (``QoS.restore_unacked``), ends the worker when Redis was killed.
        # https://docs.celeryq.dev/projects/kombu/en/latest/reference/kombu.transport.redis.html
        "ack_emulation": False,
        "socket_timeout": 1,  # a Redis that hangs is as good as none
        "socket_connect_timeout": 1,
        "health_check_interval": 5,
        "max_retries": 0,  # whoever sends a wake-up does not wait for Redis
    },
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_default_queue="drain",
    task_routes={"housekeeping.*": {"queue": "housekeeping"}},
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,  # who is busy leaves the wake-up to somebody who is not
    CELERY_DB_REUSE_MAX=2**31,  # by default Celery opens the database connection anew for every task
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    beat_scheduler="config.beat:Beat",
    beat_schedule={
        "sweep": {"task": "deliveries.drain", "schedule": 1.0, "options": {"expires": 1}},
        "release": {"task": "housekeeping.release", "schedule": 2.0, "options": {"expires": 2}},
        "judge": {"task": "housekeeping.judge", "schedule": 10.0, "options": {"expires": 10}},
        "announce": {"task": "housekeeping.announce", "schedule": 2.0, "options": {"expires": 2}},
        "ask-recipients": {"task": "housekeeping.ask_recipients", "schedule": 5.0, "options": {"expires": 5}},
        "begin-directories": {
            "task": "housekeeping.begin_directories",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "read-directories": {"task": "housekeeping.read_directories", "schedule": 2.0, "options": {"expires": 2}},
        "forget-sign-ins": {"task": "housekeeping.forget_sign_ins", "schedule": 30.0, "options": {"expires": 30}},
        "end-old-secrets": {"task": "housekeeping.end_old_secrets", "schedule": 30.0, "options": {"expires": 30}},
        "partitions": {"task": "housekeeping.partitions", "schedule": 300.0, "options": {"expires": 300}},
        "retention": {"task": "housekeeping.retention", "schedule": 600.0, "options": {"expires": 600}},
    },
)
app.autodiscover_tasks()


@worker_process_init.connect
def _warm_up(**_: Any) -> None:
    """The first event after a start should not wait for the destinations' modules."""
    from connections.registry import all_providers

    all_providers()


@task_prerun.connect
def _drop_broken_connections(**_: Any) -> None:
    """As Django does before every request: what the last task found broken is opened anew."""
    close_old_connections()


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Without a listener Celery would replace the logging set-up by its own."""
