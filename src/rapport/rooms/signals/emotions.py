"""The feelings a person can name, in four clusters: from those that make advocates to those that destroy."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Cluster:
    """Feelings that lead the same way."""

    key: str
    label: Promise
    feelings: tuple[tuple[str, Promise], ...]


CLUSTERS = (
    Cluster("advocacy", _("Advocacy"), (("happy", _("Happy")), ("pleased", _("Pleased")))),
    Cluster(
        "recommendation",
        _("Recommendation"),
        (
            ("trusting", _("Trusting")),
            ("valued", _("Valued")),
            ("cared_for", _("Cared for")),
            ("safe", _("Safe")),
            ("focused", _("Focused")),
        ),
    ),
    Cluster(
        "attention",
        _("Attention"),
        (
            ("interested", _("Interested")),
            ("energetic", _("Energetic")),
            ("stimulated", _("Stimulated")),
            ("exploratory", _("Exploratory")),
            ("indulged", _("Indulged")),
        ),
    ),
    Cluster(
        "destroying",
        _("Destroying"),
        (
            ("irritated", _("Irritated")),
            ("hurried", _("Hurried")),
            ("neglected", _("Neglected")),
            ("unhappy", _("Unhappy")),
            ("unsatisfied", _("Unsatisfied")),
            ("stressed", _("Stressed")),
            ("disappointed", _("Disappointed")),
            ("frustrated", _("Frustrated")),
        ),
    ),
)
FEELINGS: dict[str, Promise] = {key: label for cluster in CLUSTERS for key, label in cluster.feelings}
