"""optcourse: the methods of the course, each a stream of iterates.

>>> import optcourse
>>> trace = optcourse.run(optcourse.gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1), steps=20)
>>> float(round(trace.theta, 4))
0.0461
"""

from optcourse.certificates import gradient_norm, lasso_gap
from optcourse.conjugate_gradient import conjugate_gradient, nonlinear_cg
from optcourse.convexity import is_convex_on, is_psd, project_simplex, projected_gradient
from optcourse.coordinate_descent import coordinate_descent, lasso_cd, lasso_lam_max, lasso_path, soft_threshold
from optcourse.gradient_descent import gradient_descent, smoothness
from optcourse.line_search import backtracking, strong_wolfe
from optcourse.momentum import momentum
from optcourse.newton import bfgs, damped_newton, lbfgs, newton
from optcourse.proximal import (
    fista,
    prox_box,
    prox_group,
    prox_l1,
    prox_l2,
    prox_nuclear,
    prox_simplex,
    prox_tv1d,
    proximal_gradient,
    subgradient_descent,
)
from optcourse.streams import Stream, rates, run, stream
from optcourse.trace import Trace

__all__ = [
    "Stream",
    "Trace",
    "backtracking",
    "bfgs",
    "conjugate_gradient",
    "coordinate_descent",
    "damped_newton",
    "fista",
    "gradient_descent",
    "gradient_norm",
    "is_convex_on",
    "is_psd",
    "lasso_cd",
    "lasso_gap",
    "lasso_lam_max",
    "lasso_path",
    "lbfgs",
    "momentum",
    "newton",
    "nonlinear_cg",
    "project_simplex",
    "projected_gradient",
    "prox_box",
    "prox_group",
    "prox_l1",
    "prox_l2",
    "prox_nuclear",
    "prox_simplex",
    "prox_tv1d",
    "proximal_gradient",
    "rates",
    "run",
    "smoothness",
    "soft_threshold",
    "stream",
    "strong_wolfe",
    "subgradient_descent",
]
__version__ = "0.1.0"
