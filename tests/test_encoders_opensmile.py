"""Features of openSMILE are those of the library itself, whatever thread computes them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import opensmile
import pytest
from tiny import waves

from hybridsent import AudioEncoder
from hybridsent.encoders import _opensmile_engine, get_backbone
from hybridsent.encoders._network import Options
from hybridsent.encoders._opensmile import _SHORTEST
from hybridsent.encoders._opensmile_config import SINK, lean_config
from hybridsent.encoders._opensmile_engine import Engines, _Engine, _EngineError
from hybridsent.encoders._runtime import release_networks
from hybridsent.exceptions import CellError, UnknownBackboneError

LLD = "opensmile:eGeMAPSv02/LowLevelDescriptors"


def encode(model: str, cells: list, **parameters) -> np.ndarray:
    return AudioEncoder(model, store=None, device="cpu", **parameters).fit_transform(cells)


def direct(feature_set: str, level: str, wave: np.ndarray) -> np.ndarray:
    smile = opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel[level])
    return smile.process_signal(wave, 16_000).to_numpy()


@pytest.mark.parametrize(
    ("model", "feature_set"),
    [("audio/egemaps-v02", "eGeMAPSv02"), ("audio/compare-2016", "ComParE_2016")],
)
def test_functionals_are_exactly_opensmiles(model, feature_set):
    cells = waves(1.3)
    X = encode(model, cells)
    np.testing.assert_array_equal(X, direct(feature_set, "Functionals", cells[0][0]))
    np.testing.assert_array_equal(X, encode(f"opensmile:{feature_set}", cells))


@pytest.mark.parametrize("pooling", ["auto", "mean", "max"])
def test_descriptors_are_pooled_over_time(pooling):
    cells = waves(1.3)
    frames = direct("eGeMAPSv02", "LowLevelDescriptors", cells[0][0]).astype(float)
    expected = {
        "auto": np.r_[frames.mean(0), frames.std(0)],
        "mean": frames.mean(0),
        "max": frames.max(0),
    }[pooling]
    encoder = AudioEncoder(LLD, store=None, pooling=pooling).fit(cells)
    assert encoder.n_features_out_ == len(expected)
    X = encoder.transform(cells)
    np.testing.assert_allclose(X[0], expected, rtol=1e-6)
    assert encoder.transform([None]).shape == X.shape  # the width is known without a row at hand
    np.testing.assert_array_equal(encode(LLD, cells, pooling=pooling, steps=1), X)


def test_steps_cut_a_clip_in_time():
    [(wave, rate)] = waves(2.0)
    X = encode("audio/egemaps-v02", [(wave, rate)], steps=2).reshape(2, 88)
    for row, half in zip(X, np.split(wave, 2), strict=True):
        np.testing.assert_array_equal(row[None], direct("eGeMAPSv02", "Functionals", half))
    frames = direct("eGeMAPSv02", "LowLevelDescriptors", wave).astype(float)
    Y = encode(LLD, [(wave, rate)], steps=2, pooling="mean").reshape(2, -1)
    half = -(
        -len(frames) // 2
    )  # an odd frame in the middle belongs to both, as in adaptive pooling
    np.testing.assert_allclose(Y, [frames[:half].mean(0), frames[-half:].mean(0)], rtol=1e-6)


def test_beyond_full_scale_does_not_wrap_around():
    [(wave, rate)] = waves(1.0)
    loud = (5 * wave).astype(np.float32)
    assert np.abs(loud).max() > 1.5
    clipped = np.clip(loud, -1, 1 - 2**-15)
    np.testing.assert_array_equal(
        encode("audio/egemaps-v02", [(loud, rate)]), encode("audio/egemaps-v02", [(clipped, rate)])
    )


def test_threads_give_the_values_of_one_thread():
    cells = waves(*[0.3 + 0.05 * i for i in range(8)])
    one = encode("audio/egemaps-v02", cells, n_jobs=1)
    np.testing.assert_array_equal(one, encode("audio/egemaps-v02", cells, n_jobs=4))
    np.testing.assert_array_equal(one[::-1], encode("audio/egemaps-v02", cells[::-1], n_jobs=3))


def test_too_short_is_a_broken_cell():
    [(wave, rate)] = waves(0.06)
    with pytest.raises(CellError, match=r"row 0, column 'audio'.*0.060 s is too short.*0.07 s"):
        encode("audio/egemaps-v02", [(wave, rate)])
    with pytest.raises(CellError, match="fewer steps"):
        encode("audio/egemaps-v02", waves(0.3), steps=20)


@pytest.mark.parametrize("level", ["Functionals", "LowLevelDescriptors"])
def test_the_shortest_accepted_clip_has_features(level):
    exact = [waves(0.2)[0][0][:_SHORTEST]]
    assert np.isfinite(encode(f"opensmile:ComParE_2016/{level}", [(exact[0], 16_000)])).all()


@pytest.mark.parametrize("feature_set", sorted(opensmile.FeatureSet.__members__))
def test_every_set_resolves(feature_set):
    backbone = get_backbone(f"opensmile:{feature_set}", "audio")
    assert backbone.name == f"opensmile:{feature_set}/Functionals"
    assert backbone.commercial_use is False
    assert feature_set in backbone.digest()


def test_a_deprecated_set_warns_once_with_its_successor():
    release_networks()
    cells = waves(0.3, 0.4, 0.5)
    encoder = AudioEncoder("opensmile:eGeMAPS", store=None, n_jobs=2)
    with pytest.warns(UserWarning, match="deprecated, consider switching") as caught:
        X = encoder.fit(cells).transform(cells)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(encoder.transform(cells), X)


@pytest.mark.parametrize("rest", ["", "eGeMAPSv99", "eGeMAPSv02/Sums", "egemapsv02", "a/b/c"])
def test_unknown_set_or_level(rest):
    with pytest.raises(UnknownBackboneError, match=r"eGeMAPSv02.*LowLevelDescriptors") as caught:
        get_backbone(f"opensmile:{rest}", "audio")
    assert repr(rest) in str(caught.value)


def test_a_level_that_the_set_lacks():
    with pytest.raises(UnknownBackboneError, match="use the level LowLevelDescriptors"):
        encode("opensmile:eGeMAPSv02/LowLevelDescriptors_Deltas", waves(0.3))


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [
        ("audio/egemaps-v02", {"pooling": "mean"}, "pooling parameter"),
        (LLD, {"pooling": "cls"}, "pooling parameter"),
        (LLD, {"layer": 1}, "layer parameter"),
    ],
)
def test_options_that_opensmile_cannot_serve(model, parameters, message):
    with pytest.raises(ValueError, match=message):
        encode(model, waves(0.3), **parameters)


def test_only_sound():
    with pytest.raises(UnknownBackboneError, match="reads audio"):
        get_backbone("opensmile:eGeMAPSv02", "text")


def test_the_fingerprint_tells_sets_levels_and_options_apart():
    made = {
        AudioEncoder(model, **parameters).fingerprint()
        for model in ("audio/egemaps-v02", "audio/compare-2016", LLD)
        for parameters in ({}, {"steps": 2}, {"n_jobs": 2, "store": None, "batch_size": 3})
    }
    assert len(made) == 6  # threads, store and batches do not count
    assert Options() == Options("auto", -1, None, None)


# -- engines that serve many clips

SECONDS = (0.9, _SHORTEST / 16_000, 1.7, 0.3)
DEPRECATED = "ignore:.*deprecated, consider switching:UserWarning"


def smile_of(feature_set: str, level: str = "Functionals") -> opensmile.Smile:
    return opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel[level])


def clips(n: int = len(SECONDS)) -> list[np.ndarray]:
    made = [wave for wave, _ in waves(*[SECONDS[i % len(SECONDS)] + i / 100 for i in range(n)])]
    made[-1] = made[-1] * np.float32(0)  # silence takes other branches
    return made


def plain(smile: opensmile.Smile, wave: np.ndarray) -> np.ndarray:
    return smile(wave[None], 16_000)[0].T


def same(a: np.ndarray | None, b: np.ndarray) -> bool:
    """Equal to the bit: -0.0 is not 0.0."""
    return (
        a is not None and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    )


@pytest.mark.filterwarnings(DEPRECATED)
@pytest.mark.parametrize("level", sorted(opensmile.FeatureLevel.__members__))
@pytest.mark.parametrize("feature_set", sorted(opensmile.FeatureSet.__members__))
def test_one_engine_gives_the_bits_of_a_new_engine_per_clip(feature_set, level):
    try:
        smile = smile_of(feature_set, level)
    except ValueError:  # as test_a_level_that_the_set_lacks says
        assert "GeMAPS" in feature_set
        return
    engines = Engines(smile, 16_000)
    for wave in clips():
        assert same(engines.features(wave), plain(smile, wave)), len(wave)
    assert len(engines._idle) == 1


@pytest.mark.parametrize("feature_set", ["ComParE_2016", "eGeMAPSv02"])
def test_engines_pass_between_threads(feature_set):
    smile = smile_of(feature_set)
    engines = Engines(smile, 16_000)
    cells = clips(16)
    expected = [plain(smile, wave) for wave in cells]
    for n in (4, 2, 3):  # each pool has new threads
        with ThreadPoolExecutor(n) as pool:
            found = list(pool.map(engines.features, cells))
        assert all(map(same, found, expected))
        assert len(engines._idle) <= 4


def test_an_engine_that_fails_is_freed_and_the_plain_way_serves(monkeypatch):
    freed = count_freed(monkeypatch)
    cells = waves(0.4, 0.5)
    expected = encode("audio/egemaps-v02", cells)
    release_networks()
    gc.collect()
    freed.clear()
    whole = _Engine._do

    def broken(self, name, *arguments):
        if name == "run":
            raise _EngineError("broken")
        whole(self, name, *arguments)

    monkeypatch.setattr(_Engine, "_do", broken)
    np.testing.assert_array_equal(encode("audio/egemaps-v02", cells, n_jobs=1), expected)
    assert len(freed) == 1  # and none was built for the second clip
    release_networks()


def count_freed(monkeypatch) -> list:
    freed: list = []
    whole = _Engine.free
    monkeypatch.setattr(_Engine, "free", lambda self: (freed.append(id(self)), whole(self)))
    return freed


@pytest.mark.parametrize("text", ["", "[broken", "[componentInstances:cComponentManager]"])
def test_an_engine_that_cannot_be_built_is_tried_once(monkeypatch, text):
    asked = []
    monkeypatch.setattr(_opensmile_engine, "lean_config", lambda *_: asked.append(1) or f"{text}\n")
    release_networks()
    cells = waves(0.4, 0.5, 0.6)
    X = encode("audio/egemaps-v02", cells, n_jobs=1)
    release_networks()
    for row, (wave, _) in zip(X, cells, strict=True):
        np.testing.assert_array_equal(row[None], direct("eGeMAPSv02", "Functionals", wave))
    assert len(asked) == 1


def test_engines_are_freed_with_their_network(monkeypatch):
    freed = count_freed(monkeypatch)
    release_networks()
    gc.collect()
    freed.clear()
    encode("audio/egemaps-v02", waves(0.4, 0.5, 0.6), n_jobs=1)
    assert not freed
    release_networks()
    gc.collect()
    assert len(freed) == 1


def test_nothing_stays_in_the_temporary_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert Engines(smile_of("IS09"), 16_000).features(clips()[0]) is not None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_of_the_process_computes_the_same():
    code = """
import os, numpy as np
from tiny import waves
from hybridsent import AudioEncoder
cells = waves(0.4, 0.5, 0.6)
encoder = AudioEncoder("audio/egemaps-v02", store=None)
X = encoder.fit_transform(cells)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(encoder.transform(cells), X) else 3)
assert os.waitpid(child, 0)[1] == 0
assert np.array_equal(encoder.transform(cells), X)
"""
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "PYTHONPATH": f"{here}:{here.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_a_lean_configuration_keeps_what_leads_to_the_level(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "ring.inc").write_text("writer.levelconf.isRb = 1\n")
    (tmp_path / "source.inc").write_text("[wave:cSource]\nwriter.dmLevel=wave\n")
    (tmp_path / "sub" / "parts.inc").write_text(
        "[pitch:cPitch]\nreader.dmLevel = wave\nwriter.dmLevel = pitch\n"
        "\\{\\cm[mode{ring.inc}:how to keep it]}\n"
        "[jitter:cJitter]\nreader.dmLevel = wave\nF0reader.dmLevel = pitch\n"
        "writer.dmLevel = jitter\n\\{\\cm[mode]}\n"
    )
    main = tmp_path / "main.conf"
    main.write_text(
        "; instance[never].type=cNever\n/* \\{absent.inc}\n*/\n"
        "[componentInstances:cComponentManager]\ninstance[memory].type=cDataMemory\n"
        "instance[wave].type = cSource\ninstance[pitch].type=cPitch\n"
        "instance[jitter].type=cJitter\ninstance[sum].type=cSum\ninstance[join].type=cJoin\n"
        "\\{\\cm[source{?}:where sound comes from]}\n\\{sub/parts.inc}\n"
        "[sum:cSum]\nreader.dmLevel=pitch\nwriter.dmLevel=sum\n"
        "[join:cJoin]\nreader.dmLevel = jitter ; wave\nwriter.dmLevel = lld\n"
        "\\{\\cm[sink{?}:where features go]}\n"
    )
    files = {"source": tmp_path / "source.inc"}

    def components(level: str) -> set[str]:
        text = lean_config(main, level, files)
        assert "\\" not in text
        assert "never" not in text
        made = {line[9:].split("]")[0] for line in text.splitlines() if line.startswith("instance")}
        assert {"memory", SINK} <= made
        return made - {"memory", SINK, "hybridsent_join"}

    assert components("lld") == {"wave", "pitch", "jitter", "join"}
    assert components("sum") == {"wave", "pitch", "sum"}
    assert components("pitch") == {"wave", "pitch"}
    assert lean_config(main, "lld", files).count("isRb = 1") == 2
    assert files == {"source": tmp_path / "source.inc"}
