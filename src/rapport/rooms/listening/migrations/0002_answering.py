import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("listening", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ballot",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("region", models.CharField(blank=True, max_length=60)),
                ("language", models.CharField(blank=True, max_length=12)),
                ("answers", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="QuotaFill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=60)),
                ("taken", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("file", models.FileField(upload_to="responses/%Y/%m")),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.AddField(
            model_name="response",
            name="settled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("settled_at", None), ("state", "sent"), ("test", False)),
                fields=["sent_at"],
                name="response_unsettled",
            ),
        ),
        migrations.AddField(
            model_name="ballot",
            name="programme",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="listening.programme",
            ),
        ),
        migrations.AddField(
            model_name="ballot",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="listening.surveyversion",
            ),
        ),
        migrations.AddField(
            model_name="quotafill",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="quota_fills",
                to="listening.surveyversion",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="invitation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="uploads", to="listening.invitation"
            ),
        ),
        migrations.AddConstraint(
            model_name="quotafill",
            constraint=models.UniqueConstraint(fields=("version", "key"), name="quota_filled_once"),
        ),
    ]
