"""Judge any estimator on a table of posts, and search among several (layer L5)."""

from hybridsent.evaluation._evaluate import evaluate
from hybridsent.evaluation._parts import encoders_of, feature_columns
from hybridsent.evaluation._result import Evaluation, Score
from hybridsent.evaluation._search import search
from hybridsent.evaluation._search_result import Searched, SearchResult
from hybridsent.evaluation._splits import as_labels

__all__ = [
    "Evaluation",
    "Score",
    "SearchResult",
    "Searched",
    "as_labels",
    "encoders_of",
    "evaluate",
    "feature_columns",
    "search",
]
