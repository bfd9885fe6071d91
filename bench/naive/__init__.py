"""The yardstick that most would build first: a Celery task for each event, and one for each delivery."""
