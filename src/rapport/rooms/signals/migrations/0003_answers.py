"""Answers to a survey that are neither score nor words, written once like all of the ledger."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the answers, and the trigger that keeps them."""

    dependencies = [
        ("signals", "0002_written_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("question", models.CharField(max_length=60)),
                ("asked", models.TextField()),
                ("row", models.CharField(blank=True, max_length=60)),
                ("row_words", models.TextField(blank=True)),
                ("choice", models.CharField(blank=True, max_length=60)),
                ("told", models.TextField(blank=True)),
                ("number", models.FloatField(null=True)),
                ("day", models.DateField(null=True)),
                (
                    "signal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="signals.signal",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["question", "choice"], name="answer_by_question")],
            },
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER signals_keep_answer BEFORE UPDATE OR DELETE ON signals_answer
              FOR EACH ROW EXECUTE FUNCTION signals_keep_part();
            """,
            "DROP TRIGGER signals_keep_answer ON signals_answer;",
        ),
    ]
