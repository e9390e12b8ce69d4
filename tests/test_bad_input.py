"""Whatever is wrong with what a method is given, it says so: in an error that names it, or in the word it ends with.

`test_catalogue.py` refuses single arguments. Here are pairs that do not fit each other, problems without an answer, and
functions that turn bad midway.
"""

from __future__ import annotations

import inspect
from itertools import islice

import numpy as np
import pytest
from samples import CURVATURE, good_arguments, parameters

from optcourse import LinearProgram, QuadraticProgram, run
from optcourse.arguments import NonFiniteError
from optcourse.catalogue import METHODS, method
from optcourse.streams import Stream


def result(row, **changed):
    made = row.function(**{**good_arguments(row), **changed})
    return list(islice(made, 60)) if isinstance(made, Stream) else made


def call(name, **changed):
    return result(method(name), **changed)


# ------------------------------------------------------------------------------------- arguments that do not fit

UNEQUAL = QuadraticProgram(np.eye(2), [0.0, 0.0], A_ub=[[1.0, 0.0]], b_ub=[1.0])
MISFITS = [
    ("smoothness", {"A": [[1.0, 2.0], [0.0, 1.0]]}, "A"),
    ("smoothness", {"A": [[1.0, 2.0, 3.0], [2.0, 1.0, 0.0]]}, "A"),
    ("smoothness", {"A": np.zeros((0, 0))}, "A"),
    ("sgd", {"batch_size": 6}, "batch_size"),
    ("sgd", {"lr": lambda step: -0.1}, "lr"),
    ("gradient_descent", {"lr": lambda step: np.nan}, "lr"),
    ("minibatches", {"batch_size": 6}, "batch_size"),
    ("optimal_momentum", {"mu": 10.0}, "mu"),
    ("cosine_annealing", {"lr_min": 0.1}, "lr_min"),
    ("cosine_restarts", {"lr_min": 0.1}, "lr_min"),
    ("warmup_cosine", {"warmup": 20}, "warmup"),
    ("warmup_cosine", {"lr_min": 0.1}, "lr_min"),
    ("cyclical", {"lr_min": 0.2}, "lr_min"),
    ("one_cycle", {"T": 3}, "warmup"),
    ("lr_range_test", {"lr_min": 20.0}, "lr_min"),
    ("lr_range_test", {"steps": 1}, "steps"),
    ("lr_range_test", {"loss": lambda theta: np.nan}, "loss"),
    ("lr_range_test", {"method": lambda lr: None}, "method"),
    ("lr_range_test", {"method": lambda lr: 1.0}, "method"),
    ("early_stopping", {"loss": lambda theta: np.nan}, "loss"),
    ("early_stopping", {"iterates": np.array(1.0)}, "iterates"),
    ("early_stopping", {"iterates": "words"}, "iterates"),
    ("early_stopping", {"iterates": [[1.0], [1.0, np.nan]], "loss": np.sum}, "iterates"),
    ("early_stopping", {"iterates": [None, 1.0]}, "iterates"),
    ("newton", {"hess": lambda theta: np.zeros((2, 2))}, "hess"),
    ("newton", {"hess": lambda theta: np.eye(3)}, "hess"),
    ("damped_newton", {"hess": lambda theta: np.eye(3)}, "hess"),
    ("backtracking", {"direction": [1.0]}, "direction"),
    ("backtracking", {"direction": [1.0, -3.0]}, "direction"),
    ("strong_wolfe", {"direction": [[-1.0, 3.0]]}, "direction"),
    ("strong_wolfe", {"direction": [1.0, -3.0]}, "direction"),
    ("strong_wolfe", {"c1": 0.9}, "c1"),
    ("strong_wolfe", {"loss": lambda theta: -theta @ [1.0, -3.0]}, "direction"),
    ("conjugate_gradient", {"A": [[1.0, 2.0], [0.0, 1.0]]}, "A"),
    ("conjugate_gradient", {"A": np.diag([1.0, -1.0])}, "A"),
    ("conjugate_gradient", {"A": np.eye(3)}, "A"),
    ("conjugate_gradient", {"theta": np.zeros(3)}, "theta"),
    ("is_convex_on", {"low": [3.0, 3.0]}, "low"),
    ("is_convex_on", {"low": [0.0, 0.0, 0.0]}, "low"),
    ("is_convex_on", {"f": lambda theta: np.nan}, "f"),
    ("is_convex_on", {"f": lambda theta: np.nan if theta[0] > 1.9 else theta @ theta}, "f"),
    ("is_psd", {"A": [[1.0, 2.0], [0.0, 1.0]]}, "A"),
    ("is_psd", {"A": np.ones((2, 3))}, "A"),
    ("project_simplex", {"v": [[1.0]]}, "v"),
    ("duality_gap", {"x": [9.0, 9.0]}, "x"),
    ("duality_gap", {"x": [1.0, 0.0, 0.0]}, "x"),
    ("duality_gap", {"nu": [0.1, 0.2]}, "nu"),
    ("duality_gap", {"mu": [0.1]}, "mu"),
    (
        "solve_equality_qp",
        {"program": QuadraticProgram(np.eye(2), [0.0, 0.0], A_ub=[[1.0, 0.0]], b_ub=[1.0])},
        "program",
    ),
    ("newton_kkt", {"A": np.eye(3)}, "A"),
    ("newton_kkt", {"b": [1.0, 2.0]}, "A"),
    ("active_set_qp", {"x": [9.0, 9.0]}, "x"),
    ("active_set_qp", {"x": [1.0, 0.0, 0.0]}, "x"),
    ("svm_dual", {"y": [1.0, -1.0]}, "y"),
    ("svm_dual", {"y": [1.0, -1.0, 2.0, 0.5, 0.0]}, "y"),
    ("svm_dual", {"y": np.ones(5)}, "y"),
    ("svm_dual", {"X": np.zeros((0, 2)), "y": []}, "X|y"),
    ("svm_dual", {"theta": 0.5}, "theta"),
    ("svm_dual", {"theta": [0.5, 0.5]}, "theta"),
    ("svm_dual", {"theta": [0.5, 0.4, 0.0, 0.0, 0.0]}, "theta"),  # Σ θ_i y_i = 0.1
    ("svm_dual", {"theta": [-0.1, 0.0, 0.1, 0.0, 0.0]}, "theta"),
    ("svm_dual", {"theta": [1.5, 1.5, 0.0, 0.0, 0.0]}, "theta"),  # above C
    ("lasso_cd", {"y": [1.0, -1.0]}, "X|y"),
    ("lasso_cd", {"X": np.zeros((0, 2)), "y": []}, "X|y"),
    ("lasso_cd", {"X": np.zeros((5, 0))}, "X"),
    ("lasso_cd", {"theta": np.zeros(3)}, "theta"),
    ("lasso_path", {"y": [1.0, -1.0]}, "X|y"),
    ("lasso_path", {"X": np.zeros((0, 2)), "y": []}, "X|y"),
    ("lasso_path", {"lams": [1.0, 2.0]}, "lams"),
    ("lasso_path", {"lams": [1.0, -2.0]}, "lams"),
    ("lasso_path", {"lams": []}, "lams"),
    ("branch_and_bound", {"integers": [7]}, "integers"),
    ("vertices", {"program": LinearProgram(c=[1.0, 1.0, 1.0])}, "program"),
    ("crossover", {"parent": [0, 1, 0, 1, 1]}, "other"),
    ("crossover", {"cut": 5}, "cut"),
    ("genetic_algorithm", {"population_size": 5}, "population_size"),
    ("genetic_algorithm", {"population_size": 2}, "population_size"),
    ("genetic_algorithm", {"elite": 50}, "elite"),
    ("evolution_strategy", {"children": 3}, "children"),
    ("cma_es", {"children": 1}, "children"),
    ("cma_es", {"theta": 1.0}, "theta"),
    ("cma_es", {"theta": [[1.0, 2.0]]}, "theta"),
    ("evolution_strategy", {"theta": 1.0}, "theta"),
    ("evolution_strategy", {"theta": [[1.0, 2.0]]}, "theta"),
    ("is_convex_on", {"low": [-1e308, 0.0], "high": [1e308, 1.0]}, "low"),
    ("differential_evolution", {"low": [-1e308, 0.0], "high": [1e308, 1.0]}, "low"),
    ("svm_dual", {"X": 1e200 * np.ones((5, 2))}, "X"),
    ("lasso", {"X": 1e200 * np.ones((5, 2))}, "X"),
    ("lasso_cd", {"y": 1e-200 * np.ones(5)}, "y"),
    ("coordinate_descent", {"theta": 1.0}, "theta"),
    ("coordinate_descent", {"minimise": lambda theta, j: theta}, "minimise"),
    ("branch_and_bound", {"integers": [[0], [0, 1]]}, "integers"),
    ("differential_evolution", {"population_size": 3}, "population_size"),
    ("differential_evolution", {"low": [3.0, 3.0]}, "low"),
    ("differential_evolution", {"low": [0.0, 0.0, 0.0]}, "low"),
    ("prox_box", {"low": [3.0, 3.0, 3.0]}, "low"),
    ("prox_box", {"low": [0.0, 0.0]}, "low|high"),
    ("prox_box", {"low": [[0.0], [0.0, 1.0]]}, "low"),
    ("prox_group", {"groups": [[0, 1], [1, 2]]}, "groups"),
    ("prox_simplex", {"v": []}, "v"),
    ("prox_tv1d", {"v": [[1.0, 2.0]]}, "v"),
    ("prox_nuclear", {"v": [1.0, 2.0]}, "v"),
    ("relative_error", {"a": [1.0, 2.0, 3.0]}, "a|b"),
    ("numerical_gradient", {"eps": 1e-300}, "eps"),
    ("numerical_gradient", {"f": lambda theta: np.nan}, "f"),
    ("check_gradient", {"grad": lambda theta: np.zeros(3)}, "grad"),
    ("check_hessian_vector", {"hvp": lambda theta, v: np.zeros(3)}, "hvp"),
]


@pytest.mark.parametrize(
    ("name", "changed", "blamed"), MISFITS, ids=[f"{n}-{'-'.join(c)}-{k}" for k, (n, c, _) in enumerate(MISFITS)]
)
def test_arguments_that_do_not_fit_are_refused_with_the_name_of_one_of_them(name, changed, blamed):
    with pytest.raises(ValueError, match=rf"^({blamed})( = | returned |: )"):
        call(name, **changed)


@pytest.mark.parametrize(
    ("arguments", "blamed"),
    [
        ({"Q": [[1.0, 2.0], [0.0, 1.0]], "c": [0.0, 0.0]}, "Q|A"),
        ({"Q": np.diag([1.0, -1.0]), "c": [0.0, 0.0]}, "Q"),
        ({"Q": np.eye(3), "c": [0.0, 0.0]}, "Q"),
        ({"Q": np.eye(2), "c": [0.0, np.nan]}, "c"),
        ({"Q": np.eye(2), "c": [0.0, 0.0], "A_eq": [[1.0]], "b_eq": [1.0]}, "A_eq"),
        ({"Q": np.eye(2), "c": [0.0, 0.0], "A_ub": [[1.0, 1.0]]}, "A_ub"),
        ({"Q": np.eye(2), "c": [0.0, 0.0], "b_ub": [1.0]}, "A_ub"),
    ],
)
def test_a_quadratic_program_that_is_none_is_refused(arguments, blamed):
    with pytest.raises(ValueError, match=rf"^({blamed}) = "):
        QuadraticProgram(**arguments)


@pytest.mark.parametrize(
    ("arguments", "blamed"),
    [
        ({"c": []}, "c"),
        ({"c": [np.nan]}, "c"),
        ({"c": [1.0], "A_ub": [[1.0, 2.0]], "b_ub": [1.0]}, "A_ub"),
        ({"c": [1.0], "A_eq": [[1.0]], "b_eq": [1.0, 2.0]}, "A_eq"),
        ({"c": [1.0], "A_eq": [[np.inf]], "b_eq": [1.0]}, "A_eq"),
        ({"c": [1.0], "bounds": [(2.0, 1.0)]}, "bounds"),
        ({"c": [1.0], "bounds": [(0.0, 1.0)] * 2}, "bounds"),
        ({"c": [1.0], "bounds": [(np.nan, 1.0)]}, "bounds"),
        ({"c": [1.0], "bounds": 3}, "bounds"),
    ],
)
def test_a_linear_program_that_is_none_is_refused(arguments, blamed):
    with pytest.raises(ValueError, match=rf"^{blamed} = "):
        LinearProgram(**arguments)


# ------------------------------------------------------------------------------------ problems without an answer

EMPTY = LinearProgram(c=[1.0, 1.0], A_ub=[[1.0, 1.0]], b_ub=[-1.0])
BOTTOMLESS = LinearProgram(c=[-1.0, 0.0], A_ub=[[-1.0, 1.0]], b_ub=[1.0])
SINGULAR = QuadraticProgram(np.eye(2), [0.0, 0.0], A_eq=[[1.0, 1.0], [2.0, 2.0]], b_eq=[1.0, 2.0])
FLAT = QuadraticProgram(np.zeros((2, 2)), [1.0, 1.0], A_eq=[[1.0, 1.0]], b_eq=[1.0])

NO_ANSWER = [
    ("simplex", {"program": EMPTY}, "infeasible"),
    ("simplex", {"program": BOTTOMLESS}, "unbounded"),
    ("interior_point", {"program": EMPTY}, "infeasible"),
    ("interior_point", {"program": BOTTOMLESS}, "unbounded"),
    ("branch_and_bound", {"program": EMPTY}, "infeasible"),
    ("branch_and_bound", {"program": BOTTOMLESS}, "unbounded"),
]


@pytest.mark.parametrize(
    ("name", "changed", "word"), NO_ANSWER, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_problem_without_an_answer_ends_with_a_word_that_says_so(name, changed, word):
    row = method(name)
    trace = run(row.function(**{**good_arguments(row), **changed}), steps=1000)
    assert trace.reason == word
    assert np.isfinite(trace.iterates).all()


@pytest.mark.parametrize(
    ("name", "changed", "blamed"),
    [
        ("solve_equality_qp", {"program": SINGULAR}, "A"),
        ("solve_equality_qp", {"program": FLAT}, "A"),
        ("newton_kkt", {"A": [[1.0, 1.0], [2.0, 2.0]], "b": [1.0, 2.0]}, "A"),
        ("newton_kkt", {"hess": lambda theta: np.zeros((2, 2))}, "A|hess"),
        ("active_set_qp", {"program": FLAT}, "A|program"),
    ],
)
def test_a_singular_kkt_matrix_is_blamed_on_what_made_it_singular(name, changed, blamed):
    with pytest.raises(ValueError, match=rf"^({blamed}) = .*(singular|curvature)"):
        call(name, **changed)


def test_newton_follows_an_indefinite_hessian_to_the_saddle_and_the_damped_method_goes_down():
    # Not an error: the plain method does what its formula says, which the chapter shows. It is named there.
    saddle = {"grad": lambda theta: np.array([theta[0], -theta[1]]), "hess": lambda theta: np.diag([1.0, -1.0])}
    assert call("newton", **saddle)[-1] == pytest.approx([0.0, 0.0], abs=1e-12)
    made = method("damped_newton").function(
        loss=lambda theta: 0.5 * (theta[0] ** 2 - theta[1] ** 2), theta=[1.0, 0.5], **saddle
    )
    losses = [0.5 * (theta[0] ** 2 - theta[1] ** 2) for theta in islice(made, 5)]
    assert np.all(np.diff(losses) < 0)


# ------------------------------------------------------------------------------- functions that turn bad midway

CALLED = ("grad", "grad_i", "hess", "loss", "losses", "prox", "project", "minimise", "constraint", "jacobian", "A", "M")
MIDWAY = [
    pytest.param(row, name, good_for, id=f"{row.name}-{name}-{good_for}")
    for row in METHODS
    if "Iterates" in str(inspect.signature(row.function).return_annotation)
    for name in CALLED
    if name in parameters(row) and (name in ("A", "M")) <= (row.name == "conjugate_gradient")
    for good_for in (0, 1, 5)
]


def turning(function, good_for, into):
    def turned(*arguments):
        turned.calls += 1
        answer = function(*arguments)
        return answer if turned.calls <= good_for else into * np.ones_like(answer, dtype=float)

    turned.calls = 0
    return turned


OPERATORS = {"A": lambda v: CURVATURE @ v, "M": lambda v: v / np.array([3.0, 2.0])}


# The words with which a method may end when what it needs is no number. None of them is "optimal" or "converged".
GAVE_UP = {"non-finite", "stalled"}


@pytest.mark.parametrize(("row", "name", "good_for"), MIDWAY)
def test_nan_midway_is_named_and_never_handed_on(row, name, good_for):
    given, word = [], None
    arguments = good_arguments(row)
    turned = arguments[name] = turning(OPERATORS.get(name) or arguments[name], good_for, np.nan)
    made = row.function(**arguments)
    try:
        for theta in islice(made, 60):
            given.append(np.copy(theta))
        word = made.reason
    except NonFiniteError as complaint:
        assert str(complaint).startswith(f"{name} returned")  # noqa: PT017
        word = "non-finite"
    assert np.isfinite(given).all()
    assert word in GAVE_UP or turned.calls <= good_for  # or it was done before


SEARCHES = [method(name) for name in ("backtracking", "strong_wolfe")]


@pytest.mark.parametrize("row", SEARCHES, ids=lambda row: row.name)
@pytest.mark.parametrize("name", ["loss", "grad"])
def test_a_line_search_from_where_nothing_is_defined_says_what_is_not(row, name):
    with pytest.raises(NonFiniteError, match=rf"^{name} returned .*nan.* at theta = "):
        result(row, **{name: lambda theta: np.nan * theta if name == "grad" else np.nan})


def test_a_line_search_steps_back_from_where_the_loss_is_not_defined_and_names_a_slope_that_is_not():
    loss, grad = (lambda t: (t - 1) ** 2 if t < 1.5 else np.nan), lambda t: 2 * (t - 1)
    for row in SEARCHES:
        assert loss(row.function(loss, grad, 0.0, 1.0, lr=4.0).theta) < 1
    with pytest.raises(NonFiniteError, match=r"^grad returned .*nan"):
        method("strong_wolfe").function(lambda t: (t - 1) ** 2, lambda t: -1.0 if t == 0 else np.nan, 0.0, 1.0)


SHAPED = [
    pytest.param(row, name, id=f"{row.name}-{name}")
    for row in METHODS
    for name in ("grad", "grad_i", "hess", "losses", "loss", "prox", "project", "minimise", "f", "A", "M")
    if name in parameters(row) and (name in ("A", "M")) <= (row.name == "conjugate_gradient")
]


@pytest.mark.parametrize(("row", "name"), SHAPED)
@pytest.mark.parametrize("answer", [None, np.zeros((7, 7)), "up", 1j], ids=["None", "matrix", "word", "complex"])
def test_an_answer_of_another_kind_is_refused_with_the_functions_name(row, name, answer):
    with pytest.raises(ValueError, match=rf"^{name} = .*(must (return|be)|returned None)"):
        result(row, **{name: lambda *arguments: answer})


DRIVEN = [row for row in METHODS if "lr" in parameters(row) and parameters(row)["lr"].annotation == "Rate"]


@pytest.mark.parametrize("row", DRIVEN, ids=lambda row: row.name)
@pytest.mark.parametrize("rate", [None, "0.1", 1j, np.nan, np.inf, -0.1, [0.1], 10**400], ids=str)
def test_a_schedule_that_turns_into_something_else_is_refused_with_the_step(row, rate):
    made = row.function(**{**good_arguments(row), "lr": lambda step: 0.01 if step < 2 else rate})
    assert all(np.isfinite(next(made)).all() for _ in range(2))
    with pytest.raises(ValueError, match=r"^lr = .*: the schedule must return a finite number ≥ 0 at step 2"):
        next(made)


# ------------------------------------------------------------------------- functions with habits of their own

ASKED = [one for one in MIDWAY if one.values[2] == 5]


def answers(row, **changed):
    made = row.function(**{**good_arguments(row), **changed})
    return [np.copy(theta) for theta in islice(made, 12)], made.reason


def original(row, name):
    return OPERATORS.get(name) or good_arguments(row)[name]


@pytest.mark.parametrize(("row", "name", "_"), ASKED)
def test_a_function_that_writes_all_its_answers_into_one_buffer_changes_no_iterate(row, name, _):
    function, buffers = original(row, name), {}

    def buffered(*arguments):
        answer = np.asarray(function(*arguments), dtype=float)
        return np.copyto(buffers.setdefault(answer.shape, np.empty(answer.shape)), answer) or buffers[answer.shape]

    expected, word = answers(row, **{name: function})
    found, same_word = answers(row, **{name: buffered})
    assert word == same_word
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("row", "name", "_"), ASKED)
def test_a_function_that_would_change_what_it_is_asked_about_is_refused(row, name, _):
    function = original(row, name)

    def careless(theta, *others):
        theta *= 0.5
        return function(theta, *others)

    with pytest.raises(ValueError, match=rf"^{name} = .*: must not change its argument: let it work on a copy$"):
        answers(row, **{name: careless})


def test_another_error_of_a_function_is_its_own_and_leaves_the_argument_as_it_was():
    seen = []

    def failing(theta):
        seen.append(theta)
        raise ValueError("no data")

    descent = method("gradient_descent").function(failing, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^no data$"):
        next(descent)
    assert seen[0].flags.writeable


SQUARING = ["adagrad", "rmsprop", "adadelta", "adam", "adamw", "nadam"]


@pytest.mark.parametrize("name", SQUARING)
@pytest.mark.parametrize(("dtype", "fits", "size"), [(float, 1e149, 1e151), (np.float32, 1e15, 1e16)], ids=str)
def test_a_gradient_whose_squares_no_float_holds_is_refused_where_squares_are_taken(name, dtype, fits, size):
    start = np.ones(2, dtype)
    assert np.isfinite(list(islice(method(name).function(lambda t: fits * t, start), 5))).all()
    with pytest.raises(NonFiniteError, match=r"^grad returned .*e\+.*: too large for float.*scale the loss down$"):
        next(method(name).function(lambda t: size * t, start))


@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "nesterov", "adamax"])
@pytest.mark.parametrize(("dtype", "size"), [(float, 1e299), (np.float32, 1e29)], ids=str)
def test_where_no_squares_are_taken_a_gradient_may_be_as_large_as_can_be_multiplied(name, dtype, size):
    first = method(name).function(lambda t: size * t, np.ones(2, dtype), lr=1e-30)
    assert np.isfinite(next(first)).all()


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_descent_that_explodes_ends_in_an_error_before_a_float_overflows(dtype):
    seen = []
    made = map(seen.append, method("gradient_descent").function(lambda t: 3 * t, np.ones(2, dtype), lr=1e3))
    with pytest.raises(NonFiniteError, match=r"^grad returned .* too large .* take smaller steps"):
        list(made)
    assert np.isfinite(seen).all()
