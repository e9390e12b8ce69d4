"""Is this the answer? Kind of object, shape, kind of number and finiteness first, values last.

`np.allclose` alone is a poor judge: an empty array is close to anything, and shapes that broadcast pass unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from optcourse.arguments import Array, shown
from optcourse.grading.exercise import Tolerance
from optcourse.grading.verdict import Finding

SHOWN = 6  # entries of an array in a sentence
RUNAWAY = 1e3  # an answer this many times larger than the reference is not merely wrong


def difference(got: Any, expected: Any, tolerance: Tolerance, name: str = "the result") -> Finding | None:
    """Return the first property in which `got` differs from `expected`, or None.

    Examples
    --------
    >>> difference([1.0, 2.0], np.array([1.0, 2.0]), Tolerance()) is None
    True
    >>> difference(np.array([]), np.array([1.0, 2.0]), Tolerance()).sentence
    'the result has shape (0,), not (2,)'
    >>> difference(np.array([1.0 + 1e-7]), np.array([1.0]), Tolerance()).sentence
    'the result is near [1], but up to 1e-07 off'
    """
    if got is None and expected is not None:
        return Finding("none", f"{name} is None: is a return statement missing?")
    if isinstance(expected, tuple):
        return _parts(got, expected, tolerance, name)
    if expected is None or isinstance(expected, str | bool | np.bool_):
        same_kind = isinstance(got, str) if isinstance(expected, str) else isinstance(got, bool | np.bool_)
        agree = got is None if expected is None else same_kind and bool(got == expected)
        return None if agree else Finding("value", f"{name} is {shown(got)}, not {shown(expected)}")
    return _numbers(got, np.asarray(expected), tolerance, name)


def _parts(got: Any, expected: tuple[Any, ...], tolerance: Tolerance, name: str) -> Finding | None:
    if not isinstance(got, tuple | list):
        what = shown(got) if isinstance(got, np.ndarray | np.generic | int | float | str | dict) else _article(got)
        return Finding("type", f"{name} must be {len(expected)} things, a list or a tuple of them, not {what}")
    if len(got) != len(expected):
        return Finding("shape", f"{name} has {len(got)} part{'s' * (len(got) != 1)}, not {len(expected)}")
    for number, (one, other) in enumerate(zip(got, expected, strict=True), start=1):
        if finding := difference(one, other, tolerance, f"part {number} of {name}"):
            return finding
    return None


def _numbers(got: Any, expected: Array, tolerance: Tolerance, name: str) -> Finding | None:
    if not isinstance(got, np.ndarray | np.generic | int | float | complex | list | tuple):
        return Finding("type", f"{name} is {_article(got)}, not {'numbers' if expected.ndim else 'a number'}")
    try:
        found = np.asarray(got)
    except ValueError:
        return Finding("shape", f"{name} has rows of different lengths")
    if found.shape != expected.shape:
        hint = ""
        if isinstance(got, tuple | list) and found.shape[1:] == expected.shape:
            hint = f": a {type(got).__name__} of {len(found)} answers where one is asked for"
        return Finding("shape", f"{name} has shape {found.shape}, not {expected.shape}{hint}")
    return (
        _kind(got, found, expected, tolerance, name)
        or _finite(found, expected, name)
        or _values(found, expected, tolerance, name)
    )


def _article(value: Any) -> str:
    kind = getattr(value, "remote_kind", None)  # of an object that stayed in the sandbox
    kind = kind if isinstance(kind, str) else type(value).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def _kind(got: Any, found: Array, expected: Array, tolerance: Tolerance, name: str) -> Finding | None:
    kind = found.dtype.kind
    if kind == "c":
        return Finding("kind", f"{name} holds complex numbers")
    if kind not in "fiu":
        return Finding("kind", f"{name} holds {found.dtype}, not numbers")
    if expected.dtype.kind in "iu":
        if kind == "f" and not np.isfinite(found).all():
            return _finite(found, expected, name)
        return None if kind in "iu" else Finding("kind", f"{name} holds {found.dtype}, not whole numbers")
    # Python's own 0 stands for 0.0 as well as any; an array of integers has cut off what came after the point.
    if kind in "iu" and isinstance(got, np.ndarray | np.generic):
        return Finding("kind", f"{name} holds whole numbers ({found.dtype}): what comes after the point is lost")
    is_single = kind == "f" and found.dtype.itemsize < 8 and expected.dtype.itemsize >= 8
    if is_single and tolerance.single is None:
        return Finding("kind", f"{name} is {found.dtype}: 7 digits, where double precision (16) is needed")
    return None


def _finite(found: Array, expected: Array, name: str) -> Finding | None:
    bad, right = ~np.isfinite(found), np.isfinite(expected).all()
    if right and not bad.any():
        return None
    if right:
        which = "NaN" if np.isnan(found).any() else "infinity"
        return Finding("finiteness", f"{name} has {which} in it")
    agree = np.array_equal(found[bad], expected[bad], equal_nan=True) and np.array_equal(bad, ~np.isfinite(expected))
    return None if agree else Finding("finiteness", f"{name} is not finite where it should be, or the other way round")


def _values(found: Array, expected: Array, tolerance: Tolerance, name: str) -> Finding | None:
    finite = np.isfinite(expected)
    here, there = found[finite].astype(float), expected[finite].astype(float)
    is_single = found.dtype.kind == "f" and found.dtype.itemsize < 8
    rtol = tolerance.single if is_single and tolerance.single is not None else tolerance.rtol
    largest = float(np.max(np.abs(there), initial=0.0))
    if expected.dtype.kind in "iu":
        close = np.array_equal(here, there)
    else:
        close = bool(np.all(np.abs(here - there) <= tolerance.atol + rtol * largest))
    if close:
        return None
    if float(np.max(np.abs(here))) > RUNAWAY * (1 + largest):
        return Finding("divergence", f"{name} runs away: it is {_brief(found)}, where {_brief(expected)} is right")
    if _brief(found) == _brief(expected):  # six digits are too few to show it
        off = float(np.max(np.abs(here - there)))
        return Finding("value", f"{name} is near {_brief(expected)}, but up to {off:.1g} off")
    return Finding("value", f"{name} is {_brief(found)}, not {_brief(expected)}")


def _brief(value: Array) -> str:
    """Six digits; of many entries the first and the last."""
    if value.ndim == 0:
        return f"{value[()]:.6g}" if value.dtype.kind in "fiu" else str(value[()])
    # Only what is shown is written out: a wrong answer may have millions of entries.
    chosen = [*value[:3], *value[-2:]] if len(value) > SHOWN else value
    entries = [_brief(np.asarray(entry)) for entry in chosen]
    if len(value) > SHOWN:
        entries.insert(3, "…")
    return f"[{', '.join(entries)}]"


def brief(value: Any) -> str:
    """An answer, short enough for a table.

    Examples
    --------
    >>> brief((0.5, 3)), brief([1.0, 1 / 3]), brief(None)
    ('(0.5, 3)', '[1, 0.333333]', 'None')
    >>> brief(tuple(range(100)))
    '(0, 1, 2, …, 98, 99)'
    """
    if isinstance(value, tuple):
        parts = [brief(part) for part in (value if len(value) <= SHOWN else (*value[:3], *value[-2:]))]
        if len(value) > SHOWN:
            parts.insert(3, "…")
        return f"({', '.join(parts)})"
    if isinstance(value, np.ndarray | np.generic | float) or (isinstance(value, list) and _is_numeric(value)):
        return _brief(np.asarray(value))
    return shown(value)


def _is_numeric(value: Sequence[Any]) -> bool:
    try:
        return np.asarray(value).dtype.kind in "fiu"
    except ValueError:
        return False
