"""The uniform rule of streams, and `run`, which consumes them."""

from __future__ import annotations

import math
import platform
import subprocess
import sys
import time
import tracemalloc
from itertools import islice

import numpy as np
import pytest

from optcourse import gradient_descent, gradient_norm, momentum, rates, run, stream
from optcourse.arguments import NonFiniteError
from optcourse.streams import Counted, _make_room


def slope(theta):
    return 2 * theta


def loss(theta):
    return np.sum(theta**2)


def nan_after(calls: int):
    """A gradient that works for a while."""
    seen = []

    def grad(theta):
        seen.append(theta)
        return 2 * theta if len(seen) <= calls else np.nan * theta

    return grad


# ------------------------------------------------------------------------------------- the uniform rule


def test_a_stream_yields_iterates_from_the_first_step_on_and_keeps_the_start_apart():
    descent = gradient_descent(slope, 4.0, lr=0.1)
    assert descent.start == 4.0
    assert list(islice(descent, 2)) == pytest.approx([3.2, 2.56])


def test_state_shows_the_variables_of_the_page_as_they_are_after_the_last_iterate():
    descent = momentum(slope, 4.0, lr=0.1, beta=0.5)
    next(descent), next(descent)
    assert descent.state["velocity"] == pytest.approx(10.4)  # 0.5 * 8 + 2 * 3.2


def test_state_outlives_the_end_of_the_method():
    @stream()
    def countdown(theta):
        while theta > 0:
            theta = theta - 1
            yield theta
        return "landed"

    falling = countdown(2.0)
    assert list(falling) == [1.0, 0.0]
    assert falling.reason == "landed"
    assert falling.state["theta"] == 0.0


def test_a_method_that_ends_without_a_word_has_finished():
    @stream()
    def once(theta):
        yield theta

    single = once(1.0)
    assert (list(single), single.reason) == ([1.0], "finished")
    assert next(single, None) is None  # and stays so
    assert single.reason == "finished"


def test_evaluations_are_counted_and_shown():
    descent = gradient_descent(slope, 4.0)
    list(islice(descent, 7))
    assert descent.evaluations == {"grad": 7}
    assert "gradient_descent from" in repr(descent)
    assert "'grad': 7" in repr(descent)


def test_two_streams_from_one_call_pattern_share_nothing():
    first, second = momentum(slope, 4.0), momentum(slope, 4.0)
    list(islice(first, 5))
    assert second.evaluations == {"grad": 0}
    assert next(second) == next(momentum(slope, 4.0))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_precision_of_the_start_are_kept(shape, dtype):
    start = np.ones(shape, dtype)
    for theta in islice(momentum(slope, start), 3):
        assert np.shape(theta) == shape
        assert theta.dtype == dtype


def test_a_float32_start_stays_float32_though_the_gradient_computes_in_float64():
    theta = next(gradient_descent(lambda theta: theta * np.array([1.0, 10.0]), np.ones(2, np.float32)))
    assert theta.dtype == np.float32


def test_whole_numbers_become_floats():
    assert next(gradient_descent(slope, 4)) == pytest.approx(3.2)
    assert next(gradient_descent(lambda theta: [2, 4], [1, 2])).tolist() == pytest.approx([0.8, 1.6])


def test_the_callers_start_is_neither_changed_nor_watched():
    start = np.array([1.0, 2.0])
    descent = gradient_descent(slope, start)
    start[:] = 99.0
    assert next(descent).tolist() == pytest.approx([0.8, 1.6])
    assert start.tolist() == [99.0, 99.0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_raises_in_the_hand_written_loop(bad):
    descent = gradient_descent(lambda theta: np.array([1.0, bad]), [3.0, 4.0])
    with pytest.raises(NonFiniteError, match=r"grad returned .* at theta = array\(\[3\., 4\.\]\)"):
        next(descent)
    assert descent.reason == "non-finite"


def test_opposite_infinities_do_not_cancel_unseen():
    with pytest.raises(ValueError, match="inf"):
        next(gradient_descent(lambda theta: np.array([np.inf, -np.inf]), [3.0, 4.0]))


def test_a_huge_but_finite_gradient_is_let_through():
    assert np.isfinite(next(gradient_descent(lambda theta: np.array([1e300, -1e300]), [3.0, 4.0]))).all()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (np.zeros(3), r"must return shape \(2,\), not \(3,\)"),
        (0.0, r"must return shape \(2,\), not \(\)"),
        (np.zeros((2, 1)), r"must return shape \(2,\), not \(2, 1\)"),
        (None, "returned None: is its return statement missing"),
        (np.array([1j, 0]), "must return real numbers"),
        ("up", "must return real numbers, not 'up'"),
        ([[1.0], [1.0, 2.0]], "must return real numbers"),
    ],
)
def test_a_gradient_of_another_kind_is_refused_by_name(answer, complaint):
    with pytest.raises(ValueError, match=rf"^grad = .*{complaint}"):
        next(gradient_descent(lambda theta: answer, [3.0, 4.0]))


# ------------------------------------------------------------------------------------------------ rates


def test_a_number_is_the_same_rate_for_ever():
    assert list(islice(rates(0.1), 3)) == [0.1, 0.1, 0.1]


def test_a_schedule_is_asked_for_steps_zero_one_two():
    assert list(islice(rates(lambda step: 1 / (step + 1)), 3)) == [1.0, 1 / 2, 1 / 3]


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf, np.ones(2)])
def test_a_schedule_that_returns_nonsense_is_refused_with_the_step(bad):
    descent = gradient_descent(slope, 4.0, lr=lambda step: 0.1 if step < 2 else bad)
    next(descent), next(descent)
    with pytest.raises(ValueError, match=r"^lr = .* at step 2"):
        next(descent)


# -------------------------------------------------------------------------------------------------- run


def test_run_says_that_the_steps_were_used_up():
    trace = run(gradient_descent(slope, 4.0), steps=5)
    assert (trace.reason, trace.steps, len(trace.iterates)) == ("steps", 5, 6)


def test_run_says_converged_at_the_first_iterate_within_the_tolerance():
    trace = run(gradient_descent(slope, 4.0, lr=0.1), grad=slope, tol=1e-3)
    assert trace.reason == "converged"
    assert trace.converged
    assert trace.grad_norms[-1] <= 1e-3 < trace.grad_norms[-2]


def test_run_takes_no_step_from_a_start_that_is_already_good():
    trace = run(gradient_descent(slope, 0.0), grad=slope, tol=0.0)
    assert (trace.reason, trace.steps, trace.evaluations) == ("converged", 0, {"grad": 0})


def test_run_says_diverged_before_numbers_overflow():
    trace = run(gradient_descent(slope, 4.0, lr=1.1), steps=10_000)
    assert trace.reason == "diverged"
    assert "reached" in trace.message
    assert np.isfinite(trace.iterates).all()


def test_run_says_non_finite_and_where():
    trace = run(gradient_descent(nan_after(3), [4.0, 1.0], lr=0.1))
    assert (trace.reason, trace.steps) == ("non-finite", 3)
    assert trace.message.startswith("grad returned array([nan, nan]) at theta =")
    assert np.isfinite(trace.iterates).all()


@pytest.mark.parametrize(("value", "reason"), [(math.nan, "non-finite"), (math.inf, "diverged")])
def test_run_stops_on_iterates_that_are_not_numbers_whoever_made_them(value, reason):
    assert run(iter([1.0, 2.0, value, 3.0])).reason == reason


def test_run_passes_on_the_methods_own_word():
    @stream()
    def twice(theta):
        yield theta
        yield theta
        return "optimal"

    trace = run(twice(1.0), steps=10)
    assert (trace.reason, trace.steps) == ("optimal", 2)


def test_run_never_loops_for_ever_on_a_certificate_that_is_nan():
    trace = run(gradient_descent(slope, 4.0), steps=50, certificate=lambda theta: math.nan, tol=1e-6)
    assert (trace.reason, trace.steps) == ("steps", 50)


def test_a_negative_certificate_stops_nothing_unless_a_tolerance_was_asked_for():
    assert run(gradient_descent(slope, 4.0), steps=3, certificate=lambda theta: -5.0).reason == "steps"
    assert run(gradient_descent(slope, 4.0), steps=3, certificate=lambda theta: -5.0, tol=0).reason == "converged"


def test_run_keeps_what_was_asked_for_and_counts_only_the_methods_evaluations():
    trace = run(momentum(slope, [4.0, 1.0]), steps=6, loss=loss, grad=slope, keep=["velocity"])
    assert trace.iterates.shape == (7, 2)
    assert trace.losses == pytest.approx([loss(theta) for theta in trace.iterates])
    assert trace.grad_norms == pytest.approx([np.linalg.norm(slope(theta)) for theta in trace.iterates])
    assert trace.kept["velocity"].shape == (6, 2)
    assert trace.evaluations == {"grad": 6}
    assert trace.seconds > 0


def test_what_run_kept_is_a_copy():
    @stream()
    def in_place(theta):
        total = np.zeros(2)
        while True:
            total += 1
            yield total

    trace = run(in_place([0.0, 0.0]), steps=3, keep=["total"])
    assert trace.iterates[1:, 0].tolist() == trace.kept["total"][:, 0].tolist() == [1.0, 2.0, 3.0]


def test_run_goes_on_where_the_last_run_stopped():
    descent = gradient_descent(slope, 4.0, lr=0.1)
    run(descent, steps=10)
    assert run(descent, steps=10).theta == pytest.approx(4 * 0.8**20)


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ({"steps": 0}, "steps", "0"),
        ({"steps": 2.5}, "steps", "2.5"),
        ({"steps": True}, "steps", "True"),
        ({"tol": -1.0, "grad": slope}, "tol", "-1.0"),
        ({"tol": math.nan, "grad": slope}, "tol", "nan"),
        ({"tol": 1e-3}, "tol", "0.001"),
        ({"loss": 3}, "loss", "3"),
        ({"grad": 3}, "grad", "3"),
        ({"certificate": 3}, "certificate", "3"),
        ({"keep": "velocity"}, "keep", "'velocity'"),
        ({"keep": ["speed"]}, "keep", "'speed'"),
    ],
)
def test_run_refuses_nonsense_by_name_and_value(arguments, name, value):
    with pytest.raises(ValueError, match=rf"^{name} = ") as refusal:
        run(momentum(slope, 4.0), **arguments)
    assert value in str(refusal.value)


def test_run_refuses_what_yields_nothing():
    with pytest.raises(ValueError, match=r"^iterates = 5"):
        run(5)


# ------------------------------------------------------------------------- what a method sees, and what it may answer


@stream(as_vector=True)
def straight(grad, hess, theta):
    """A method with matrices: sees vectors, whatever the caller works with."""
    while True:
        slopes, curvature = grad(theta), hess(theta)
        theta = theta - np.linalg.solve(curvature, slopes)
        yield theta


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_method_that_wants_vectors_gets_them_and_its_caller_never_notices(shape, dtype):
    asked = []
    size = math.prod(shape)

    def grad(theta):
        asked.append(theta)
        return 2 * (theta - 3)

    newton = straight(grad, lambda theta: asked.append(theta) or (2 * np.eye(size) if shape else 2.0), np.zeros(shape))
    theta = next(newton)
    assert {np.shape(at) for at in asked} == {np.shape(theta)} == {shape}
    assert theta == pytest.approx(np.full(shape, 3.0))
    assert newton.start.shape == shape
    assert {name: np.shape(newton.state[name]) for name in ("theta", "slopes", "curvature")} == {
        "theta": (size,),
        "slopes": (size,),
        "curvature": (size, size),
    }
    single = next(
        straight(lambda theta: 2.0 * theta, lambda theta: np.eye(size) if shape else 1.0, np.ones(shape, dtype))
    )
    assert single.dtype == dtype


def test_a_method_that_does_not_ask_for_vectors_sees_its_start_as_it_is():
    descent = momentum(slope, np.ones((2, 3)))
    next(descent)
    assert descent.state["theta"].shape == descent.state["velocity"].shape == (2, 3)


def test_whatever_else_a_function_is_asked_about_is_handed_on_untouched():
    asked = []

    @stream(as_vector=True)
    def curious(grad, theta):
        yield theta - grad(theta, "batch", 3)

    next(curious(lambda *given: asked.append(given) or given[0], np.ones((2, 2))))
    assert (asked[0][0].shape, asked[0][1:]) == ((2, 2), ("batch", 3))


def test_a_method_may_fill_in_a_start_from_its_other_arguments_defaults_included():
    def prepare(given):
        if given["theta"] is None:
            given["theta"] = np.full(2, given["lr"])

    @stream(prepare=prepare)
    def still(grad, theta=None, lr=2):
        yield theta - lr * grad(theta)

    made = still(slope)
    assert made.start.tolist() == [2.0, 2.0]
    assert next(made).tolist() == [-6.0, -6.0]
    with pytest.raises(ValueError, match=r"^lr = -1: must be a positive number"):
        still(slope, lr=-1)


@stream()
def asking(theta, loss=None, losses=None, constraint=None, minimise=None, f=None):
    """Yield what its function answers."""
    function = loss or losses or constraint or minimise or f
    while True:
        yield function(theta)


POPULATION = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def test_the_losses_of_a_population_are_counted_one_by_one():
    search = asking(POPULATION, losses=lambda population: [1, math.inf, -2])
    assert next(search).tolist() == [1.0, math.inf, -2.0]
    assert search.evaluations == {"losses": 3}
    next(search)
    assert search.evaluations == {"losses": 6}


@pytest.mark.parametrize(
    ("name", "answer", "error", "complaint"),
    [
        ("losses", np.zeros(2), ValueError, r"^losses = .*must return 3 losses, not shape \(2,\)"),
        ("losses", np.zeros((3, 1)), ValueError, r"^losses = .*must return 3 losses, not shape \(3, 1\)"),
        ("losses", "low", ValueError, r"^losses = .*must return real numbers, not 'low'"),
        ("losses", [1.0, math.nan, 2.0], NonFiniteError, r"^losses returned NaN at theta = array\(\[3\., 4\.\]\)"),
        ("loss", np.zeros(3), ValueError, r"^loss = .*must return one number, not shape \(3,\)"),
        ("loss", [1.0], ValueError, r"^loss = .*must return one number, not shape \(1,\)"),
        ("loss", None, ValueError, r"^loss = .*must return a real number, not None"),
        ("loss", "low", ValueError, r"^loss = .*must return a real number, not 'low'"),
        (
            "constraint",
            [1.0, math.inf],
            NonFiniteError,
            r"^constraint returned .*inf.* at theta = array\(\[\[1\., 2\.\]",
        ),
        ("constraint", None, ValueError, r"^constraint = .*returned None: is its return statement missing"),
        ("minimise", [1.0], ValueError, r"^minimise = .*must return one number, not shape \(1,\)"),
        ("minimise", math.inf, NonFiniteError, r"^minimise returned .*inf.* at theta = array\(\[\[1\., 2\.\]"),
    ],
)
def test_an_answer_that_a_method_cannot_use_is_refused_in_words(name, answer, error, complaint):
    with pytest.raises(error, match=complaint):
        next(asking(POPULATION, **{name: lambda theta: answer}))


@pytest.mark.parametrize("answer", [3, 3.0, np.float32(3), np.float64(3), np.array(3.0)])
def test_one_loss_is_a_plain_number_whatever_the_function_returns(answer):
    found = next(asking([1.0, 2.0], loss=lambda theta: answer))
    assert (type(found), found) == (float, 3.0)
    assert next(asking([1.0, 2.0], minimise=lambda theta: answer)) == 3.0
    assert next(asking([1.0, 2.0], f=lambda theta: answer)) is answer  # what f may say, its method decides
    assert next(asking([1.0, 2.0], constraint=lambda theta: [answer, 0])).tolist() == [3.0, 0.0]


def test_outside_a_method_a_function_is_asked_about_theta_as_it_is_and_may_be_told_what_to_return():
    grad = Counted("grad", lambda theta: 2 * theta, np.ones((2, 3)))
    np.testing.assert_array_equal(grad(np.ones((2, 3))), np.full((2, 3), 2.0))
    assert grad.calls == 1
    assert type(Counted("f", lambda theta: 3, 0.0, kind="number")(0.0)) is float
    assert type(Counted("f", lambda theta: 3, 0.0)(0.0)) is int


def test_a_loss_may_be_infinite():
    assert next(asking([1.0], loss=lambda theta: np.float64("inf"))) == math.inf
    assert next(asking([1.0], loss=lambda theta: math.inf)) == math.inf


# ----------------------------------------------------------------------------------------- the bounds of a run


@pytest.mark.parametrize(
    ("start", "theta", "reason"),
    [
        ([-9.0, 0.0], [0.0, 1e13], "steps"),  # 10¹² times 1 + 9
        ([-9.0, 0.0], [0.0, -1e13], "steps"),
        ([-9.0, 0.0], [0.0, 1.001e13], "diverged"),
        ([-9.0, 0.0], [0.0, -1.001e13], "diverged"),
        (0.0, 1e12, "steps"),
        (0.0, 1.001e12, "diverged"),
    ],
)
def test_an_iterate_has_diverged_beyond_a_million_million_times_its_start(start, theta, reason):
    @stream()
    def leap(theta, to):
        while True:
            yield np.array(to)[()]

    trace = run(leap(start, theta), steps=1)
    assert trace.reason == reason
    if reason == "diverged":
        assert trace.message == f"an entry of theta reached {np.max(np.abs(theta)):.3g} after 1 iterates"


def test_iterates_without_a_start_have_diverged_beyond_a_million_million():
    assert run(iter([1e12])).reason == "finished"
    assert run(iter([1.001e12])).reason == "diverged"


def test_a_run_takes_a_thousand_steps_unless_told_otherwise():
    assert run(gradient_descent(slope, 4.0)).steps == 1000


def test_the_seconds_of_a_run_are_part_of_those_that_passed():
    before = time.perf_counter()
    trace = run(gradient_descent(slope, 4.0), steps=20, loss=lambda theta: time.sleep(0.001) or theta)
    passed = time.perf_counter() - before
    assert 0 < trace.seconds <= passed - 21 * 0.001


def test_a_run_records_the_certificate_it_was_given_and_nothing_it_was_not():
    trace = run(gradient_descent(slope, [4.0, -3.0], lr=0.1), steps=2, certificate=lambda theta: theta[0], tol=3.0)
    assert trace.certificates == pytest.approx([4.0, 3.2, 2.56])
    assert (trace.reason, trace.steps) == ("converged", 2)
    assert (trace.losses, trace.grad_norms, trace.kept) == (None, None, {})
    assert run(gradient_descent(slope, 4.0), steps=2).certificates is None


def test_a_name_that_cannot_be_kept_is_refused_with_those_that_can():
    with pytest.raises(ValueError, match=r"^keep = 'speed': .* has beta, grad, lr, rate, theta, velocity$"):
        run(momentum(slope, 4.0), keep=["speed"])
    with pytest.raises(ValueError, match=r"^keep = 'speed': .* has nothing$"):
        run(iter([1.0]), keep=["speed"])


def test_a_warm_up_may_begin_at_zero():
    assert list(islice(rates(lambda step: step / 10), 3)) == [0.0, 0.1, 0.2]


FAULTS = """
import resource
import numpy as np
from optcourse import adamax

slope = np.ones(100_000)
descent = adamax(lambda theta: slope, np.zeros(100_000))
for _ in range(10):
    next(descent)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    next(descent)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators lend and take back as they like")
def test_the_arrays_of_a_large_step_are_those_of_the_last():
    # Eight arrays of 195 pages a step: were each lent anew, there would be some 78 000 faults.
    faults = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True).stdout
    assert int(faults) < 5_000


@pytest.mark.parametrize(
    ("size", "room"),
    [
        (1, 0),
        (2**13, 0),  # 64 KiB: what an allocator keeps anyway
        (2**13 + 1, 8 * 8 * (2**13 + 1)),  # eight times the iterate
        (2**21, 2**25 - 2**13),  # but no more than glibc may be taught: just below 32 MiB
    ],
)
def test_room_is_asked_for_once_at_the_start_of_a_large_stream_and_given_back_at_once(size, room):
    start = np.zeros(size)
    before = most_held_by(lambda: None)
    assert most_held_by(lambda: _make_room(start)) - before == pytest.approx(room, abs=4096)
    held = most_held_by(lambda: gradient_descent(slope, start))
    assert held >= max(room, 8 * size)
    assert held <= 8 * size + max(room, 2 * 8 * size) + 20_000  # the stream keeps a copy of its start, and no room


def most_held_by(call):
    """The most memory, in bytes, that a call holds at any time."""
    tracemalloc.start()
    try:
        kept = call()  # noqa: F841
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["loss", "grad", "certificate"])
@pytest.mark.parametrize("answer", [None, "up", 1j, [[1.0], [1.0, 2.0]]], ids=str)
def test_what_a_run_is_to_record_is_refused_by_name_where_it_is_no_number(name, answer):
    with pytest.raises(ValueError, match=rf"^{name} = .*(must return|returned None)"):
        run(gradient_descent(slope, 4.0), **{name: lambda theta: answer})


def test_what_a_run_records_may_not_change_the_path():
    def careless(theta):
        theta *= 0
        return 0.0

    with pytest.raises(ValueError, match=r"^loss = .*must not change its argument"):
        run(gradient_descent(slope, [4.0, 1.0]), loss=careless)


def test_the_norm_of_a_gradient_too_steep_to_be_squared_is_recorded():
    trace = run([np.array([3.0, 4.0])], grad=lambda theta: 1e200 * theta)
    assert trace.grad_norms == pytest.approx([5e200], rel=1e-14)


def test_a_slope_of_nan_ends_a_run_that_records_it():
    trace = run(gradient_descent(slope, 4.0), grad=lambda theta: np.nan)
    assert (trace.reason, trace.message) == ("non-finite", "grad returned np.float64(nan) at theta = np.float64(4.0)")


def test_methods_that_see_vectors_work_in_double_precision_and_answer_in_that_of_the_start():
    seen = []

    @stream(as_vector=True)
    def step(grad, theta):
        gradient = grad(theta)
        seen.extend([theta, gradient])
        yield theta - gradient

    theta = next(step(lambda theta: seen.append(theta) or np.float32(0.1) * theta, np.ones(2, np.float32)))
    assert [one.dtype for one in seen] == [float, float, float]
    assert theta.dtype == np.float32


def test_a_gradient_is_looked_at_closer_from_a_hundred_millionth_of_the_largest_float_on():
    largest = np.finfo(float).max
    for squares, limit in ((False, 1e-8 * largest), (True, np.sqrt(1e-8 * largest))):
        just, beyond = np.array([limit * (1 - 1e-12), 1.0]), np.array([1.0, -limit * (1 + 1e-12)])
        asked = [Counted("grad", lambda theta, g=g: g, np.zeros(2), squares=squares) for g in (just, beyond)]
        np.testing.assert_array_equal(asked[0](np.zeros(2)), just)
        with pytest.raises(NonFiniteError, match=r"^grad returned array.* at theta = array.*: too large for float64"):
            asked[1](np.zeros(2))


@pytest.mark.parametrize("error", [KeyError("mine"), KeyboardInterrupt(), ValueError("mine")])
def test_a_stream_that_an_error_has_ended_does_not_say_that_it_has_finished(error):
    def grad(theta):
        if theta < 1:
            raise error
        return 2 * theta

    descent = gradient_descent(grad, 4.0, lr=0.4)
    with pytest.raises(type(error)):
        list(descent)
    assert list(descent) == []
    assert descent.reason == "failed"


def test_an_answer_that_only_double_precision_holds_is_shown_as_it_was_returned():
    descent = gradient_descent(lambda theta: np.array([1e50, 1.0]), np.ones(2, np.float32))
    with pytest.raises(NonFiniteError, match=r"^grad returned array\(\[1.e\+50, 1.e\+00\]\): too large for float32$"):
        next(descent)


def test_iterates_that_nobody_may_write_into_stay_so():
    fixed = np.frombuffer(np.array([1.0, 2.0]).tobytes())  # as those of other libraries are
    own = np.array([1.0, 2.0])
    own.flags.writeable = False
    trace = run(iter([fixed, own]), steps=2, loss=lambda theta: theta @ theta)
    assert trace.losses.tolist() == [5.0, 5.0]
    assert not fixed.flags.writeable
    assert not own.flags.writeable


def test_who_squares_no_gradient_may_meet_one_whose_square_is_beyond_floats():
    assert gradient_norm(lambda theta: 1e200 * theta, [3.0, 4.0]) == pytest.approx(5e200, rel=1e-14)
