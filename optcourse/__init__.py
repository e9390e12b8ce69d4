"""optcourse: the methods of the course, each a stream of iterates.

>>> import optcourse
>>> trace = optcourse.run(optcourse.gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1), steps=20)
>>> float(round(trace.theta, 4))
0.0461
"""

from optcourse.conjugate_gradient import conjugate_gradient, nonlinear_cg
from optcourse.gradient_descent import gradient_descent, smoothness
from optcourse.line_search import backtracking, strong_wolfe
from optcourse.momentum import momentum
from optcourse.newton import bfgs, damped_newton, lbfgs, newton
from optcourse.streams import Stream, rates, run, stream
from optcourse.trace import Trace

__all__ = [
    "Stream",
    "Trace",
    "backtracking",
    "bfgs",
    "conjugate_gradient",
    "damped_newton",
    "gradient_descent",
    "lbfgs",
    "momentum",
    "newton",
    "nonlinear_cg",
    "rates",
    "run",
    "smoothness",
    "stream",
    "strong_wolfe",
]
__version__ = "0.1.0"
