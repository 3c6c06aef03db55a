"""Co-training: views teach one another the rows that they are sure of.

Each view has a classifier; what one is sure of about a row without a label, the others learn from.

Task: labels of posts with text, image or sound, of which few have a label, and many have none.
Data: MVSA-Single, 4,000 posts of text and image, three classes.
Score: two draws, which tell nothing of it; see docs/semi_supervised.md.
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion
from hybridsent.few_label import CoTrainingClassifier, LabeledOnly

GRID = {
    "classify__n_rounds": [10, 30],
    "classify__combine": ["product", "mean"],
}


def build(*, random_state: int = 0, **options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    if options.get("task") == "regression":
        raise ValueError(
            "The recipe co-training must be of classes, or sets of labels: a number says nothing "
            "of how sure it is. Got task='regression'; the recipe label-spreading learns numbers."
        )
    model = make_fusion("late", random_state=random_state, **options)
    name = "classify__estimator" if options.get("task") == "multilabel" else "classify"
    late = model.get_params()[name]
    if isinstance(late, LabeledOnly):  # of what adapts: here the other rows teach, too
        late = late.estimator
    made = CoTrainingClassifier(late.estimator, random_state=random_state)
    return model.set_params(**{name: made})
