"""Our gradient checker beside ``torch.autograd.gradcheck`` and SciPy's helpers, on the same losses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gradchecks import EPS, EXAMPLES, Example, torch_verdict
from scipy.optimize import approx_fprime, check_grad

from optcourse import check_gradient, numerical_gradient, problems

RECORDING = json.loads((Path(__file__).parent / "recorded" / "gradcheck.json").read_text())
RECORDED = RECORDING["verdicts"]

examples = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
gallery = pytest.mark.parametrize("problem", problems.GALLERY, ids=lambda problem: problem.name)


def rounding(example: Example) -> float:
    """What rounding may change in a difference of losses of size ~1 over 2ε: a few unit roundoffs over ε."""
    return 16 * float(np.finfo(example.dtype).eps) / EPS


def compare(example: Example, theirs: dict) -> None:
    theta = np.array(example.theta, dtype=example.dtype)
    assert check_gradient(example.f, example.grad, theta).verdict == example.verdict
    # torch fails whatever we do not call right; only its pass is a verdict, it has no "look"
    assert theirs["passes"] == (example.verdict == "almost surely right")
    measured = numerical_gradient(example.f, theta, eps=EPS)
    np.testing.assert_allclose(measured, theirs["numerical"], rtol=0, atol=rounding(example))


def test_the_recording_says_which_version_made_it_and_holds_every_example() -> None:
    assert RECORDING["made"]["torch"]
    assert RECORDING["made"]["script"] == "record_torch.py"
    assert set(RECORDED) == {example.name for example in EXAMPLES}


@examples
def test_verdicts_and_numerical_gradients_agree_with_the_recorded_ones_of_gradcheck(example: Example) -> None:
    compare(example, RECORDED[example.name])


@examples
@pytest.mark.torch
def test_verdicts_and_numerical_gradients_agree_with_gradcheck_live(example: Example, require) -> None:
    compare(example, torch_verdict(require("torch"), example))


@gallery
def test_forward_differences_are_those_of_approx_fprime(problem) -> None:
    eps = 2.0**-26  # a power of two: both libraries walk exactly ε
    ours = numerical_gradient(problem.loss, problem.start, eps=eps, scheme="forward")
    theirs = approx_fprime(problem.start, problem.loss, eps)
    # One unit roundoff more or less in the loss, over ε.
    assert np.max(np.abs(ours - theirs)) <= 4 * 2.0**-52 * abs(problem.loss(problem.start)) / eps


@gallery
def test_check_grad_of_scipy_sees_no_fault_in_what_our_checker_passes(problem) -> None:
    assert check_gradient(problem.loss, problem.grad, problem.start).passed
    size = np.linalg.norm(problem.grad(problem.start))
    curvature = np.linalg.norm(problem.hess(problem.start))
    assert check_grad(problem.loss, problem.grad, problem.start) <= 1e-7 * (1 + size + curvature)


@gallery
def test_both_see_a_flipped_sign(problem) -> None:
    def flipped(theta):
        return problem.grad(theta) * np.array([1, -1])

    assert check_gradient(problem.loss, flipped, problem.start).verdict == "bug"
    slope = abs(problem.grad(problem.start)[1])
    assert check_grad(problem.loss, flipped, problem.start) > slope
