"""Make a small table of posts and run the whole path on it (layer L7)."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Any

from hybridsent._layout import shortened
from hybridsent.cli._console import columns, is_interactive, say
from hybridsent.cli._parser import number
from hybridsent.cli._picture import picture

LANGUAGES = ("en", "zh")
LEAST = 12  # rows; like the languages it stands here, too, as `make_demo` is imported late
NEW = 0.15  # share of rows kept aside, to be predicted at the end


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "--folder",
        default="hybridsent-demo",
        help="where table, media and model are written (default: hybridsent-demo)",
    )
    parser.add_argument(
        "--rows", type=number(LEAST), default=240, help="rows of the table (default: 240)"
    )
    parser.add_argument("--seed", type=number(0), default=0, help="seed of the table (default: 0)")
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default="en",
        help="language of the texts: en (English, default) or zh (Chinese)",
    )
    parser.add_argument(
        "--video",
        action="store_true",
        help="write short clips in place of pictures and sounds",
    )


def run(arguments: argparse.Namespace) -> None:
    """Make the data, evaluate, fit, save, load and predict."""
    from hybridsent.datasets import make_demo
    from hybridsent.evaluation import evaluate
    from hybridsent.fusion import make_fusion
    from hybridsent.persist import load, save

    start = time.perf_counter()
    table = make_demo(
        arguments.rows,
        arguments.seed,
        arguments.folder,
        language=arguments.language,
        video=arguments.video,
    )
    folder = Path(arguments.folder)
    print(f"1. A table of {len(table)} posts: {folder / 'table.csv'}\n")
    print(_beginning(table))

    text = _reader(arguments.language)
    make = partial(make_fusion, text=text, verbose=is_interactive())
    model = make(video=True) if arguments.video else make(image=True, audio=True)
    print(f"\n2. A model over its three modalities:\n\n{picture(model)}\n")

    known = table.iloc[: int(len(table) * (1 - NEW))]
    new = table.iloc[len(known) :]
    print(
        f"3. Five-fold cross-validation on {len(known)} of the "
        f"posts:\n\n{evaluate(model, known, 'label')}\n"
    )

    path = save(
        model.fit(known, known["label"].to_numpy(dtype=object)), folder / "model.hybridsent"
    )
    print(
        f"4. Fitted, and saved without weights or code: {path} ({path.stat().st_size / 1e6:.1f} "
        "MB)\n"
    )
    print(
        f"5. Loaded again, it predicts the {len(new)} posts it has not "
        f"seen:\n\n{_guesses(load(path), new)}\n"
    )
    print(f"Done in {time.perf_counter() - start:.0f} s. Next, with a table of your own:\n")
    print("   hybridsent evaluate TABLE --target COLUMN")


def _beginning(table: Any) -> str:
    """Show the first posts, with texts that fit into a line."""
    from hybridsent.datasets import media_columns

    folders = {name: Path(table[name].dropna().iloc[0]).parent for name in media_columns(table)}
    shown = table.head(4).assign(**{name: f"{each.name}/…" for name, each in folders.items()})
    rows = [[_short(cell) for cell in row] for row in shown.itertuples(index=False)]
    return columns([list(shown.columns), *rows])


def _reader(language: str) -> bool | str:
    """Name what reads texts of a language: the default encoder, or what is there for any."""
    from hybridsent.encoders import get_backbone
    from hybridsent.encoders._registry import LEARNED, MULTILINGUAL

    if language == "en":
        return True
    if get_backbone(MULTILINGUAL).ready:
        return MULTILINGUAL
    words = next(iter(LEARNED))
    say(
        f"{MULTILINGUAL}, which reads any language, is not on this machine; {words} reads the "
        'texts instead. For better scores: pip install "hybridsent[multilingual]"'
    )
    return words


def _guesses(model: Any, new: Any) -> str:
    sure = model.predict_proba(new).max(axis=1)
    guessed = model.predict(new)
    right = float((guessed == new["label"].to_numpy(dtype=object)).mean())
    rows = [["text", "prediction", "sure", "truth"]]
    for text, guess, p, truth in zip(new["text"], guessed, sure, new["label"], strict=True):
        rows.append([_short(text), guess, f"{p:.2f}", truth])
    return columns(rows[:7]) + f"\n… {right:.0%} of {len(new)} right"


def _short(text: Any) -> str:
    words = text if isinstance(text, str) else "(no text)"
    return shortened(words, 48)
