"""The gallery of objectives of section 3.1."""

from __future__ import annotations

from optcourse.arguments import one_of
from optcourse.figures.base import Setting
from optcourse.figures.descent_playground import Descent
from optcourse.figures.landscapes import LANDSCAPES, facts

GALLERY = tuple(one.name for one in LANDSCAPES if one.name != "parabola")


class ObjectiveGallery(
    Descent,
    files=("problems.js", "rules.js", "landscape.js", "step_size.js", "objective_gallery.js"),
    constants={"FACTS": facts(*GALLERY)},
    css=("objective_gallery.css",),
):
    """Eight losses of two parameters to look at: contours, minima, saddles, the slope under the pointer, a descent.

    Parameters
    ----------
    problem : str
        ``"quadratic"``, ``"ravine"``, ``"rosenbrock"``, ``"himmelblau"``, ``"beale"``, ``"saddle"``, ``"rastrigin"`` or
        ``"styblinski_tang"``.
    lr, steps, theta0
        As for `DescentPlayground`.

    Examples
    --------
    >>> gallery = ObjectiveGallery(problem="himmelblau", theta0=[1.0, 1.0])
    >>> gallery.trace.theta.round(3)
    array([3., 2.])
    """

    problem = Setting(one_of(*GALLERY), "himmelblau")
