"""The catalogue against the package, and what every method promises, whatever it is."""

from __future__ import annotations

import contextlib
import copy
import inspect
import re
from itertools import islice

import numpy as np
import pytest
from samples import GOOD, good_arguments, nonsense, parameters

import optcourse
from optcourse import run
from optcourse.arguments import NonFiniteError, refuse, shown
from optcourse.catalogue import METHODS, Method, method, section
from optcourse.streams import Stream


def is_stream(row: Method) -> bool:
    return str(inspect.signature(row.function).return_annotation) in ("Iterates", "Stream")


STREAMS = [row for row in METHODS if is_stream(row)]
every = pytest.mark.parametrize("row", METHODS, ids=lambda row: row.name)
streams = pytest.mark.parametrize("row", STREAMS, ids=lambda row: row.name)
with_gradient = pytest.mark.parametrize(
    "row", [row for row in STREAMS if "grad" in parameters(row)], ids=lambda row: row.name
)


def make(row: Method, **changed) -> Stream:
    return row.function(**{**good_arguments(row), **changed})


# --------------------------------------------------------------------------------------------- the rows


@every
def test_every_method_is_importable_from_the_top_and_documented(row):
    assert getattr(optcourse, row.name) is row.function
    assert row.name in optcourse.__all__
    assert row.function.__module__.startswith(f"optcourse.{row.home}")
    text = inspect.getdoc(row.function)
    for name in parameters(row):
        assert name in text, f"{name} is not in the docstring"
    assert ">>> " in text


FUNCTIONS = [name for name in optcourse.__all__ if inspect.isfunction(getattr(optcourse, name))]
UNPUBLISHED = {"run", "rates", "stream"}  # the loop and its helpers have no paper behind them


def sections_of(function) -> dict[str, str]:
    """The parts of a NumPy docstring, by their headings."""
    parts = re.split(r"^(\w+)\n-{3,}\n", inspect.getdoc(function) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "stream"])
def test_every_function_says_what_it_takes_gives_and_refuses_and_where_it_is_from(name):
    function = getattr(optcourse, name)
    told = sections_of(function)
    assert {"Returns", "Yields"} & set(told)
    assert "ValueError\n    If " in told["Raises"]
    assert name in UNPUBLISHED or re.search(r"\(\d{4}\)|arXiv|As for ", told["References"])
    # "X, y : arrays, shapes …", or "X, y", both as in another function.
    entries = re.findall(r"^(\S.*?)(?: : |(?=\n    As in `))(.*(?:\n    .*)+)", told["Parameters"], re.MULTILINE)
    named = {one.strip("* ") for names, _ in entries for one in names.split(",")}
    assert named == set(inspect.signature(function).parameters)
    for names, text in entries:
        if "array" in text.split("\n")[0]:
            assert re.search(r"shape|float or array|array or float|iterable|dense|any length", text), names


@every
def test_every_row_says_what_when_and_what_a_practitioner_would_write(row):
    for text in (row.title, row.summary, row.when, row.twin):
        assert text.strip() == text != ""
    assert row.summary.endswith(".")
    assert row.when.endswith(".")
    assert "\n" not in row.summary + row.when


def test_rows_stand_in_the_order_of_the_book_each_name_once():
    numbers = [tuple(map(int, row.section.split("."))) for row in METHODS]
    assert numbers == sorted(numbers)
    assert len({row.name for row in METHODS}) == len(METHODS)


def test_a_row_is_found_by_name_and_a_section_by_number():
    assert method("gradient_descent").section == "3.1"
    assert {"numerical_gradient", "check_gradient"} <= {row.name for row in section("3.15")}
    with pytest.raises(ValueError, match=r"^name = 'gradient_ascent': must be one of gradient_descent, "):
        method("gradient_ascent")


def test_everything_exported_exists_and_is_sorted():
    assert optcourse.__all__ == sorted(optcourse.__all__)
    for name in optcourse.__all__:
        assert hasattr(optcourse, name)


# PyTorch's defaults, SciPy's, scikit-learn's, or the papers', where they have one: what is not given is a promise too.
DEFAULTS = {
    "gradient_descent": {"lr": 0.1},
    "momentum": {"lr": 0.01, "beta": 0.9},
    "nesterov": {"lr": 0.01, "beta": 0.9},
    "adagrad": {"lr": 0.01, "eps": 1e-10},
    "rmsprop": {"lr": 0.01, "rho": 0.99, "eps": 1e-8},
    "adadelta": {"rho": 0.9, "eps": 1e-6},
    "adam": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False},
    "adamw": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
    "adamax": {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    "nadam": {"lr": 2e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    "step_decay": {"factor": 0.1, "every": 30},
    "exponential_decay": {"lam": 0.01},
    "cosine_annealing": {"lr_min": 0.0},
    "cosine_restarts": {"growth": 1, "lr_min": 0.0},
    "warmup_cosine": {"lr_min": 0.0},
    "cyclical": {"up": 2000, "factor": 1.0},
    "one_cycle": {"warmup": 0.3, "start": 25.0, "end": 1e4},
    "lr_range_test": {"lr_min": 1e-6, "lr_max": 10.0, "steps": 100, "memory": 0.9, "notch": 10.0},
    "early_stopping": {"patience": 10, "min_delta": 0.0},
    "newton": {"lr": 1.0},
    "damped_newton": {"least_curvature": 1e-8},
    "lbfgs": {"memory": 10},
    "backtracking": {"lr": 1.0, "c1": 1e-4, "shrink": 0.5},
    "strong_wolfe": {"lr": 1.0, "c1": 1e-4, "c2": 0.9, "evaluations": 60},
    "nonlinear_cg": {"variant": "PR+"},
    "is_convex_on": {"samples": 2000},
    "is_psd": {"tol": 1e-12},
    "project_simplex": {"radius": 1.0},
    "projected_gradient": {"lr": 0.1},
    "active_set_qp": {"max_steps": 1000},
    "augmented_lagrangian": {"penalty": 10.0},
    "svm_dual": {"C": 1.0, "tol": 1e-10},
    "lasso": {"tol": 1e-14},
    "lasso_path": {"n_lams": 50, "tol": 1e-8},
    "simplex": {"rule": "steepest"},
    "interior_point": {"tol": 1e-9},
    "vertices": {"tol": 1e-9},
    "genetic_algorithm": {"population_size": 50, "selection": "tournament", "pressure": 2, "elite": 1},
    "evolution_strategy": {"sigma": 0.3, "parents": 5, "children": 35},
    "cma_es": {"sigma": 0.3},
    "differential_evolution": {"F": 0.5, "CR": 0.9, "variant": "rand/1/bin"},
    "fista": {"restart": "gradient"},
    "prox_simplex": {"radius": 1.0},
    "numerical_gradient": {"scheme": "central"},
    "relative_error": {"delta": 1e-12},
    "check_gradient": {"scheme": "central"},
    "check_directions": {"directions": 10},
    "check_hessian_vector": {"directions": 5},
}


@every
def test_what_is_not_given_is_what_it_has_always_been(row):
    absent = (inspect.Parameter.empty, None, ())
    taken = {name: one.default for name, one in parameters(row).items() if one.default not in absent}
    assert taken == DEFAULTS.get(row.name, {})


# ------------------------------------------------------------------------------------------ every stream


@streams
def test_a_stream_yields_iterates_shaped_like_its_start(row):
    made = make(row)
    assert isinstance(made, Stream)
    assert made.method == row.name
    iterates = list(islice(made, 4))
    assert iterates
    for theta in iterates:
        assert np.isfinite(theta).all()
        assert np.shape(theta) == np.shape(iterates[0] if made.start is None else made.start)
        assert np.asarray(theta).dtype.kind == "f" or made.start is None


@streams
def test_the_variables_named_in_the_catalogue_are_in_the_state(row):
    made = make(row)
    next(made)
    assert set(row.state) <= set(made.state)
    assert not [name for name in row.state if made.state[name] is None]


@streams
def test_iterates_already_given_out_do_not_change(row):
    made = make(row)
    given = list(islice(made, 3))
    kept = copy.deepcopy(given)
    list(islice(made, 3))
    assert all(np.array_equal(one, other) for one, other in zip(given, kept, strict=True))


@streams
def test_two_streams_of_one_call_share_no_state(row):
    alone = list(islice(make(row), 6))
    one, other = make(row), make(row)
    woven = [(next(one, None), next(other, None)) for _ in alone]
    for expected, (mine, yours) in zip(alone, woven, strict=True):
        assert np.array_equal(mine, expected)
        assert np.array_equal(yours, expected)


@every
def test_no_method_changes_its_arguments(row):
    arguments = good_arguments(row)
    before = copy.deepcopy({name: value for name, value in arguments.items() if isinstance(value, np.ndarray)})
    result = row.function(**arguments)
    if isinstance(result, Stream):
        list(islice(result, 4))
    for name, value in before.items():
        assert np.array_equal(arguments[name], value), name


@streams
def test_run_ends_and_says_why(row):
    trace = run(make(row), steps=30)
    assert trace.reason
    assert trace.steps <= 30
    assert np.isfinite(trace.iterates).all()
    assert trace.method in repr(trace)


# Take NaN for "outside the domain", step back, and end with a word of their own if that does not help.
STEPS_BACK = {"newton_kkt"}


@with_gradient
@pytest.mark.parametrize("good_for", [0, 2])
def test_a_gradient_that_turns_nan_is_raised_by_hand_and_named_by_run(row, good_for):
    calls = []

    def turning_nan():
        calls.clear()

        def grad(theta, *more):
            calls.append(1)
            slope = good_arguments(row)["grad"](theta, *more)
            return slope if len(calls) <= good_for else np.nan * slope

        return grad

    def consume():
        for _ in islice(make(row, grad=turning_nan()), 200):
            pass

    if row.name in STEPS_BACK:
        assert run(make(row, grad=turning_nan()), steps=200).reason in ("stalled", "non-finite")
        return
    with pytest.raises(NonFiniteError, match=r"^grad returned .*nan"):
        consume()
    trace = run(make(row, grad=turning_nan()), steps=200)
    assert trace.reason == "non-finite"
    assert trace.message.startswith("grad returned")
    assert np.isfinite(trace.iterates).all()


@with_gradient
def test_a_gradient_of_another_shape_is_refused_by_name(row):
    made = make(row, grad=lambda theta, *more: np.zeros(np.size(theta) + 1))
    with pytest.raises(ValueError, match=r"^grad = .*must return shape"):
        list(islice(made, 50))


ELEMENTWISE = {
    "grad": lambda theta: 2 * theta,
    "loss": lambda theta: float(np.sum(theta**2)),
    "prox": lambda v, t: v / (1 + t),
    "project": lambda theta: np.clip(theta, -1, 1),
    "lr": 0.05,
}
ANY_SHAPE = [
    row
    for row in STREAMS
    if {name for name, one in parameters(row).items() if one.default is inspect.Parameter.empty}
    <= {"theta", *ELEMENTWISE}
    and "theta" in parameters(row)
]


@pytest.mark.parametrize("row", ANY_SHAPE, ids=lambda row: row.name)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)])
def test_first_order_methods_take_a_start_of_any_shape_and_keep_it(row, shape):
    needed = {name: value for name, value in ELEMENTWISE.items() if name in parameters(row)}
    made = row.function(theta=np.full(shape, 0.7), **needed)
    first = next(made)
    assert np.shape(first) == shape
    assert np.max(np.abs(first)) < 0.7  # downhill
    flat = next(row.function(theta=np.full(int(np.prod(shape)), 0.7), **needed))
    assert np.ravel(first) == pytest.approx(flat, rel=1e-12)


@pytest.mark.parametrize("row", ANY_SHAPE, ids=lambda row: row.name)
def test_first_order_methods_keep_single_precision(row):
    needed = {name: value for name, value in ELEMENTWISE.items() if name in parameters(row)}
    for theta in islice(row.function(theta=np.full(3, 0.7, np.float32), **needed), 3):
        assert theta.dtype == np.float32


# ---------------------------------------------------------------------------------------------- bad input

BAD = [
    pytest.param(row, name, value, id=f"{row.name}-{name}-{shown(value, 16)}")
    for row in METHODS
    for name in parameters(row)
    for value in nonsense(row, name)
]


@every
def test_for_every_argument_some_nonsense_is_known(row):
    assert [name for name in parameters(row) if not nonsense(row, name)] == [], "add some to tests/samples.py"


def as_told(name, value):
    """The beginning of a complaint: the value as it was given, or as the array it was taken for."""
    yield str(refuse(name, value, ""))
    if isinstance(value, list):
        with contextlib.suppress(TypeError, ValueError):
            yield str(refuse(name, np.array(value, float), ""))


@pytest.mark.parametrize(("row", "name", "value"), BAD)
def test_nonsense_is_refused_at_the_call_with_the_arguments_name_and_value(row, name, value):
    with pytest.raises(ValueError, match=rf"^{name} = ") as refusal:
        make(row, **{name: value})
    assert str(refusal.value).startswith(tuple(as_told(name, value)))


@every
def test_none_is_refused_where_it_is_not_the_default(row):
    for name, one in parameters(row).items():
        if name in GOOD and one.default is inspect.Parameter.empty:
            with pytest.raises(ValueError, match=rf"^{name} = None"):
                make(row, **{name: None})
