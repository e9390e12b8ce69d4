"""Exercises and their checks.

>>> from optcourse.grading import check
>>> def gradient_descent(grad, theta, lr, steps):
...     for _ in range(steps):
...         theta = theta - lr * grad(theta)
...     return theta
>>> check("gradient_descent", gradient_descent)
gradient_descent is right: 6 of 6 public cases pass
"""

# First, so that importing the package of declarations later does not put it in the place of the function of its name.
import optcourse.grading.exercises  # noqa: F401
from optcourse.grading.checking import WrongAnswerError, check, examine
from optcourse.grading.exercise import Case, Exercise, Mistake, Probe, Tolerance, exercises, find
from optcourse.grading.verdict import CaseResult, Finding, Verdict

__all__ = [
    "Case",
    "CaseResult",
    "Exercise",
    "Finding",
    "Mistake",
    "Probe",
    "Tolerance",
    "Verdict",
    "WrongAnswerError",
    "check",
    "examine",
    "exercises",
    "find",
]
