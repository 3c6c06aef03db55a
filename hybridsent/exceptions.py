"""Exceptions and warnings of hybridsent (layer L0: imports nothing of the package).

::

    Exception
    └── HybridsentError
        ├── MediaError              (ValueError)    a cell that cannot become a clean object
        │   ├── EmptyTextError                      a text of which cleaning leaves nothing
        │   └── SilentSoundError                    a sound of equal samples, a video without
        ├── CellError               (ValueError)    the same in a table: names row and column
        ├── TableError              (ValueError)    a table that cannot be read, or lacks a column
        ├── UnknownBackboneError    (ValueError)    a name that no registry or family knows
        ├── WeightsNotFoundError    (OSError)       known weights that are not on this machine
        ├── WeightsError            (ValueError)    weights that are broken, incomplete or foreign
        ├── LicenceError            (ValueError)    weights that may not be used as was asked
        ├── MissingDependencyError  (ImportError)   a package of an extra is not installed
        ├── PluginError             (ImportError)   code from outside that cannot be loaded
        ├── StoreError              (OSError)       the store cannot be opened, read or written
        ├── RunError                (RuntimeError)  a run in pieces that cannot go on
        │   ├── ResumeError                         an output in which another run is kept
        │   └── ShardError                          pieces that failed again and again
        └── PersistError            (ValueError)    a model that cannot be saved or loaded
            ├── BundleError                         one that is damaged, foreign or too new
            ├── UntrustedPathError                  one that reads a path nobody allowed
            └── UntrustedTypeError                  one that names a type nobody allowed

    UserWarning
    └── HybridsentWarning
        ├── CellWarning                            broken cells count as missing
        ├── SlowPathWarning                        something runs by a slower engine
        ├── StoreWarning                           rows were damaged, or cannot be kept
        ├── TableWarning                           cells were read as text, files left out
        ├── TransferWarning                        nothing to adapt to, or transfer hurts
        └── VersionWarning                         saved under other versions, or on other hardware

Each class is also a builtin one, so ``except ValueError`` keeps working.
"""

from __future__ import annotations

__all__ = [
    "BundleError",
    "CellError",
    "CellWarning",
    "EmptyTextError",
    "HybridsentError",
    "HybridsentWarning",
    "LicenceError",
    "MediaError",
    "MissingDependencyError",
    "PersistError",
    "PluginError",
    "ResumeError",
    "RunError",
    "ShardError",
    "SilentSoundError",
    "SlowPathWarning",
    "StoreError",
    "StoreWarning",
    "TableError",
    "TableWarning",
    "TransferWarning",
    "UnknownBackboneError",
    "UntrustedPathError",
    "UntrustedTypeError",
    "VersionWarning",
    "WeightsError",
    "WeightsNotFoundError",
]


class HybridsentError(Exception):
    """Root of all errors that hybridsent raises on purpose."""


class MediaError(HybridsentError, ValueError):
    """A raw cell (path, bytes, array, string) cannot become a clean text, image or sound."""


class EmptyTextError(MediaError):
    """Cleaning leaves nothing of a text; encoders take its cell for missing, not for broken."""


class SilentSoundError(MediaError):
    """Digital silence, or a video without sound: broken for encoders, wordless for `transcribe`."""


class CellError(HybridsentError, ValueError):
    """A broken cell of a table; the message names its row, its column and the cause.

    Parameters
    ----------
    message : str
        The whole sentence shown to the user.
    row : object, default=None
        Label of the row in the table's index.
    column : str, default=None
        Name of the column.
    """

    def __init__(self, message: str, row: object = None, column: str | None = None) -> None:
        super().__init__(message)
        self.row = row
        self.column = column

    def __reduce__(self) -> tuple[type[CellError], tuple[str, object, str | None]]:
        """Keep row and column when joblib carries the error out of a worker process."""
        return type(self), (str(self), self.row, self.column)


class TableError(HybridsentError, ValueError):
    """A table cannot be read, or lacks a column that was asked for."""


class UnknownBackboneError(HybridsentError, ValueError):
    """No registered backbone and no open family has this name."""


class WeightsNotFoundError(HybridsentError, OSError):
    """The weights of a backbone are not on this machine."""


class WeightsError(HybridsentError, ValueError):
    """The weights of a backbone are there, but broken, incomplete or not what was registered."""


class LicenceError(HybridsentError, ValueError):
    """Weights may not be used for what was asked for, or are not known to be free for it."""


class MissingDependencyError(HybridsentError, ImportError):
    """A package that an optional feature needs is not installed."""


class PluginError(HybridsentError, ImportError):
    """A module or file that adds to hybridsent cannot be loaded."""


class StoreError(HybridsentError, OSError):
    """The feature store cannot be opened, read or written."""


class RunError(HybridsentError, RuntimeError):
    """A run over the pieces of a table cannot go on."""


class ResumeError(RunError):
    """The output holds what another run has written, or one that still runs."""


class ShardError(RunError):
    """Pieces of a table failed again and again; the message names their rows and the cause."""


class PersistError(HybridsentError, ValueError):
    """A model cannot be saved or loaded."""


class BundleError(PersistError):
    """A saved model is damaged, is no hybridsent model, or comes from a newer version."""


class UntrustedPathError(PersistError):
    """A saved model reads its network from a path that is not on the list of allowed ones."""


class UntrustedTypeError(PersistError):
    """A saved model names a type that is not on the list of allowed ones."""


class HybridsentWarning(UserWarning):
    """Root of all warnings that hybridsent gives."""


class CellWarning(HybridsentWarning):
    """Broken cells became missing ones, because ``on_error="missing"`` said so."""


class SlowPathWarning(HybridsentWarning):
    """Something cannot run by the fastest engine here; a slower one gives the same values."""


class StoreWarning(HybridsentWarning):
    """Stored rows were damaged, or the store cannot be used; rows are computed again."""


class TableWarning(HybridsentWarning):
    """Something in a table is read otherwise than was perhaps meant, or left out."""


class TransferWarning(HybridsentWarning):
    """There is no target domain to adapt to, or adapting to it makes predictions worse."""


class VersionWarning(HybridsentWarning):
    """A model is loaded under other library versions, or on other hardware, than it was saved."""
