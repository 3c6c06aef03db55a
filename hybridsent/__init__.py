"""Transfer learning for cross-modal sentiment analysis, as scikit-learn.

Frozen pretrained encoders turn text, images and sound into features; scikit-learn transformers
bring them into one space; linear or boosted classifiers decide. Importing this package loads none
of torch, transformers, xgboost or opensmile: names are imported when used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names
from hybridsent._version import __version__

if TYPE_CHECKING:
    from hybridsent._plugins import load_plugin
    from hybridsent.datasets import detect_modalities, make_demo, read_table
    from hybridsent.encoders import AudioEncoder, ImageEncoder, TextEncoder, list_backbones
    from hybridsent.evaluation import evaluate
    from hybridsent.fusion import make_features, make_fusion
    from hybridsent.media import Modality, register_modality
    from hybridsent.persist import load, save
    from hybridsent.store import FeatureStore

_HOMES = {
    "AudioEncoder": "hybridsent.encoders",
    "FeatureStore": "hybridsent.store",
    "ImageEncoder": "hybridsent.encoders",
    "Modality": "hybridsent.media",
    "TextEncoder": "hybridsent.encoders",
    "detect_modalities": "hybridsent.datasets",
    "evaluate": "hybridsent.evaluation",
    "list_backbones": "hybridsent.encoders",
    "load": "hybridsent.persist",
    "load_plugin": "hybridsent._plugins",
    "make_demo": "hybridsent.datasets",
    "make_features": "hybridsent.fusion",
    "make_fusion": "hybridsent.fusion",
    "read_table": "hybridsent.datasets",
    "register_modality": "hybridsent.media",
    "save": "hybridsent.persist",
}

__all__ = [  # noqa: RUF022 - sorted by what a reader looks for first
    "TextEncoder",
    "ImageEncoder",
    "AudioEncoder",
    "list_backbones",
    "make_features",
    "make_fusion",
    "evaluate",
    "save",
    "load",
    "FeatureStore",
    "load_plugin",
    "read_table",
    "detect_modalities",
    "make_demo",
    "Modality",
    "register_modality",
    "__version__",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
