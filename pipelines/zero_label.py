"""No labels: words, VADER, emoji and ratings vote; labels of the table name the classes alone.

A baseline that costs nothing. With ``learn_from_views=True`` the views (texts, pictures, sounds)
learn from the rows that the votes are surest of, still without a label.

Task: sentiment of texts in nine languages, two or three classes.
Data: SST-2, 7,792 sentences, two classes; MVSA-Single, 4,000 posts, labels of the text alone.
Score: accuracy 0.684 on SST-2, 0.614 on MVSA.
Seed: none
"""

from __future__ import annotations

from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from hybridsent import make_fusion
from hybridsent.lexical import WordFeatures
from hybridsent.weak import ZeroLabelClassifier

GRID = {
    "classify__label_model": ["fixed", "dawid-skene"],
}


def build(learn_from_views: bool = False, **options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    learns = ("class_weight", "learn_device", "quality", "commercial")
    idle = [name for name in learns if options.get(name) and not learn_from_views]
    if idle or options.get("task", "classification") != "classification":
        name = idle[0] if idle else "task"
        raise ValueError(
            f"The recipe zero-label tells classes, and learns from no label: "
            f"{name}={options[name]!r} must be left out."
        )
    fusion = make_fusion(**options)
    texts = {
        column: view
        for view, part, column in getattr(fusion[0], "transformers", ())
        if isinstance(part, WordFeatures) or "text" in (view, getattr(part, "modality", ""))
        if isinstance(column, str)
    }
    if not texts:
        raise ValueError(
            "The recipe zero-label reads texts, and no view is one. Name their column, as in "
            "text='COLUMN' (--text COLUMN); features alone hold no words."
        )
    classify = ZeroLabelClassifier(columns=list(texts), use_labels=False)
    if learn_from_views:
        return Pipeline([("classify", classify.set_params(learn_from_views=fusion))])
    kept = [(view, "passthrough", [column]) for column, view in texts.items()]
    features = ColumnTransformer(kept, verbose_feature_names_out=False)
    return Pipeline([("features", features.set_output(transform="pandas")), ("classify", classify)])
