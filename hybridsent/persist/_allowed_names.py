"""The names themselves: what a bundle may hold, and what nobody may add (layer L5).

Data only; `hybridsent.persist._trust` says how they are used. Every line is a module and the names
allowed in it, exact.
"""

from __future__ import annotations

import numpy as np


def read_table(table: str) -> frozenset[str]:
    """Read lines of ``module: name name`` (indented lines continue) as full names.

    Examples
    --------
    >>> sorted(read_table("a.b: C D"))
    ['a.b.C', 'a.b.D']
    """
    names: set[str] = set()
    module = ""
    for word in table.split():
        if word.endswith(":"):
            module = word[:-1]
        else:
            names.add(f"{module}.{word}")
    return frozenset(names)


# Public modules whose estimators may be in a bundle; only what their ``__all__`` names counts.
HYBRIDSENT_MODULES = (
    "hybridsent.alignment",
    "hybridsent.devices",
    "hybridsent.encoders",
    "hybridsent.augment",
    "hybridsent.few_label",
    "hybridsent.finetune",
    "hybridsent.fusion",
    "hybridsent.heads",
    "hybridsent.lexical",
    "hybridsent.meta",
    "hybridsent.missing",
    "hybridsent.scaling",
    "hybridsent.transfer",
    "hybridsent.weak",
)
# Parts of scikit-learn in which it lists no estimators (sklearn.utils.all_estimators).
SKLEARN_UNLISTED = frozenset(
    {"tests", "externals", "setup", "conftest", "experimental", "estimator_checks"}
)
# Modules of ours that were others in files saved before.
MOVED_MODULES = {"hybridsent._views": "hybridsent.views"}
# Functions of ours that a FunctionTransformer may hold; add a name here when a pipeline needs it.
HYBRIDSENT_FUNCTIONS = read_table(
    "hybridsent.views: domain_column domain_names plain_texts rename_feature"
)

# Instances, beside every public estimator of scikit-learn.
OBJECTS = read_table("""
    hybridsent.fusion._columns: FeatureColumns
    hybridsent.weak._functions: LabelingFunction
    hybridsent.weak._ready: Emoji Number Rating Vader Words
    hybridsent.weak._ready_text: Lexicon
    hybridsent.weak._reliability: FixedReliability
    sklearn._loss.link: HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit
    sklearn._loss.loss: AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss
        HalfMultinomialLoss HalfPoissonLoss HalfSquaredError HuberLoss PinballLoss
    sklearn.calibration: _CalibratedClassifier _SigmoidCalibration _TemperatureScaling
    sklearn.compose._column_transformer: make_column_selector _RemainderColsList
    sklearn.ensemble._hist_gradient_boosting.binning: _BinMapper
    sklearn.ensemble._hist_gradient_boosting.predictor: TreePredictor
    sklearn.gaussian_process._gpc: _BinaryGaussianProcessClassifierLaplace
    sklearn.gaussian_process.kernels: CompoundKernel ConstantKernel DotProduct Exponentiation
        ExpSineSquared Matern PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel
    sklearn.metrics._scorer: _CurveScorer _MultimetricScorer _PassthroughScorer _Scorer
    sklearn.model_selection._split: GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut
        LeavePGroupsOut LeavePOut PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit
        StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit
    sklearn.multiclass: _ConstantPredictor
    sklearn.neural_network._stochastic_optimizers: AdamOptimizer SGDOptimizer
    sklearn.utils._metadata_requests: MetadataRequest MethodMetadataRequest
    skrub._datetime_encoder: DatetimeEncoder _CircularEncoder
    skrub._squashing_scaler: SquashingScaler _MinMaxScaler
    skrub._string_encoder: StringEncoder
    skrub._to_str: ToStr
    xgboost.sklearn: XGBClassifier XGBRegressor XGBRFClassifier XGBRFRegressor XGBRanker
""")

# Functions, beside the metrics behind scikit-learn's named scorers and numpy's and scipy's ufuncs.
FUNCTIONS = read_table("""
    sklearn.feature_selection._univariate_selection: f_classif f_oneway f_regression r_regression
        chi2
    sklearn.feature_selection._mutual_info: mutual_info_classif mutual_info_regression
""")
UFUNC_MODULES = frozenset(
    {
        "numpy",
        "numpy._core._multiarray_umath",
        "numpy._core.umath",
        "scipy.special",
        "scipy.special._special_ufuncs",
        "scipy.special._ufuncs",
    }
)

_ARRAYS = frozenset(
    f"numpy.{kind.__name__}" for kind in np.sctypeDict.values() if kind not in (np.object_, np.void)
)
# bool("False") is True, so keys of that type would come back wrong.
KEY_TYPES = read_table("builtins: str int float") | (_ARRAYS - {"numpy.bool"})

# What the other kinds of skops nodes may name. A kind that is not here is never read: those kinds
# call, bind or look up things, and no pipeline of ours needs them.
PER_KIND = {
    "BytesNode": read_table("builtins: bytes"),
    "DTypeNode": read_table("numpy: dtype"),
    "DictNode": read_table("builtins: dict collections: OrderedDict sklearn.utils._bunch: Bunch"),
    "JsonNode": read_table("builtins: str"),
    "ListNode": read_table("builtins: list"),
    "LossNode": read_table("""
        sklearn._loss._loss: CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss
            CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss
            CyHalfTweedieLossIdentity CyHuberLoss CyPinballLoss
        sklearn.linear_model._sgd_fast: EpsilonInsensitive Hinge Huber Log ModifiedHuber
            SquaredEpsilonInsensitive SquaredHinge SquaredLoss
    """),
    "MaskedArrayNode": read_table("numpy.ma: MaskedArray numpy.ma.core: MaskedArray"),
    "NdArrayNode": _ARRAYS | read_table("numpy: ndarray"),
    "RandomGeneratorNode": read_table("numpy.random._generator: Generator"),
    "RandomStateNode": read_table("numpy.random.mtrand: RandomState"),
    "SetNode": read_table("builtins: set"),
    "SliceNode": read_table("builtins: slice"),
    "SparseMatrixNode": read_table("""
        scipy.sparse._csr: csr_array csr_matrix
        scipy.sparse._csc: csc_array csc_matrix
    """),
    "TreeNode": read_table("sklearn.tree._tree: Tree"),
    "TupleNode": read_table("builtins: tuple"),
    "TypeNode": KEY_TYPES | read_table("builtins: bool numpy: bool"),
}

# Roots that `trusted` may not name, beside the whole standard library: what they hold runs code,
# unpickles, reads files, or hides one of these behind another name.
NEVER_ROOTS = frozenset(
    {
        *("cffi", "cloudpickle", "cython", "dask", "dill", "distributed", "fabric", "invoke"),
        *("ipykernel", "IPython", "joblib", "jsonpickle", "numexpr", "pexpect", "pip"),
        *("pkg_resources", "pytest", "_pytest", "ray", "safetensors", "setuptools", "sh", "skops"),
        *("torch", "torchvision", "transformers"),
    }
)
NEVER_NAMES = read_table("""
    numpy: load fromfile loadtxt genfromtxt memmap save savetxt apply_along_axis apply_over_axes
        fromfunction frompyfunc vectorize piecewise
    numpy.lib._npyio_impl: load loadtxt genfromtxt save savetxt
    pandas: eval read_pickle
    pandas.core.computation.eval: eval
    pandas.io.pickle: read_pickle
    sklearn.neighbors._ball_tree: BallTree
    sklearn.neighbors._kd_tree: KDTree
    xgboost.core: Booster
""")
