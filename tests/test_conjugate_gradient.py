"""Claims of section 3.8 on conjugate directions."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import conjugate_gradient, nonlinear_cg, problems, run
from optcourse.arguments import NonFiniteError
from optcourse.certificates import conjugacy, gradient_norm


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
    assert gradient_norm(lambda t: A @ t - b, theta) <= 1e-9 * np.linalg.norm(b)


def test_n_steps_do_not_suffice_on_an_ill_conditioned_system():
    A, b = scipy.linalg.hilbert(12), np.ones(12)
    theta = run(conjugate_gradient(A, b), steps=12).theta
    assert gradient_norm(lambda t: A @ t - b, theta) > 1e-6 * np.linalg.norm(b)


def test_the_error_stays_below_the_bound_with_the_root_of_the_condition_number(rng):
    A, b = with_spectrum(rng, np.linspace(1, 400, 60)), rng.normal(size=60)
    errors = run(conjugate_gradient(A, b), steps=30).iterates - np.linalg.solve(A, b)
    size = np.sqrt(np.einsum("ki,ij,kj->k", errors, A, errors))
    q = (20 - 1) / (20 + 1)
    assert np.all(size <= 2 * q ** np.arange(31) * size[0] * (1 + 1e-9))


def test_as_many_steps_as_clusters_of_eigenvalues(rng):
    A, b = with_spectrum(rng, np.repeat([1.0, 50.0, 1000.0], 20)), rng.normal(size=60)
    theta = run(conjugate_gradient(A, b), steps=3).theta
    assert gradient_norm(lambda t: A @ t - b, theta) <= 1e-9 * np.linalg.norm(b)


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


@pytest.mark.parametrize("A", [np.diag([1.0, 0.0]), np.zeros((2, 2))])
def test_a_direction_without_curvature_is_refused(A):
    with pytest.raises(ValueError, match=r"^A = .*must be positive definite.* is 0$"):
        list(conjugate_gradient(A, [0.0, 1.0]))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("form", [np.array, scipy.sparse.csr_array])
def test_a_matrix_may_miss_symmetry_by_a_ten_billionth_of_its_largest_entry(size, form):
    A = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]]) * size
    for share, fine in ((0.9, True), (1.1, False), (-1.1, False)):
        nearly = A.copy()
        nearly[0, 1] += share * 1e-10 * 4 * size
        if fine:
            theta = run(conjugate_gradient(form(nearly), size * np.ones(3)), steps=3).theta
            np.testing.assert_allclose(A @ theta, size, rtol=1e-9)
        else:
            with pytest.raises(ValueError, match=r"^A = .*must be symmetric"):
                conjugate_gradient(form(nearly), size * np.ones(3))


def test_from_another_start_the_residual_is_what_is_left_there_and_none_is_the_end(rng):
    A, b, start = with_spectrum(rng, np.linspace(1, 5, 4)), rng.normal(size=4), rng.normal(size=4)
    stream = conjugate_gradient(A, b, start)
    for theta in itertools.islice(stream, 4):
        np.testing.assert_allclose(stream.state["residual"], b - A @ theta, atol=1e-13)
    np.testing.assert_allclose(theta, np.linalg.solve(A, b), rtol=1e-10)
    solved = conjugate_gradient(np.eye(2), [1.0, 2.0], [1.0, 2.0])
    assert list(solved) == []
    assert solved.reason == "solved"


@pytest.mark.parametrize("name", ["A", "M"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([[1.0, 2.0], [0.0, 1.0]], "must be symmetric"),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], r"must be square, not \(2, 3\)"),
        (np.eye(3), "has 3 rows, but b has 2 entries"),
        (np.zeros((0, 0)), "must have at least one row"),
        ([[np.nan, 0.0], [0.0, 1.0]], "finite"),
        (scipy.sparse.csr_array([[1.0, 2.0], [0.0, 1.0]]), "must be symmetric"),
        (scipy.sparse.linalg.aslinearoperator(np.ones((2, 3))), r"must be square, not \(2, 3\)"),
        (scipy.sparse.csr_array(np.ones((3, 2))), r"must be square, not \(3, 2\)"),
    ],
)
def test_what_is_no_square_symmetric_matrix_of_the_size_of_b_is_refused_by_name(name, value, words):
    with pytest.raises(ValueError, match=f"^{name} = .*{words}"):
        conjugate_gradient(**{"A": np.eye(2), "b": [1.0, 2.0], "M": np.eye(2)} | {name: value})


def test_a_start_of_another_length_and_curvature_that_is_negative_or_none_are_refused():
    with pytest.raises(ValueError, match=r"^theta = .*must have the shape of b, \(2,\)"):
        conjugate_gradient(np.eye(2), [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match=r"^A = .*must be positive definite.* is -14$"):
        list(conjugate_gradient([[-2.0, -1.0], [-1.0, -2.0]], [1.0, 2.0]))
    with pytest.raises(NonFiniteError, match=r"^A returned .*nan"):
        list(conjugate_gradient(lambda d: d * np.nan, [1.0, 2.0]))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([1e-150, 1e-6, 1.0, 1e6, 1e150]),
    length=st.sampled_from([1e-30, 1e-6, 1.0, 1e6, 1e30]),
    preconditioned=st.booleans(),
)
def test_the_end_comes_in_the_same_step_whatever_the_units(seed, size, length, preconditioned):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    A, b = with_spectrum(rng, np.logspace(0, 3, n)), rng.normal(size=n)
    size, length = (np.exp2(np.round(np.log2(number))) for number in (size, length))  # powers of two change no digit
    M = np.diag(1 / np.diag(A)) if preconditioned else None
    plain = list(conjugate_gradient(A, b, M=M))
    stream = conjugate_gradient(size * A, length * b, M=M)
    np.testing.assert_array_equal([theta / length * size for theta in stream], plain)
    assert stream.reason == "solved"
    assert np.abs(b - A @ plain[-1]).max() <= 1e-13 * (np.abs(b).max() + np.abs(A).max() * np.abs(plain[-1]).max())


def test_run_to_its_end_a_small_positive_definite_matrix_is_not_taken_for_another():
    A = 1e-6 * np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]])
    *_, theta = (stream := conjugate_gradient(A, np.ones(3)))
    assert stream.reason == "solved"
    np.testing.assert_allclose(A @ theta, 1, rtol=1e-14)


@pytest.mark.parametrize(("size", "entry"), [(1.0, 1e-170), (1.0, 1e160), (1e20, 1e150)])
def test_numbers_that_cannot_be_squared_are_named(size, entry):
    with pytest.raises(ValueError, match=r"^b = .*is too small or too large.*so scale it$"):
        list(conjugate_gradient(size * np.diag([2.0, 3.0]), [entry, entry]))
    assert list(conjugate_gradient(size * np.diag([2.0, 3.0]), [0.0, 0.0])) == []


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("length", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("preconditioned", [False, True])
def test_in_single_precision_the_end_comes_too_whatever_the_units(size, length, preconditioned, rng):
    A = (size * with_spectrum(rng, np.geomspace(1, 100, 6))).astype(np.float32)
    b = (length * rng.normal(size=6)).astype(np.float32)
    stream = conjugate_gradient(A, b, M=np.diag(1 / np.diag(A)) if preconditioned else None)
    theta = list(itertools.islice(stream, 100))[-1]
    assert (stream.reason, theta.dtype) == ("solved", np.float32)
    np.testing.assert_allclose(theta, np.linalg.solve(A.astype(float), b), rtol=1e-3)


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_what_is_left_of_the_residual_at_the_end_is_beyond_all_digits(dtype, rng):
    A, b = with_spectrum(rng, np.geomspace(1, 50, 6)).astype(dtype), rng.normal(size=6).astype(dtype)
    stream = conjugate_gradient(A, b)
    left = [np.abs(stream.state["residual"]).max() / np.abs(b).max() for _ in stream]
    last = 20 * np.finfo(dtype).eps ** 2
    assert left[-1] <= last < left[-2]


def test_a_complaint_shows_the_matrix():
    with pytest.raises(ValueError, match=r"^A = array\(\[\[ 1., +0.\], \[ 0., -1.\]\]\): must be positive definite"):
        next(conjugate_gradient(np.diag([1.0, -1.0]), [1.0, 2.0]))
    with pytest.raises(ValueError, match=r"^M = array\(\[\[ 1., +0.\], \[ 0., -1.\]\]\): must be positive definite"):
        next(conjugate_gradient(np.eye(2), [1.0, 2.0], M=np.diag([1.0, -1.0])))


@pytest.mark.parametrize("M", [np.diag([1.0, -1.0]), np.diag([1.0, 0.0]), -np.eye(2)])
def test_a_preconditioner_that_is_not_positive_definite_is_named(M):
    with pytest.raises(ValueError, match=r"^M = .*must be positive definite"):
        list(conjugate_gradient(np.diag([2.0, 3.0]), [0.0, 1.0], M=M))


def test_a_preconditioner_that_makes_a_residual_infinitely_long_is_named():
    with pytest.raises(ValueError, match=r"^M = .*rᵀMr is inf"):
        list(conjugate_gradient(1e-200 * np.eye(2), [1e150, 0.0], M=1e20 * np.eye(2)))


def test_what_can_be_applied_is_not_called():
    class Doubling:
        shape, ndim = (2, 2), 2

        def __matmul__(self, d):
            return 2 * d

        def __call__(self, d):
            raise AssertionError("it was called")

    for preconditioner in (None, Doubling()):
        np.testing.assert_array_equal(list(conjugate_gradient(Doubling(), [2.0, 4.0], M=preconditioner)), [[1, 2]])


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
    """Walk down a valley; return (the new gradient, the one before, β, the direction from there, the one before it).

    The directions are those of the page: in units of the gradient.
    """
    valley = problems.rosenbrock()
    stream = nonlinear_cg(valley.loss, valley.grad, valley.start, variant=variant)
    before, direction = valley.grad(valley.start), -valley.grad(valley.start)
    seen = []
    for theta in itertools.islice(stream, steps):
        after = valley.grad(theta)
        new_direction = stream.state["direction"] / stream.state["unit"]
        seen.append((after, before, stream.state["beta"], new_direction, direction))
        before, direction = after, new_direction
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


def test_a_direction_with_a_wall_in_the_way_is_given_up_for_the_steepest():
    valley, tried, wall = problems.rosenbrock(), [], {"normal": np.zeros(2), "corner": np.zeros(2)}

    def loss(theta):
        tried.append(theta)
        return np.inf if wall["normal"] @ (theta - wall["corner"]) > 0 else valley.loss(theta)

    stream = nonlinear_cg(loss, valley.grad, valley.start)
    here = next(theta for theta in stream if stream.state["beta"] != 0)
    direction, grad = stream.state["direction"], valley.grad(here)
    wall |= {"normal": direction / np.linalg.norm(direction) + grad / np.linalg.norm(grad), "corner": here}
    del tried[:]
    there = next(stream)
    assert valley.loss(there) < valley.loss(here)
    rate = np.linalg.norm(there - here) / np.linalg.norm(grad)
    np.testing.assert_allclose(there, here - rate * grad, rtol=1e-12)
    first = here - grad / max(1, np.linalg.norm(grad))
    assert any(np.allclose(theta, first, rtol=1e-12) for theta in tried)
    assert stream.state["last_slope"] == pytest.approx(-grad @ grad * stream.state["unit"] ** 2, rel=1e-14)


@pytest.mark.parametrize("variant", ["FR", "PR+"])
def test_where_even_the_steepest_direction_pays_nothing_it_is_not_tried_twice(variant):
    tried = []
    stream = nonlinear_cg(lambda t: tried.append(float(t[0])) or t[0], lambda t: -np.ones(1), [1.0], variant=variant)
    assert list(stream) == []  # the gradient does not belong to the loss: every step climbs
    assert stream.reason == "stalled"
    assert tried.count(2.0) == 1


def test_beyond_a_kink_where_no_slope_is_flat_the_next_direction_is_downhill_all_the_same():
    turned = 0
    for start in np.linspace(0.55, 1.95, 15):
        stream = nonlinear_cg(lambda t: np.abs(t - 0.1).sum(), lambda t: np.sign(t - 0.1), [start], variant="FR")
        theta = next(stream)
        assert stream.state["direction"] @ np.sign(theta - 0.1) < 0
        if theta < 0.1:  # the old direction and the new gradient cancel: what is left is the steepest
            turned += 1
            assert stream.state["direction"] == 1
            assert (stream.state["slope"], stream.state["beta"]) == (-1, 0)
    assert turned > 0


def test_in_a_pit_with_walls_all_around_it_ends():
    valley, tried, pit = problems.rosenbrock(), [], []

    def loss(theta):
        assert len(tried) < 1000
        tried.append(theta)
        return valley.loss(theta) if not pit or np.array_equal(theta, pit) else np.inf

    stream = nonlinear_cg(loss, valley.grad, valley.start)
    pit.extend(next(theta for theta in stream if stream.state["beta"] != 0))
    assert list(stream) == []
    assert stream.reason == "stalled"


def test_the_first_trial_of_a_step_promises_what_the_last_step_did():
    valley, tried = problems.rosenbrock(), []
    stream = nonlinear_cg(lambda t: tried.append(t) or valley.loss(t), valley.grad, valley.start)
    for _ in range(8):
        here, last = next(stream), dict(stream.state)
        del tried[:]
        next(stream)
        rate = last["rate"] * last["last_slope"] / last["slope"]
        np.testing.assert_allclose(tried[0], here + rate * last["direction"], rtol=1e-12)


@pytest.mark.parametrize("theta", [0.0, [0.0], [[0.0]]])
def test_on_a_parabola_no_slope_is_asked_for_half_way_and_the_end_is_stationary(theta):
    loss, grad = lambda t: 0.25 * np.sum((t - 1) ** 2), lambda t: 0.5 * (t - 1)
    stream = nonlinear_cg(loss, grad, theta)  # the first trial, a step of ‖∇L‖, goes half way
    np.testing.assert_array_equal(list(stream), [np.ones_like(theta)])
    assert stream.reason == "stationary"
    assert stream.evaluations == {"loss": 3, "grad": 2}


def test_a_gradient_that_turned_round_overlaps_too():
    A, b = np.array([[1.09, 0.49], [0.49, 1.0]]), np.array([1.0, 0.0])
    stream = nonlinear_cg(lambda t: 0.5 * t @ A @ t - b @ t, lambda t: A @ t - b, [0.0, 0.0])
    np.testing.assert_array_equal(next(stream), [1, 0])  # flat enough: the slope was −1 and is 0.09
    assert stream.state["beta"] == 0  # 0.09 is more than 0.3 · (0.09² + 0.49²)
    np.testing.assert_allclose(stream.state["direction"], [-0.09, -0.49], rtol=1e-12)


def test_the_very_first_trial_moves_by_one():
    tried = []
    next(nonlinear_cg(lambda t: tried.append(t) or 2.5 * t @ t, lambda t: 5 * t, np.array([3.0, -4.0])))
    np.testing.assert_allclose(tried[1], [2.4, -3.2], rtol=1e-15)  # of a gradient of 25 a 25th


def test_a_gradient_too_short_to_be_squared_is_not_taken_for_none():
    slopes = {1.0: [1.0, 0.0], 0.0: [1e-200, 0.0]}
    stream = nonlinear_cg(lambda t: t[0] ** 2, lambda t: np.array(slopes[t[0]]), [1.0, 1.0])
    np.testing.assert_array_equal(list(stream), [[0, 1]])
    assert stream.reason == "stalled"


def test_an_unknown_variant_is_refused():
    with pytest.raises(ValueError, match=r"^variant = 'HS'"):
        nonlinear_cg(lambda t: t @ t, lambda t: 2 * t, [1.0], variant="HS")
