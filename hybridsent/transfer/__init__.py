"""Transfer from a source domain to a target domain: instances, features, models (layer L3)."""

from hybridsent.transfer.adversarial import DomainAdversarialClassifier
from hybridsent.transfer.base import BaseAdapter, BaseWeigher
from hybridsent.transfer.boosting import TrAdaBoostClassifier, TrAdaBoostRegressor
from hybridsent.transfer.columns import DropDomain, GroupScaler
from hybridsent.transfer.components import JDA, TCA, SubspaceAlignment
from hybridsent.transfer.continued import ContinuedBoostingClassifier, ContinuedBoostingRegressor
from hybridsent.transfer.densities import KLIEP, ULSIF
from hybridsent.transfer.mapping import CORAL, FeatureAugmentation
from hybridsent.transfer.prior import PriorClassifier, PriorRegressor
from hybridsent.transfer.weighted import ReweightedEstimator
from hybridsent.transfer.weights import KMM, BalancedWeights, DomainClassifier

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
