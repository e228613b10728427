"""Arithmetic on arrays (scores, intervals, weights, comparisons), usable without Django or database."""

from rapport.stats.answers import ScoreError
from rapport.stats.comparisons import benjamini_hochberg, holm
from rapport.stats.designs import Design, design_mean
from rapport.stats.estimate import (
    COMMENTS_HIDDEN_BELOW,
    DOT_FROM,
    HIDDEN_BELOW,
    Difference,
    Estimate,
    Strength,
)
from rapport.stats.matching import MatchQuality, pairs_within, pairwise_precision_recall
from rapport.stats.means import effort, mean, mean_difference, mean_from_sums
from rapport.stats.medians import median
from rapport.stats.nps import (
    NpsCounts,
    count_nps,
    design_nps,
    net_signs,
    nps,
    nps_change_paired,
    nps_difference,
    nps_difference_from_counts,
    nps_from_counts,
    nps_from_weight_sums,
)
from rapport.stats.planning import (
    PlanningError,
    expected_nps_margin,
    krejcie_morgan,
    sample_size_for_nps,
    sample_size_for_share,
)
from rapport.stats.shares import (
    bottom_box,
    share,
    share_difference,
    share_difference_from_counts,
    share_from_counts,
    top_box,
    top_two_box,
)
from rapport.stats.shifts import MarginalHomogeneity, marginal_homogeneity
from rapport.stats.shrinkage import Pooled, nps_prior, nps_with_prior, pool_random_effects
from rapport.stats.suppression import Suppression, suppress
from rapport.stats.village import VillageScore, village_score
from rapport.stats.weights import (
    RakingError,
    effective_n,
    fit_margins,
    kish_design_effect,
    poststratification_weights,
    rake_weights,
    trim_weights,
)

__all__ = [
    "COMMENTS_HIDDEN_BELOW",
    "DOT_FROM",
    "HIDDEN_BELOW",
    "Design",
    "Difference",
    "Estimate",
    "MarginalHomogeneity",
    "MatchQuality",
    "NpsCounts",
    "PlanningError",
    "Pooled",
    "RakingError",
    "ScoreError",
    "Strength",
    "Suppression",
    "VillageScore",
    "benjamini_hochberg",
    "bottom_box",
    "count_nps",
    "design_mean",
    "design_nps",
    "effective_n",
    "effort",
    "expected_nps_margin",
    "fit_margins",
    "holm",
    "kish_design_effect",
    "krejcie_morgan",
    "marginal_homogeneity",
    "mean",
    "mean_difference",
    "mean_from_sums",
    "median",
    "net_signs",
    "nps",
    "nps_change_paired",
    "nps_difference",
    "nps_difference_from_counts",
    "nps_from_counts",
    "nps_from_weight_sums",
    "nps_prior",
    "nps_with_prior",
    "pairs_within",
    "pairwise_precision_recall",
    "pool_random_effects",
    "poststratification_weights",
    "rake_weights",
    "sample_size_for_nps",
    "sample_size_for_share",
    "share",
    "share_difference",
    "share_difference_from_counts",
    "share_from_counts",
    "suppress",
    "top_box",
    "top_two_box",
    "trim_weights",
    "village_score",
]
