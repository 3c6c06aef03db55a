"""Named recipes: a pipeline and the settings worth trying, one file each (layer L4).

The files lie in the project's folder `pipelines/`, and in a wheel beside this module. They are
read as files and never imported as a package, so a file of one's own serves as well. Hydra and
Kedro keep such files, too, but bring a configuration language; here it is a function and a dict.
"""

from __future__ import annotations

import ast
import fnmatch
import hashlib
import inspect
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

from sklearn.base import clone, is_regressor
from sklearn.model_selection import ParameterGrid

from hybridsent._hints import did_you_mean
from hybridsent._plugins import load_plugin, plugin_at
from hybridsent._run_file import run_file

__all__ = ["Recipe", "list_recipes", "load_recipe"]

RECIPE_MODULES = "hybridsent_recipe_"
"""How the names of the modules begin that recipes are run as."""

_running = threading.RLock()
_SHORT = {"cnn": "multimodal_cnn", "rnn": "multimodal_rnn"}


@dataclass(frozen=True)
class Recipe:
    """A way to build a pipeline, and the settings worth trying.

    Parameters
    ----------
    name : str
        Name, such as ``"cross-modal"``.
    summary : str
        First line of its docstring.
    doc : str
        The whole docstring.
    grid : mapping, or sequence of mappings
        Values to try by parameter, as ``GridSearchCV`` takes them; ``*`` in a name stands for every
        view, see `grid_for`.
    path : Path
        Its file.
    function : callable
        The file's function ``build``.
    grid_regression : mapping, sequence of mappings or None, default=None
        The grid where ``build`` gives a regressor; None is `grid`.

    See Also
    --------
    load_recipe : Reads one.
    """

    name: str
    summary: str
    doc: str = field(repr=False)
    grid: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    path: Path
    function: Callable[..., Any] = field(repr=False)
    grid_regression: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None

    def build(self, **options: Any) -> Any:
        """Build the pipeline, and check that the grid names parameters of it.

        Parameters
        ----------
        **options
            What the file's ``build`` takes: those of `hybridsent.make_fusion`, such as
            ``text=True``, for the recipes that come with hybridsent.

        Returns
        -------
        estimator
            Unfitted.

        Raises
        ------
        ValueError
            If ``build`` does not take an option, gives no estimator, or the grid does not fit it.

        Examples
        --------
        >>> from hybridsent.recipes import load_recipe
        >>> load_recipe("late").build(text=True, image=True).steps[-1][0]
        'classify'
        """
        try:
            inspect.signature(self.function).bind(**options)
        except TypeError as error:
            raise ValueError(
                f"The build of recipe {self.name!r} must take the options that it is given: "
                f"{error}. Got {sorted(options)}; in a file of your own, write build(**options) "
                "and hand them to make_fusion."
            ) from error
        estimator = self.function(**options)
        if isinstance(estimator, type) or not (
            hasattr(estimator, "fit") and hasattr(estimator, "get_params")
        ):
            raise ValueError(
                f"The build of recipe {self.name!r} must give an unfitted scikit-learn estimator. "
                f"Got {estimator!r}; see {self.path}."
            )
        for settings in ParameterGrid(self.grid_for(estimator)):
            _check_settings(self, estimator, settings)
        return estimator

    def grid_for(self, estimator: Any) -> list[dict[str, Any]]:
        """Write the grid out for a pipeline: a name with ``*`` becomes all names that match it.

        These get the same value, so that two views and three values are three settings, not nine.

        Parameters
        ----------
        estimator : estimator
            What `build` gave.

        Returns
        -------
        list of dict
            As ``GridSearchCV`` takes it.

        Raises
        ------
        ValueError
            If nothing matches a name.

        Examples
        --------
        >>> from hybridsent.recipes import load_recipe
        >>> recipe = load_recipe("pca")
        >>> grids = recipe.grid_for(recipe.build(text=True, image=True))
        >>> list(grids[0])[:1], len(grids)
        (['features__image__reduce__transformer__n_components'], 3)
        """
        of_numbers = self.grid_regression is not None and is_regressor(estimator)
        grid: Any = self.grid_regression if of_numbers else self.grid
        grids = [grid] if isinstance(grid, Mapping) else grid
        known = sorted(estimator.get_params())
        return [one for grid in grids for one in _written_out(self, _inside(grid, known), known)]


def list_recipes() -> dict[str, str]:
    """Names of the recipes that come with hybridsent; their files are not run.

    Returns
    -------
    dict of str to str
        Name and first line of the docstring.

    See Also
    --------
    load_recipe : Reads one of them.

    Examples
    --------
    >>> from hybridsent.recipes import list_recipes
    >>> "late" in list_recipes()
    True
    """
    return {
        _name(path): _doc(path).split("\n", 1)[0]
        for path in sorted(_folder().glob("*.py"))
        if not path.stem.startswith("_")
    }


def load_recipe(name: str | PathLike[str]) -> Recipe:
    """Read a recipe by its name, or a file of your own by its path.

    The file is Python and is run: give only paths of files that you trust. It must define a
    function ``build(**options)`` that gives an unfitted estimator, and ``GRID``, a dict of
    parameter names and values to try, or a list of such dicts. Where ``build`` may give a regressor
    (``task="regression"``), for which other values are worth trying, ``GRID_REGRESSION`` holds
    these.

    A file is run once for each content it has had, as a module of its own. Its classes and
    functions can be pickled within a process and sent to joblib's workers. `hybridsent.save`
    refuses them, as no other process could find them: what shall be saved belongs in a module that
    can be imported, or in a file that is loaded with `hybridsent.load_plugin`. A file that was
    loaded so is not run again, and its recipe is that of the plugin.

    Parameters
    ----------
    name : str or path-like
        A name that `list_recipes` gives (``-`` and ``_`` are one), or the path of a ``.py`` file.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    ValueError
        If no recipe has this name, or the file lacks ``build`` or ``GRID``.
    FileNotFoundError
        If there is no such file.

    See Also
    --------
    list_recipes : The names.

    Examples
    --------
    >>> from hybridsent.recipes import load_recipe
    >>> recipe = load_recipe("cross_modal")
    >>> recipe.name, sorted(recipe.grid)[0]
    ('cross-modal', 'fuse__n_components')
    """
    path = _find(name)
    module = _module(path)
    function: Any = getattr(module, "build", None)
    grid: Any = getattr(module, "GRID", None)
    if function is None or not callable(function):
        raise ValueError(
            f"The recipe {str(path)!r} must define a function build(**options) that gives an "
            f"unfitted estimator. Got {function!r}."
        )
    of_numbers: Any = getattr(module, "GRID_REGRESSION", None)
    for given, called in ((grid, "GRID"), (of_numbers, "GRID_REGRESSION")):
        try:
            ParameterGrid({} if called != "GRID" and given is None else given)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"The recipe {str(path)!r} must define {called}, a dict of parameter names and "
                f"lists of values, or a list of such dicts; {called} = {{}} tries nothing. Got "
                f"{given!r}: {error}"
            ) from error
    doc = inspect.cleandoc(module.__doc__ or "")
    summary = doc.split("\n", 1)[0]
    return Recipe(_name(path), summary, doc, grid, path, function, of_numbers)


def _module(path: Path) -> ModuleType:
    """Run a recipe's file as a module that its own classes can be found in."""
    if path.suffix != ".py":
        raise ValueError(f"A recipe must be a Python file that ends in .py. Got {str(path)!r}.")
    if plugin_at(path) is not None:
        return load_plugin(path)  # which refuses one that was changed
    source = path.read_bytes()
    told = str(path.resolve()).encode(errors="surrogateescape") + b"\0" + source
    digest = hashlib.blake2b(told, digest_size=6).hexdigest()
    name = f"{RECIPE_MODULES}{re.sub(r'[^0-9A-Za-z]+', '_', path.stem)}_{digest}"
    with _running:
        return sys.modules.get(name) or run_file(path, name, source)


def _folder() -> Path:
    inside = Path(__file__).parent / "_pipelines"  # where the wheel puts them
    return inside if inside.is_dir() else Path(__file__).parent.parent / "pipelines"


def _name(path: Path) -> str:
    return path.stem.replace("_", "-")


def _doc(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"), str(path))) or ""


def _find(name: str | PathLike[str]) -> Path:
    given = Path(name)
    if given.suffix == ".py" or len(given.parts) > 1:
        if not given.is_file():
            raise FileNotFoundError(f"A recipe must be a file that is there. Got {str(given)!r}.")
        return given
    stem = str(name).lower().replace("-", "_")
    path = _folder() / f"{_SHORT.get(stem, stem)}.py"
    known = list_recipes()
    if _name(path) in known:
        return path
    raise ValueError(
        f"A recipe must be one of {list(known)}, or the path of a .py file. Got {str(name)!r} "
        f"instead.{did_you_mean(_name(path), known)}"
    )


def _inside(grid: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """Name what a classifier of sets of labels has around it, which fits it for each label."""

    def named(name: str) -> str:
        steps = (name, name.removeprefix("classify__"))
        inner = [f"classify__estimator__{each}" for each in steps]
        return next((each for each in (name, *inner) if fnmatch.filter(known, each)), name)

    return {named(name): values for name, values in grid.items()}


def _written_out(
    recipe: Recipe, grid: Mapping[str, Any], known: Sequence[str]
) -> Iterator[dict[str, Any]]:
    matches = {name: fnmatch.filter(known, name) for name in grid if "*" in name}
    for name, found in matches.items():
        if not found:
            raise ValueError(
                f"The GRID of recipe {recipe.name!r} must name parameters of what its build gives. "
                f"Got {name!r}, which matches none. ({recipe.path})"
            )
    plain = {name: values for name, values in grid.items() if name not in matches}
    for chosen in ParameterGrid({name: grid[name] for name in matches}):
        linked = {name: [value] for star, value in chosen.items() for name in matches[star]}
        yield {**linked, **plain}


def _check_settings(recipe: Recipe, estimator: Any, settings: Mapping[str, Any]) -> None:
    try:
        clone(estimator).set_params(**settings)
    except ValueError as error:
        known = estimator.get_params()
        wrong = next((name for name in settings if name not in known), next(iter(settings)))
        raise ValueError(
            f"The GRID of recipe {recipe.name!r} must name parameters of what its build gives. Got "
            f"{wrong!r}.{did_you_mean(wrong, known)} ({recipe.path})"
        ) from error
