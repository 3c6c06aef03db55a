"""Changes of a text that leave its sentiment alone (layer L4).

nlpaug and textattack bring models and word lists of English; EDA's own code (Wei & Zou, 2019) cuts
at blanks. Here a text is cut into words, signs of scripts without blanks, emoji and all else, by
the rules of the cleaning, so that it works in any language; and words that turn a sentence round
are never left out, moved or misspelt.

References: Wei, Zou: EDA, EMNLP 2019 (deletion, swap). Belinkov, Bisk: Synthetic and natural noise
both break neural machine translation, ICLR 2018 (keyboard, swapped letters).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hybridsent.augment._augmentation import Augmentation, Change
from hybridsent.media._rewrite import EMOJI, KEPT_WHOLE, UNSPACED
from hybridsent.media.text import decode_text

__all__ = ["PROTECTED", "TEXT_CHANGES"]

PROTECTED = frozenset(
    word
    for line in (
        "not no never none nor nothing nobody nowhere neither without cannot cant dont doesnt",
        "didnt wont wouldnt shouldnt couldnt isnt arent wasnt werent hasnt havent hadnt aint",
        "hardly barely scarcely rarely seldom few little less least but however although though",
        "yet unless nicht kein keine keinen keiner keinem nie niemals nichts niemand ohne kaum",
        "aber ne pas jamais rien personne aucun aucune sans mais nunca jamás nada nadie ningún",
        "ninguna ninguno sin tampoco pero non mai niente nessuno nessuna senza ma não nem",
        "nenhum nenhuma sem mas niet geen nooit niets zonder maar inte ikke ej aldrig aldri",
        "utan uden nigdy bez ale не нет ни никогда ничего никто без но değil yok hiç ama tidak",
        "bukan tak jangan tapi لا لم لن ليس ما غير नहीं न मत לא אין 안 못",
    )
    for word in line.split()
)
"""Words that turn a sentence round, in languages that our corpora are in."""

_PROTECTED_SIGNS = frozenset("不没沒未无無非别別勿莫否但ไม่")
_WORD = rf"[^\W{UNSPACED}]+(?:['’-][^\W{UNSPACED}]+)*"
_PARTS = re.compile(
    rf"(?P<whole>{KEPT_WHOLE})|(?P<emoji>{EMOJI})|(?P<sign>[{UNSPACED}])|(?P<word>{_WORD})"
    r"|(?P<rest>\s+|.)",
    re.DOTALL,
)
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEUTRAL = ("📌", "📷", "🔹", "🗓", "📝", "🔎")  # emoji that say no mood
_LONG = re.compile(r"([^\W\d_])\1{2,}")


class _Part(NamedTuple):
    """A piece of a text; all together are the text."""

    kind: str
    text: str


def _parts(text: str) -> list[_Part]:
    return [_Part(str(found.lastgroup), found.group()) for found in _PARTS.finditer(text)]


def _joined(parts: list[_Part]) -> str:
    return "".join(part.text for part in parts)


def _is_protected(part: _Part) -> bool:
    if part.kind == "sign":
        return part.text in _PROTECTED_SIGNS
    word = part.text.casefold().replace("’", "'")
    return word in PROTECTED or word.endswith("n't") or word.replace("'", "") in PROTECTED


def _free(parts: list[_Part], kinds: tuple[str, ...] = ("word", "sign")) -> list[int]:
    """Give the places of words that may be changed."""
    return [i for i, part in enumerate(parts) if part.kind in kinds and not _is_protected(part)]


def _chosen(free: list[int], rng: np.random.Generator, share: float, most: int) -> list[int]:
    """Draw as many places as the share says, one at least."""
    n = min(most, max(1, int(rng.binomial(len(free), min(1.0, share))))) if free else 0
    return sorted(rng.permutation(free)[:n].tolist()) if n > 0 else []


def delete(text: str, rng: np.random.Generator, strength: float) -> str:
    """Leave out each word with a probability; one at least goes, and one at least stays."""
    parts = _parts(text)
    words = [i for i, part in enumerate(parts) if part.kind in ("word", "sign", "emoji", "whole")]
    for i in reversed(_chosen(_free(parts), rng, strength, len(words) - 1)):
        del parts[i]
        blank = parts[i - 1 : i + 1] if i else parts[:1]
        if blank and all(part.text.isspace() for part in blank):
            del parts[max(i - 1, 0)]  # one of the two blanks around it
    return _joined(parts).strip() or text


def swap(text: str, rng: np.random.Generator, strength: float) -> str:
    """Let words change places, two by two."""
    parts = _parts(text)
    free = _free(parts)
    if len(free) < 2:
        return text
    for _ in range(max(1, int(rng.binomial(len(free), min(1.0, strength))))):
        one, other = rng.choice(free, 2, replace=False).tolist()
        parts[one], parts[other] = parts[other], parts[one]
    return _joined(parts)


def spell(text: str, rng: np.random.Generator, strength: float) -> str:
    """Misspell words: a key beside, two letters turned, one left out or doubled."""
    parts = _parts(text)
    free = [i for i in _free(parts, ("word",)) if len(parts[i].text) > 3]
    for i in _chosen(free, rng, strength, len(free)):
        parts[i] = _Part("word", _misspelt(parts[i].text, rng))
    return _joined(parts)


def _misspelt(word: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(1, len(word) - 1))  # the first and the last letter are read best
    how = int(rng.integers(4))
    if how == 0 and (beside := _beside(word[at])):
        return word[:at] + beside[int(rng.integers(len(beside)))] + word[at + 1 :]
    if how == 1:
        return word[:at] + word[at + 1 :]
    if how == 2:
        return word[:at] + word[at] + word[at:]
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _beside(letter: str) -> str:
    for row in _KEYS:
        at = row.find(letter.lower())
        if at >= 0:
            found = row[max(at - 1, 0) : at] + row[at + 1 : at + 2]
            return found.upper() if letter.isupper() else found
    return ""


def emoji(text: str, rng: np.random.Generator, strength: float) -> str:
    """Say an emoji once more, or once less; where there is none, add one that says no mood."""
    parts = _parts(text)
    there = [i for i, part in enumerate(parts) if part.kind == "emoji"]
    for _ in range(max(1, round(strength))):
        if not there:
            return f"{text.rstrip()} {_NEUTRAL[int(rng.integers(len(_NEUTRAL)))]}"
        i = there[int(rng.integers(len(there)))]
        again = sum(part.text == parts[i].text for part in parts) > 1
        if again and rng.random() < 0.5:
            del parts[i]
        else:
            parts.insert(i, parts[i])
        there = [i for i, part in enumerate(parts) if part.kind == "emoji"]
    return _joined(parts)


def case(text: str, rng: np.random.Generator, strength: float) -> str:
    """Write the text in small letters, or some of its words in capitals."""
    if rng.random() < 0.5 and text != text.lower():
        return text.lower()
    parts = _parts(text)
    free = _free(parts, ("word",))
    for i in _chosen(free, rng, strength, len(free)):
        parts[i] = _Part("word", parts[i].text.upper())
    return _joined(parts)


def elongate(text: str, rng: np.random.Generator, strength: float) -> str:
    """Draw words out (sooo), or shorten those that are."""
    if _LONG.search(text) and rng.random() < 0.5:
        return _LONG.sub(r"\1\1", text)
    parts = _parts(text)
    free = [i for i in _free(parts, ("word",)) if parts[i].text[-1].isalpha()]
    for i in _chosen(free, rng, strength, len(free)):
        word = parts[i].text
        vowels = [k for k, letter in enumerate(word) if letter.lower() in "aeiouy"]
        at = vowels[-1] if vowels else len(word) - 1
        parts[i] = _Part("word", word[:at] + word[at] * int(rng.integers(2, 5)) + word[at:])
    return _joined(parts)


def _read(cell: Any) -> str:
    return str(cell) if isinstance(cell, str) else decode_text(bytes(cell))


def _write(content: str, cell: Any) -> Any:
    return content if isinstance(cell, str) else content.encode()


def _whole(function: Callable[..., str]) -> Callable[..., str]:
    """Never give a text that shows nothing."""

    def told(text: str, rng: np.random.Generator, strength: float) -> str:
        found = function(text, rng, strength)
        return found if found.strip() else text

    return told


TEXT_CHANGES = Augmentation(
    changes={
        "delete": Change(_whole(delete), 0.1, "share of the words that are left out"),
        "swap": Change(_whole(swap), 0.1, "share of the words that change places"),
        "spell": Change(_whole(spell), 0.1, "share of the words that are misspelt"),
        "emoji": Change(_whole(emoji), 1.0, "emoji that are said again, or once less"),
        "case": Change(_whole(case), 0.1, "share of the words in capitals, or all small"),
        "elongate": Change(_whole(elongate), 0.1, "share of the words that are drawn out"),
    },
    default=("swap",),  # none helps, and all others cost more (measured by benchmarks/augment.py)
    read=_read,
    write=_write,
)
"""What changes a text."""
