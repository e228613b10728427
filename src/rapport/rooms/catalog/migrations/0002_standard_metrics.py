"""The three metrics everybody has: recommendation, satisfaction, effort."""

from typing import Any

from django.db import migrations

STANDARD = [
    {"key": "nps", "name": "Likely to recommend", "kind": "nps", "scale_low": 0, "scale_high": 10},
    {"key": "csat", "name": "Satisfaction", "kind": "csat", "scale_low": 1, "scale_high": 5},
    {
        "key": "ces",
        "name": "Effort",
        "kind": "ces",
        "scale_low": 1,
        "scale_high": 7,
        "higher_is_better": False,
    },
]


def add(apps: Any, schema_editor: Any) -> None:
    """Add those that are not there; nobody's own settings are touched."""
    metric = apps.get_model("catalog", "Metric")
    for position, row in enumerate(STANDARD, start=1):
        metric.objects.get_or_create(key=row["key"], defaults={**row, "position": position})


class Migration(migrations.Migration):
    """Gives a new installation something to score."""

    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
