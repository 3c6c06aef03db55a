"""Fine-tuning: a backbone and a few labels become a new backbone (layer L4).

`finetune` trains an encoder's network through the very code that encodes (same reading, same
preprocessing, same pooling) and gives a `FineTuned`: a new registered backbone with a fingerprint
of its own, in a folder that `TextEncoder("tuned:FOLDER")` and its siblings load.
`FineTunedEncoder` is the same inside of each fold, `finetune_views` tunes several views together.
No library serves:
setfit and sentence-transformers tune sentences alone, and neither gives back something that the
feature store can tell from the frozen network.
"""

from hybridsent.finetune._encoder import FineTunedEncoder
from hybridsent.finetune._finetune import finetune
from hybridsent.finetune._result import FineTuned
from hybridsent.finetune._views import finetune_views

__all__ = ["FineTuned", "FineTunedEncoder", "finetune", "finetune_views"]
