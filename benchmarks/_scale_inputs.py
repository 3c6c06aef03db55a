"""What is scored at scale: many short texts, pictures, rows of ready features, and models of them.

No cell occurs twice, so that nothing is saved by the store or by finding equal cells.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

N_VIEW = 32
"""Floats of each view of ready features."""


def corpus() -> list[str]:
    """Give sentences: of the public corpora where they are, else made ones."""
    folder = os.environ.get("HYBRIDSENT_DATA")
    if folder and (Path(folder) / "text" / "table.csv").exists():
        import pandas as pd

        table = pd.read_csv(Path(folder) / "text" / "table.csv").dropna(subset=["text"])
        return [str(text) for text in table["text"][table["task"].isin(["sst2", "cr"])]]
    from hybridsent.datasets import make_demo

    return [str(text) for text in make_demo(2000, random_state=0)["text"]]


def write_texts(path: Path, n: int) -> None:
    """Write distinct short texts: spans of 3 to 8 words, two of them joined where one is known."""
    words = [sentence.split() for sentence in corpus()]
    words = [each for each in words if len(each) > 3]
    rng = np.random.default_rng(0)

    def span() -> str:
        line = words[rng.integers(len(words))]
        length = int(rng.integers(3, 9))
        start = int(rng.integers(max(1, len(line) - length + 1)))
        return " ".join(line[start : start + length]).replace('"', "")

    found: dict[str, None] = {}
    while len(found) < n:
        text = span()
        found[text if text not in found else f"{text}, {span()}"] = None
    import pandas as pd

    pd.DataFrame({"id": np.arange(n), "text": list(found)}).to_csv(path, index=False)


def write_images(path: Path, n: int) -> None:
    """Write distinct small pictures, and the table that names them."""
    import pandas as pd
    from PIL import Image

    rng = np.random.default_rng(0)
    folder = path.parent / "pictures"
    folder.mkdir(exist_ok=True)
    for i in range(n):
        coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((96, 96)).save(folder / f"{i}.png")
    names = [f"pictures/{i}.png" for i in range(n)]
    pd.DataFrame({"id": np.arange(n), "image": names}).to_csv(path, index=False)


def feature_block(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Draw rows of two views, and labels that both tell of."""
    label = rng.integers(0, 2, n)
    columns = {
        f"{view}__{i}": rng.normal(0.2 * label, 1.0).astype(np.float32)
        for view in ("text", "image")
        for i in range(N_VIEW)
    }
    return {**columns, "label": label}


def write_features(path: Path, n: int) -> None:
    """Write rows of ready features, 50,000 to a row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    writer = None
    for start in range(0, n, 50_000):
        block = feature_block(rng, min(50_000, n - start))
        del block["label"]
        ids = np.arange(start, start + len(block["text__0"]))
        table = pa.table({"id": ids, **block})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def write_model(path: Path, kind: str) -> None:
    """Fit a small model of this kind of rows, and save it."""
    import pandas as pd

    from hybridsent import make_fusion, save

    rng = np.random.default_rng(2)
    if kind == "features":
        table = pd.DataFrame(feature_block(rng, 2000))
        labels = np.where(table.pop("label") == 1, "positive", "negative")
        save(make_fusion("late", features="passthrough").fit(table, labels), path)
        return
    n = 200
    source = path.parent / f"few-{kind}" / "table.csv"
    source.parent.mkdir(exist_ok=True)
    WRITE[kind](source, n)
    table = pd.read_csv(source).drop(columns="id")
    if kind == "image":
        table["image"] = [str(source.parent / name) for name in table["image"]]
    views = {"text": {"text": "text/minilm-l6"}, "image": {"image": True}}[kind]
    labels = np.where(rng.random(n) < 0.5, "positive", "negative")
    save(make_fusion("early", store=None, **views).fit(table, labels), path)


WRITE = {"text": write_texts, "image": write_images, "features": write_features}
SUFFIX = {"text": ".csv", "image": ".csv", "features": ".parquet"}
