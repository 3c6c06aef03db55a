"""The only door to scikit-learn's private parameter validation (layer L0).

scikit-learn's own estimators declare ``_parameter_constraints`` and call ``_validate_params``; its
message (which parameter of which class, what it must be, what was given) is the best in the field.
The module is private, so it is imported here alone: if it moves, one file changes.
"""

from __future__ import annotations

from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

__all__ = ["HasMethods", "Interval", "Options", "StrOptions"]
