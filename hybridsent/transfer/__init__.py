"""Transfer from a source domain to a target domain: instances, features, models (layer L3)."""

from hybridsent.transfer._adapter import BaseAdapter
from hybridsent.transfer._adversarial import DomainAdversarialClassifier
from hybridsent.transfer._augmentation import FeatureAugmentation
from hybridsent.transfer._balanced import BalancedWeights
from hybridsent.transfer._continued_classifier import ContinuedBoostingClassifier
from hybridsent.transfer._continued_regressor import ContinuedBoostingRegressor
from hybridsent.transfer._coral import CORAL
from hybridsent.transfer._domain_classifier import DomainClassifier
from hybridsent.transfer._drop import DropDomain
from hybridsent.transfer._group_scaler import GroupScaler
from hybridsent.transfer._jda import JDA
from hybridsent.transfer._kliep import KLIEP
from hybridsent.transfer._kmm import KMM
from hybridsent.transfer._prior_classifier import PriorClassifier
from hybridsent.transfer._prior_regressor import PriorRegressor
from hybridsent.transfer._subspace import SubspaceAlignment
from hybridsent.transfer._tca import TCA
from hybridsent.transfer._tradaboost import TrAdaBoostClassifier
from hybridsent.transfer._tradaboost_r2 import TrAdaBoostRegressor
from hybridsent.transfer._ulsif import ULSIF
from hybridsent.transfer._weigher import BaseWeigher
from hybridsent.transfer._weighted import ReweightedEstimator

__all__ = [
    "CORAL",
    "JDA",
    "KLIEP",
    "KMM",
    "TCA",
    "ULSIF",
    "BalancedWeights",
    "BaseAdapter",
    "BaseWeigher",
    "ContinuedBoostingClassifier",
    "ContinuedBoostingRegressor",
    "DomainAdversarialClassifier",
    "DomainClassifier",
    "DropDomain",
    "FeatureAugmentation",
    "GroupScaler",
    "PriorClassifier",
    "PriorRegressor",
    "ReweightedEstimator",
    "SubspaceAlignment",
    "TrAdaBoostClassifier",
    "TrAdaBoostRegressor",
]
