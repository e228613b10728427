"""Figures from publications and independent tools, read from the oracle file beside the checkout."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rapport import stats

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles.json"
ABSENT = f"the oracle file is not at {ORACLES}"

Case = Mapping[str, Any]
Figures = dict[str, Any]


def read_oracles() -> dict[str, Any]:
    return (
        json.loads(ORACLES.read_text(encoding="utf-8"))
        if ORACLES.exists()
        else {"entries": [], "datasets": {}}
    )


OPENED = read_oracles()
ENTRIES: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in OPENED["entries"]}


def counts(figures: Case) -> stats.NpsCounts:
    return stats.NpsCounts(**figures)


def limits(figure: stats.Estimate | stats.Difference, factor: float = 1.0) -> list[float]:
    assert figure.low is not None
    assert figure.high is not None
    return [factor * figure.low, factor * figure.high]


def kish(case: Case) -> Figures:
    weights = case["weights"]
    return {"kish_deff": stats.kish_design_effect(weights), "effective_n": stats.effective_n(weights)}


def nps_point(case: Case) -> Figures:
    figure = stats.nps(case["scores"])
    return {
        "nps_points": figure.value,
        "variance_of_score": float(np.var(stats.net_signs(case["scores"]))),
        "se_points": figure.standard_error,
    }


def nps_intervals(case: Case) -> Figures:
    wald = stats.nps_from_counts(**case, method="wald")
    return {
        "nps_points": wald.value,
        "wald": limits(wald),
        "adjusted_wald": limits(stats.nps_from_counts(**case)),
        "score": limits(stats.nps_from_counts(**case, method="score")),
    }


def nps_classes(case: Case) -> Figures:
    found = stats.count_nps(case["scores"])
    return {
        "promoters": found.promoters,
        "passives": found.passives,
        "detractors": found.detractors,
        "nps_points": stats.nps(case["scores"]).value,
    }


def nps_difference(case: Case) -> Figures:
    change = stats.nps_difference_from_counts(counts(case["a"]), counts(case["b"]), method="wald")
    return {
        "difference_points_b_minus_a": change.value,
        "se_points": change.standard_error,
        "z": change.statistic,
        "p": change.p_value,
    }


def nps_clustered(case: Case) -> Figures:
    scores = [score for account in case["accounts"] for score in account]
    accounts = [number for number, account in enumerate(case["accounts"]) for _ in account]
    figure = stats.nps(scores, clusters=accounts)
    return {"nps_points": figure.value, "se_points_cluster": figure.standard_error}


def stratified_mean(case: Case) -> Figures:
    columns = OPENED["datasets"][case["dataset"]]["columns"]
    design = stats.Design(
        weights=columns[case["weights"]], strata=columns[case["strata"]], population=columns[case["fpc"]]
    )
    figure = stats.design_mean(columns[case["variable"]], design)
    return {"mean": figure.value, "se": figure.standard_error}


def poststratified_nps(case: Case) -> Figures:
    scores = [score for group in case["respondents"].values() for score in group]
    groups = [name for name, group in case["respondents"].items() for _ in group]
    weights = stats.poststratification_weights(groups, case["population"])
    figure = stats.design_nps(scores, stats.Design(weights=weights, poststrata=groups))
    return {
        "weights": dict(zip(groups, weights.tolist(), strict=True)),
        "nps_points": figure.value,
        "unweighted_nps_points": stats.nps(scores).value,
        "se_points": figure.standard_error,
    }


def fitted_margins(case: Case) -> Figures:
    return {"fitted": stats.fit_margins(case["seed"], [case["row_totals"], case["column_totals"]]).tolist()}


def krejcie_morgan(case: Case) -> Figures:
    wanted = {key: case[key] for key in ("p", "margin", "chi2")}
    return {"n_rounded": [stats.krejcie_morgan(population, **wanted) for population in case["population"]]}


def newcombe(case: Case) -> Figures:
    # the publication prints first minus second group
    return {
        "intervals": [
            limits(stats.share_difference_from_counts(second, n_second, first, n_first))
            for first, n_first, second, n_second in case["cases"]
        ]
    }


def wilson(case: Case) -> Figures:
    figure = stats.share_from_counts(case["answers_4_or_5"], case["n"])
    assert figure.value is not None
    return {"percent": 100 * figure.value, "wilson_percent": limits(figure, 100)}


def customer_effort(case: Case) -> Figures:
    figure = stats.effort(case["answers"])
    easy = stats.top_box(case["answers"], scale=(1, 7), boxes=3).value
    assert easy is not None
    return {"mean": figure.value, "ci": limits(figure), "top3_percent": 100 * easy}


def shift_table(case: Case) -> Figures:
    test = stats.marginal_homogeneity(case["table"])
    return {"stuart_maxwell": test.stuart_maxwell, "df": test.df, "p": test.p_value, "bhapkar": test.bhapkar}


def paired_nps(case: Case) -> Figures:
    change = stats.nps_change_paired(case["wave1"], case["wave2"])
    return {
        "nps1": stats.nps(case["wave1"]).value,
        "nps2": stats.nps(case["wave2"]).value,
        "change_points": change.value,
        "se_points": change.standard_error,
        "t": change.statistic,
        "p": change.p_value,
    }


def many_comparisons(case: Case) -> Figures:
    p_values = case["p_values"]
    return {"holm": stats.holm(p_values).tolist(), "bh": stats.benjamini_hochberg(p_values).tolist()}


def eight_schools(case: Case) -> Figures:
    pooled = stats.pool_random_effects(case["estimate"], case["se"])
    return {
        "tau2": pooled.between_variance,
        "Q": pooled.q,
        "pooled": pooled.value,
        "se": pooled.standard_error,
        "shrunk_all_equal_pooled": bool(np.allclose(pooled.shrunk, pooled.value, rtol=0, atol=1e-12)),
    }


def dirichlet(case: Case) -> Figures:
    prior = tuple(case["prior_DPP"])
    accounts = [
        stats.nps_with_prior(stats.NpsCounts(detractors=d, passives=s, promoters=p), prior)
        for d, s, p in case["accounts_DPP"]
    ]
    return {
        "posterior_nps_points": [account.value for account in accounts],
        "posterior_sd_points": [account.standard_error for account in accounts],
    }


def village(case: Case) -> Figures:
    roles, scores = zip(*case["account"]["contacts"], strict=True)
    return {"account_mean_score": stats.village_score(roles, scores, case["role_weights"]).value}


def suppression(case: Case) -> Figures:
    result = stats.suppress(case["groups"], minimum=case["minimum_n"])
    return {"shown": list(result.shown), "hidden": list(result.hidden)}


def dominance(case: Case) -> Figures:
    columns = OPENED["datasets"][case["dataset"]]["columns"]
    names = case["drivers"]
    table = np.column_stack([columns[name] for name in names])
    found, _ = stats.driver_importance(table, columns[case["outcome"]])
    return {
        "r_squared": found.r_squared,
        "general": dict(zip(names, found.lmg.tolist(), strict=True)),
        "conditional": dict(zip(names, found.conditional.tolist(), strict=True)),
    }


def johnson(case: Case) -> Figures:
    order = [*case["drivers_index0"], case["outcome_index0"]]
    matrix = np.array(case["correlation"])[np.ix_(order, order)]
    found = stats.importance(matrix)
    return {"weights": stats.relative_weights(matrix).tolist(), "r_squared": found.r_squared}


def longley(case: Case) -> Figures:
    assert case["dataset_loader"] == "statsmodels.datasets.longley"
    data = pytest.importorskip("statsmodels.datasets.longley").load_pandas()
    found, _ = stats.driver_importance(data.exog.to_numpy(), data.endog.to_numpy())
    return {"r_squared": found.r_squared}


def kappa(case: Case) -> Figures:
    return {"kappa": stats.cohen_kappa(case["table"])}


def krippendorff(case: Case) -> Figures:
    coders = case["coders_by_units"]
    levels = ("nominal", "interval")
    found = {level: stats.krippendorff_alpha(coders, level=level) for level in levels}
    return {**found, "full": dict(found)}


def krippendorff_two(case: Case) -> Figures:
    first, second = case["coders_by_units"]
    same = sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
    return {"nominal": stats.krippendorff_alpha([first, second]), "percent_agreement": same}


def f1_averages(case: Case) -> Figures:
    found = stats.f1_scores(case["true"], case["predicted"])
    labels = sorted(found.per_label)
    return {
        "macro": found.macro,
        "micro": found.micro,
        "weighted": found.weighted,
        "per_label": [found.per_label[label] for label in labels],
    }


def retention(case: Case) -> Figures:
    percent = np.array(case["survival_percent_years_0_to_7"])
    model = stats.fit_retention(case["cohort_size"] * percent / 100)
    return {
        "alpha": model.alpha,
        "beta": model.beta,
        "log_likelihood_n1000": model.log_likelihood,
        "survival_percent": (100 * model.survival(12)).tolist(),
        "retention_rate": model.retention(12).tolist(),
    }


def purchases(case: Case) -> Figures:
    ahead, model = case["horizon_weeks"], case["params"]
    found = [stats.expected_purchases(x, case["t_x"], case["T"], ahead, **model) for x in case["x"]]
    return {"conditional_expected": found}


def spend(case: Case) -> Figures:
    model = {key: case[key] for key in ("p", "q", "gamma")}
    return {"expected_average": [stats.expected_spend(c["x"], c["mean"], **model) for c in case["customers"]]}


def multiples(case: Case) -> Figures:
    return {
        f"r{kept}/i{rate}": stats.margin_multiple(kept, rate)
        for kept in case["retention"]
        for rate in case["discount"]
    }


def gehan(case: Case) -> Figures:
    found = stats.kaplan_meier(case["time"], case["event"])
    names = [f"{time:g}" for time in found.times]
    return {"survival": dict(zip(names, found.survival.tolist(), strict=True)), "median": found.median}


def predictions(case: Case) -> Figures:
    return {
        "auc": stats.ranking_auc(case["auc_true"], case["auc_score"]),
        "brier": stats.brier_score(case["brier_true"], case["brier_prob"]),
    }


def calibration(case: Case) -> Figures:
    bins = case["equal_width_bins"]
    expected, largest = stats.calibration_errors(case["observed"], case["predicted"], bins=bins)
    return {"ece": expected, "mce": largest}


def iris(case: Case) -> Figures:
    assert case["dataset_loader"] == "sklearn.datasets.load_iris().data"
    points = pytest.importorskip("sklearn.datasets").load_iris().data
    found = stats.k_means(points, case["k"])
    sizes = sorted(np.bincount(found.labels).tolist())
    return {"within_ss": found.within, "silhouette": found.silhouette, "sizes_sorted": sizes}


def social_survey(case: Case) -> Figures:
    *items, counts = zip(*case["pattern_counts"], strict=True)
    two, three = (stats.latent_classes(items, counts, k, starts=40) for k in (2, 3))
    return {
        "log_likelihood_2": two.log_likelihood,
        "log_likelihood_3": three.log_likelihood,
        "bic_2": two.bic,
        "bic_3": three.bic,
        "parameters_2": two.parameters,
        "parameters_3": three.parameters,
    }


def rand_index(case: Case) -> Figures:
    return {"ari": stats.adjusted_rand(case["a"], case["b"])}


def quintiles(case: Case) -> Figures:
    return {
        "R": stats.quintile_scores(case["recency_days"], best="lowest").tolist(),
        "F": stats.quintile_scores(case["frequency"]).tolist(),
        "M": stats.quintile_scores(case["monetary"]).tolist(),
    }


def log_odds(case: Case) -> Figures:
    counts = [case[f"{name}_counts"] for name in ("detractor", "promoter", "background")]
    two, four = (
        stats.log_odds_with_prior(*counts, prior_total=case["prior_total"], variance_terms=terms)
        for terms in (2, 4)
    )
    return {
        "log_odds": two.log_odds.tolist(),
        "z_two_term_variance": two.z.tolist(),
        "z_four_term_variance": four.z.tolist(),
    }


def pareto_table(case: Case) -> Figures:
    rows = stats.pareto(case["counts"], threshold_percent=case["threshold_percent"])
    return {
        "order_first_three": [row.theme for row in rows[:3]],
        "cumulative_percent_first_three": [row.cumulative_percent for row in rows[:3]],
        "vital_few_80": [row.theme for row in rows if row.is_vital],
    }


def one_assessment(case: Case) -> Figures:
    found = stats.assess_maturity(case["items_1_to_20"])
    return {
        "area_totals": list(found.area_totals),
        "area_levels": list(found.area_levels),
        "overall": found.overall,
        "overall_level": found.overall_level,
    }


COVERED: dict[str, Callable[[Case], Figures]] = {
    "ces.raw7": customer_effort,
    "change.nps_paired.small": paired_nps,
    "change.stuart_maxwell.vision": shift_table,
    "csat.difference.newcombe_b": newcombe,
    "csat.top2.wilson_42_60": wilson,
    "drivers.dominance.domir_readme": dominance,
    "drivers.johnson.correlation_matrix": johnson,
    "drivers.ols.r2_longley": longley,
    "churn.auc_brier.sklearn_doc": predictions,
    "churn.ece.five_bins": calibration,
    "churn.km.gehan_placebo": gehan,
    "clv.bgnbd.frequency_paradox": purchases,
    "clv.gammagamma.formula": spend,
    "clv.margin_multiple": multiples,
    "clv.sbg.regular": retention,
    "segment.ari": rand_index,
    "segment.kmeans.iris2": iris,
    "segment.lca.gss82": social_survey,
    "segment.rfm.quintiles": quintiles,
    "text.logodds.small": log_odds,
    "text.pareto.small": pareto_table,
    "maturity.temkin.one": one_assessment,
    "multiple.five": many_comparisons,
    "nps.all_scores_once": nps_classes,
    "nps.clustered.small": nps_clustered,
    "nps.difference.b": nps_difference,
    "nps.intervals.n27": nps_intervals,
    "nps.point_se.rocks_tests": nps_point,
    "samplesize.krejcie_morgan.b": krejcie_morgan,
    "shrink.dirichlet_fixed_prior": dirichlet,
    "shrink.eight_schools": eight_schools,
    "suppress.primary": suppression,
    "survey.stratified_mean.apistrat": stratified_mean,
    "text.f1_averages": f1_averages,
    "text.kappa.2x2": kappa,
    "text.krippendorff.example_a": krippendorff_two,
    "text.krippendorff.wikipedia": krippendorff,
    "village.nested.small": village,
    "weights.ipf.3x4": fitted_margins,
    "weights.kish_deff.balance_doc_a": kish,
    "weights.poststratify.nps": poststratified_nps,
}


@pytest.mark.parametrize("entry_id", sorted(COVERED))
def test_our_figures_meet_the_oracle(entry_id: str) -> None:
    if not ENTRIES:
        pytest.skip(ABSENT)
    entry = ENTRIES[entry_id]
    ours = COVERED[entry_id](entry["input"])
    assert ours.keys() == entry["expected"].keys(), "every expected figure is answered, and no other"
    for name, expected in entry["expected"].items():
        assert_meets(ours[name], expected, tolerance_of(entry, name), f"{entry_id}: {name}")


def test_every_entry_of_every_tier_is_answered() -> None:
    if not ENTRIES:
        pytest.skip(ABSENT)
    assert ENTRIES.keys() - COVERED.keys() == set()


def tolerance_of(entry: dict[str, Any], name: str) -> dict[str, float]:
    tolerance = entry["tolerance"]
    if "abs" in tolerance or "rel" in tolerance:
        return dict(tolerance)
    return dict(tolerance.get(name, tolerance.get("default", {"abs": 0})))


def assert_meets(ours: Any, expected: Any, tolerance: dict[str, float], where: str) -> None:
    if isinstance(expected, dict):
        assert ours.keys() == expected.keys(), where
        for key, value in expected.items():
            assert_meets(ours[key], value, tolerance, f"{where}[{key}]")
    elif isinstance(expected, list):
        assert len(ours) == len(expected), where
        for position, value in enumerate(expected):
            assert_meets(ours[position], value, tolerance, f"{where}[{position}]")
    elif isinstance(expected, float) or (isinstance(expected, int) and not isinstance(expected, bool)):
        allowed = max(tolerance.get("abs", 0.0), tolerance.get("rel", 0.0) * abs(expected))
        if allowed:
            allowed += half_of_the_last_digit(float(expected))
        assert abs(ours - expected) <= allowed, f"{where}: {ours!r}, expected {expected!r}"
    else:
        assert ours == expected, where


def half_of_the_last_digit(printed: float) -> float:
    """Return what rounding to ten significant digits may have taken away.

    One entry needs it: -45.45454545 with a tolerance of 1e-9 was printed 4.5e-9 away from -500 / 11.
    """
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(printed))) - 9) if printed else 0.0
