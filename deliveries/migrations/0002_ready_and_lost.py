from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("deliveries", "0001_initial")]

    operations = [
        migrations.AddField("delivery", "ready", models.BooleanField(default=True, db_default=True)),
        migrations.AddField("delivery", "lost", models.PositiveSmallIntegerField(default=0, db_default=0)),
        migrations.RemoveIndex("delivery", "delivery_due"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["workspace_id", "lane", "due_at", "id"],
                name="delivery_ready",
                condition=Q(ready=True) & ~Q(due_at=None),
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["due_at"], name="delivery_scheduled", condition=Q(ready=False) & ~Q(due_at=None)),
        ),
        migrations.RemoveIndex("delivery", "delivery_sending"),
        migrations.RemoveIndex("delivery", "delivery_held"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["state", "connection_id"],
                name="delivery_open",
                condition=Q(state__in=("pending", "sending", "retrying", "held")),
            ),
        ),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["workspace_id", "id"], name="event_silent", condition=Q(total_rules=0) & ~Q(completed_at=None)
            ),
        ),
    ]
