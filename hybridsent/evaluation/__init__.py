"""Judge any estimator on a table of posts, search among several, and judge transfer (layer L5)."""

from hybridsent.evaluation._evaluate import evaluate
from hybridsent.evaluation._importance_score import importance_weighted_score
from hybridsent.evaluation._mmd import MMDTest, maximum_mean_discrepancy, mmd_permutation_test
from hybridsent.evaluation._parts import encoders_of, feature_columns
from hybridsent.evaluation._result import Evaluation, Score
from hybridsent.evaluation._search import search
from hybridsent.evaluation._search_result import Searched, SearchResult
from hybridsent.evaluation._shift import proxy_a_distance
from hybridsent.evaluation._splits import as_labels
from hybridsent.evaluation._transfer import transfer_report
from hybridsent.evaluation._transfer_result import Interval, Shift, TransferPair, TransferReport
from hybridsent.evaluation._unadapted import unadapted
from hybridsent.evaluation._unlabeled_scores import (
    prediction_entropy_score,
    soft_neighborhood_density_score,
)

__all__ = [
    "Evaluation",
    "Interval",
    "MMDTest",
    "Score",
    "SearchResult",
    "Searched",
    "Shift",
    "TransferPair",
    "TransferReport",
    "as_labels",
    "encoders_of",
    "evaluate",
    "feature_columns",
    "importance_weighted_score",
    "maximum_mean_discrepancy",
    "mmd_permutation_test",
    "prediction_entropy_score",
    "proxy_a_distance",
    "search",
    "soft_neighborhood_density_score",
    "transfer_report",
    "unadapted",
]
