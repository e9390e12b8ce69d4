"""optcourse: the methods of the course, each a stream of iterates.

>>> import optcourse
>>> trace = optcourse.run(optcourse.gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1), steps=20)
>>> float(round(trace.theta, 4))
0.0461
"""

from optcourse.gradient_descent import gradient_descent, smoothness
from optcourse.momentum import momentum
from optcourse.streams import Stream, rates, run, stream
from optcourse.trace import Trace

__all__ = ["Stream", "Trace", "gradient_descent", "momentum", "rates", "run", "smoothness", "stream"]
__version__ = "0.1.0"
