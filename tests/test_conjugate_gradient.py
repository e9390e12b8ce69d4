"""Claims of section 3.8 on conjugate directions."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

from optcourse import conjugate_gradient, nonlinear_cg, problems, run
from optcourse.certificates import conjugacy


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def with_spectrum(rng, values):
    Q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    A = (Q * values) @ Q.T
    return (A + A.T) / 2


def test_directions_are_conjugate(rng):
    A, b = with_spectrum(rng, np.linspace(1, 10, 8)), rng.normal(size=8)
    stream = conjugate_gradient(A, b)
    directions = [b]
    for _ in range(6):
        next(stream)
        directions.append(stream.state["direction"])
    assert conjugacy(A, directions) <= 1e-8


def test_conjugacy_sees_directions_that_are_not(rng):
    assert conjugacy(np.diag([1.0, 4.0]), np.array([[1.0, 1.0], [1.0, -1.0]])) == pytest.approx(0.6)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_n_steps_suffice_when_well_conditioned(rng, n):
    A, b = with_spectrum(rng, np.linspace(1, 5, n)), rng.normal(size=n)
    theta = run(conjugate_gradient(A, b), steps=n).theta
    assert np.linalg.norm(b - A @ theta) <= 1e-9 * np.linalg.norm(b)


def test_n_steps_do_not_suffice_on_an_ill_conditioned_system():
    A, b = scipy.linalg.hilbert(12), np.ones(12)
    theta = run(conjugate_gradient(A, b), steps=12).theta
    assert np.linalg.norm(b - A @ theta) > 1e-6 * np.linalg.norm(b)


def test_the_error_stays_below_the_bound_with_the_root_of_the_condition_number(rng):
    A, b = with_spectrum(rng, np.linspace(1, 400, 60)), rng.normal(size=60)
    errors = run(conjugate_gradient(A, b), steps=30).iterates - np.linalg.solve(A, b)
    size = np.sqrt(np.einsum("ki,ij,kj->k", errors, A, errors))
    q = (20 - 1) / (20 + 1)
    assert np.all(size <= 2 * q ** np.arange(31) * size[0] * (1 + 1e-9))


def test_as_many_steps_as_clusters_of_eigenvalues(rng):
    A, b = with_spectrum(rng, np.repeat([1.0, 50.0, 1000.0], 20)), rng.normal(size=60)
    theta = run(conjugate_gradient(A, b), steps=3).theta
    assert np.linalg.norm(b - A @ theta) <= 1e-9 * np.linalg.norm(b)


def test_a_preconditioner_saves_steps(rng):
    scale = np.logspace(0, 3, 50)
    A, b = with_spectrum(rng, np.linspace(1, 4, 50)) * np.outer(scale, scale), rng.normal(size=50)
    left = [
        np.linalg.norm(b - A @ run(conjugate_gradient(A, b, M=M), steps=25).theta)
        for M in (None, np.diag(1 / scale**2))
    ]
    assert left[1] < 1e-6 * left[0]


def test_dense_sparse_operator_and_function_make_the_same_iterates_as_scipy(rng):
    A, b = with_spectrum(rng, np.linspace(1, 50, 12)), rng.normal(size=12)
    theirs = []
    scipy.sparse.linalg.cg(A, b, maxiter=8, rtol=0, callback=lambda x: theirs.append(x.copy()))
    for form in (A, scipy.sparse.csr_array(A), scipy.sparse.linalg.aslinearoperator(A), lambda d: A @ d):
        ours = run(conjugate_gradient(form, b), steps=8).iterates[1:]
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_an_indefinite_matrix_is_refused():
    with pytest.raises(ValueError, match="positive definite"):
        list(conjugate_gradient(np.diag([1.0, -1.0]), [1.0, 2.0]))


@pytest.mark.parametrize("variant", ["FR", "PR+"])
def test_nonlinear_cg_solves_a_quadratic(rng, variant):
    A, b = with_spectrum(rng, np.linspace(1, 20, 10)), rng.normal(size=10)
    trace = run(
        nonlinear_cg(lambda t: 0.5 * t @ A @ t - b @ t, lambda t: A @ t - b, np.zeros(10), variant=variant),
        steps=200,
        tol=1e-6,
        grad=lambda t: A @ t - b,
    )
    assert trace.converged
    np.testing.assert_allclose(trace.theta, np.linalg.solve(A, b), atol=1e-5)


def test_fletcher_reeves_and_polak_ribiere_agree_on_a_quadratic_with_exact_search(rng):
    A, b = with_spectrum(rng, np.linspace(1, 20, 8)), rng.normal(size=8)
    stream, before = conjugate_gradient(A, b), b
    for _ in range(6):
        next(stream)
        after = stream.state["residual"]
        fletcher_reeves = after @ after / (before @ before)
        polak_ribiere = after @ (after - before) / (before @ before)
        assert polak_ribiere == pytest.approx(fletcher_reeves, rel=1e-8)
        before = after


def weights(variant, steps=60):
    """Walk down a valley; return (the new gradient, the one before, β, the direction from there, the one before it)."""
    valley = problems.rosenbrock()
    stream = nonlinear_cg(valley.loss, valley.grad, valley.start, variant=variant)
    before, direction = valley.grad(valley.start), -valley.grad(valley.start)
    seen = []
    for theta in itertools.islice(stream, steps):
        after = valley.grad(theta)
        seen.append((after, before, stream.state["beta"], stream.state["direction"], direction))
        before, direction = after, stream.state["direction"]
    return seen


def test_polak_ribiere_is_cut_off_at_zero_and_where_gradients_overlap():
    cut = {"overlap": 0, "negative": 0, "neither": 0}
    for after, before, beta, direction, last in weights("PR+", 12):
        formula = after @ (after - before) / (before @ before)
        why = "overlap" if abs(after @ before) >= 0.3 * (after @ after) else "negative" if formula <= 0 else "neither"
        cut[why] += 1
        assert beta == pytest.approx(formula if why == "neither" else 0.0, rel=1e-9)
        np.testing.assert_allclose(direction, beta * last - after, rtol=1e-12)
    assert cut["overlap"] >= 3
    assert cut["neither"] >= 3


def test_fletcher_reeves_never_restarts():
    for after, before, beta, *_ in weights("FR"):
        assert beta == pytest.approx(after @ after / (before @ before), rel=1e-9)
