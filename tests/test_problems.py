"""The test problems: their derivatives agree with each other, their answers are answers."""

from __future__ import annotations

import numpy as np
import pytest

from optcourse import check_gradient, check_hessian_vector, numerical_gradient, numerical_hessian, problems
from optcourse.problems import Problem

OTHERS = (
    problems.quadratic(kappa=3, dim=1),
    problems.quadratic(kappa=1e4, dim=6),
    problems.ravine(kappa=1e3, degrees=-70),
    problems.rastrigin(dim=5),
    problems.styblinski_tang(dim=4),
    problems.least_squares(rng=np.random.default_rng(7), n=12, dim=5),
    problems.least_squares(n=3, dim=5),  # more parameters than examples
    problems.logistic_regression(rng=np.random.default_rng(7), dim=4),
    problems.logistic_regression(dim=1, lam=1.0),
)
every = pytest.mark.parametrize("problem", [*problems.GALLERY, *OTHERS], ids=repr)
drawn = pytest.mark.parametrize("problem", problems.GALLERY, ids=lambda problem: problem.name)


def points(problem: Problem) -> np.ndarray:
    """The start, and some points around the window's middle."""
    spread = np.random.default_rng(3).uniform(-1.5, 1.5, (6, problem.dim))
    return np.vstack([problem.start, spread])


@every
def test_the_gradient_passes_the_gradient_checker(problem):
    for theta in points(problem):
        assert check_gradient(problem.loss, problem.grad, theta).passed, theta


@every
def test_the_gradient_is_that_of_the_complex_step_to_the_last_digits(problem):
    for theta in points(problem):
        exact = numerical_gradient(problem.loss, theta, scheme="complex")
        # Terms of size |∇²L||θ| cancel in a gradient; some unit roundoffs of them may be left.
        size = np.abs(exact).max() + np.abs(problem.hess(theta)).max()
        np.testing.assert_allclose(problem.grad(theta), exact, rtol=0, atol=1e-14 * size)


@every
def test_the_hessian_is_the_numerical_one(problem):
    for theta in points(problem):
        hessian = problem.hess(theta)
        assert hessian.shape == (problem.dim, problem.dim)
        assert np.array_equal(hessian, hessian.T)
        size = 1 + np.abs(hessian).max() + abs(problem.loss(theta))
        np.testing.assert_allclose(hessian, numerical_hessian(problem.loss, theta), rtol=0, atol=2e-5 * size)
        assert check_hessian_vector(problem.grad, lambda at, v: problem.hess(at) @ v, theta).passed


@every
def test_minimisers_have_zero_gradient_and_no_negative_curvature(problem):
    assert problem.minimisers.shape[1:] == (problem.dim,)
    for minimiser in problem.minimisers:
        curvature = problem.hess(minimiser)
        size = 1 + np.abs(curvature).max() * (1 + np.abs(minimiser).max())
        assert np.abs(problem.grad(minimiser)).max() <= 1e-15 * 4 * size
        assert np.linalg.eigvalsh(curvature)[0] >= -1e-12 * size


@every
def test_the_minimum_is_reached_at_every_minimiser_and_nowhere_undercut(problem):
    for minimiser in problem.minimisers:
        assert problem.loss(minimiser) == pytest.approx(problem.minimum, abs=1e-12)
    anywhere = np.random.default_rng(5).uniform(-5, 5, (20_000, problem.dim))
    assert problem.loss(anywhere).min() >= problem.minimum - 1e-12


@drawn
def test_no_global_minimiser_is_missing(problem):
    """Newton's method from a grid over the window finds no other point as low."""
    (left, right), (bottom, top) = problem.window
    for x in np.linspace(left, right, 9):
        for y in np.linspace(bottom, top, 9):
            theta = np.array([x, y])
            for _ in range(40):
                curvature, slope = problem.hess(theta), problem.grad(theta)
                values, vectors = np.linalg.eigh(curvature)
                step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-2))
                while problem.loss(theta - step) > problem.loss(theta) and np.abs(step).max() > 1e-12:
                    step = step / 2
                theta = theta - step
            if problem.loss(theta) <= problem.minimum + 1e-9:
                assert np.min(np.linalg.norm(problem.minimisers - theta, axis=1)) < 1e-3


@every
def test_saddles_are_stationary_and_bend_both_ways(problem):
    for saddle in problem.saddles:
        assert np.abs(problem.grad(saddle)).max() < 1e-12
        assert np.linalg.eigvalsh(problem.hess(saddle))[0] < 0 < np.linalg.eigvalsh(problem.hess(saddle))[-1]


@every
def test_no_curvature_leaves_the_bounds_that_are_stated(problem):
    for theta in np.random.default_rng(9).uniform(-4, 4, (200, problem.dim)):
        curvatures = np.linalg.eigvalsh(problem.hess(theta))
        if problem.L_smooth is not None:
            assert np.abs(curvatures).max() <= problem.L_smooth * (1 + 1e-12)
        if problem.mu is not None:
            assert curvatures[0] >= problem.mu - 1e-12 * problem.L_smooth


@every
def test_a_grid_of_points_is_one_call(problem):
    grid = np.random.default_rng(1).normal(size=(3, 4, problem.dim))
    losses = problem.loss(grid)
    assert losses.shape == (3, 4)
    assert losses[1, 2] == pytest.approx(problem.loss(grid[1, 2]), rel=1e-14)


@drawn
def test_start_and_minimisers_lie_in_the_window(problem):
    (left, right), (bottom, top) = problem.window
    for x, y in [problem.start, *problem.minimisers, *problem.saddles]:
        assert left < x < right
        assert bottom < y < top


def test_the_gallery_is_the_syllabus():
    assert [problem.name for problem in problems.GALLERY] == [
        "quadratic",
        "ravine",
        "rosenbrock",
        "himmelblau",
        "beale",
        "saddle",
        "rastrigin",
        "styblinski_tang",
        "least_squares",
        "logistic_regression",
    ]
    for problem in problems.GALLERY:
        assert problem.title
        assert problem.formula
        assert problem.reference


def test_the_condition_number_is_the_one_asked_for():
    for problem in (problems.quadratic(kappa=250, dim=4), problems.ravine(kappa=250)):
        curvatures = np.linalg.eigvalsh(problem.hess(problem.start))
        assert curvatures[-1] / curvatures[0] == pytest.approx(250)
        assert (problem.mu, problem.L_smooth) == pytest.approx((1, 250))


def test_the_published_minima():
    assert problems.styblinski_tang(dim=1).minimisers[0, 0] == pytest.approx(-2.903534027771177, abs=1e-15)
    assert problems.styblinski_tang(dim=2).minimum == pytest.approx(-78.33233140754282, abs=1e-12)
    assert len(problems.himmelblau().minimisers) == 4
    assert problems.beale().minimisers.tolist() == [[3.0, 0.5]]


def test_least_squares_finds_the_line_through_points_on_a_line():
    line = problems.least_squares(X=[[1, 0], [1, 1], [1, 2]], y=[1, 3, 5])
    assert line.minimisers[0] == pytest.approx([1, 2])
    assert line.minimum == pytest.approx(0, abs=1e-28)


def test_logistic_regression_survives_scores_that_would_overflow():
    far = problems.logistic_regression(X=[[1.0], [-1.0], [1.0]], y=[1, 0, 0])
    for theta in (np.array([5000.0]), np.array([-5000.0])):
        assert np.isfinite(far.loss(theta))
        assert np.isfinite(far.grad(theta)).all()
        assert np.isfinite(far.hess(theta)).all()
    assert problems.sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]
    assert problems.sigmoid(np.array(-40.0)) == pytest.approx(np.exp(-40), rel=1e-14)
    assert problems.softplus(np.array([-40.0, 800.0])) == pytest.approx([np.exp(-40), 800.0], rel=1e-14)


def test_the_same_rng_draws_the_same_data():
    one, same, other = (problems.least_squares(rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.minimisers, same.minimisers)
    assert not np.array_equal(one.minimisers, other.minimisers)


def test_the_callers_data_are_copied():
    X, y = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 3.0, 4.0])
    problem = problems.least_squares(X=X, y=y)
    before = problem.loss(problem.start)
    X[:], y[:] = 0.0, 0.0
    assert problem.loss(problem.start) == before


@pytest.mark.parametrize(
    ("make", "arguments", "name"),
    [
        (problems.quadratic, {"kappa": 0.5}, "kappa"),
        (problems.quadratic, {"kappa": np.nan}, "kappa"),
        (problems.quadratic, {"kappa": "ten"}, "kappa"),
        (problems.quadratic, {"dim": 0}, "dim"),
        (problems.ravine, {"kappa": np.inf}, "kappa"),
        (problems.ravine, {"degrees": np.nan}, "degrees"),
        (problems.rastrigin, {"dim": 1.5}, "dim"),
        (problems.styblinski_tang, {"dim": -1}, "dim"),
        (problems.least_squares, {"X": [[1.0]]}, "y"),
        (problems.least_squares, {"y": [1.0]}, "X"),
        (problems.least_squares, {"X": [[1.0]], "y": [1.0, 2.0]}, "y"),
        (problems.least_squares, {"X": [[np.nan]], "y": [1.0]}, "X"),
        (problems.least_squares, {"X": np.empty((0, 2)), "y": []}, "X"),
        (problems.least_squares, {"rng": 0}, "rng"),
        (problems.logistic_regression, {"X": [[1.0], [2.0]], "y": [1, 2]}, "y"),
        (problems.logistic_regression, {"X": [[1.0], [2.0]], "y": [0, 1], "lam": -1}, "lam"),
        (problems.logistic_regression, {"X": [[-1.0], [2.0]], "y": [0, 1], "lam": 0.0}, "lam"),  # separable
    ],
)
def test_nonsense_is_refused_by_name(make, arguments, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        make(**arguments)
