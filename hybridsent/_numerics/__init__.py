"""Numbers of several steps: scales, classes, moments, kernels, logistic, networks (layer L0).

What two siblings of L3 compute stands here once; nothing here knows a table, a view or a label's
name. Modules are imported by name, since networks bring torch.
"""

from hybridsent._numerics.rows import content_order

__all__ = ["content_order"]
