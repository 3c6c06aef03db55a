"""Features of openSMILE are those of the library itself, whatever thread computes them."""

from __future__ import annotations

import warnings

import numpy as np
import opensmile
import pytest
from tiny import waves

from hybridsent import AudioEncoder
from hybridsent.encoders import get_backbone
from hybridsent.encoders._network import Options
from hybridsent.encoders._opensmile import _SHORTEST
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
