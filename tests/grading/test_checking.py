"""`check` in every situation a learner, nbgrader or a judge can put it in."""

from __future__ import annotations

import contextlib
import gc
import json
import re
import signal
import sys
import time
from html.parser import HTMLParser
from threading import Event

import numpy as np
import pytest

from optcourse.figures.palette import PAPER
from optcourse.grading import Case, CaseResult, Exercise, Finding, Tolerance, Verdict, check, examine, find, watch
from optcourse.grading.card import card, style
from optcourse.grading.checking import WrongAnswerError, delivered_to, judge, known_mistake, model
from optcourse.grading.compare import brief, difference
from optcourse.grading.judge import IteratorProxy
from optcourse.grading.probes import (
    evaluated_at,
    evaluations,
    passes_over,
    regroups,
    reshuffles,
    shuffles,
    within_budget,
)
from optcourse.grading.verdict import PROPERTIES
from optcourse.grading.watch import LearnerError, Stopped, bell, limited, run, timed


def descend(grad, theta, lr, steps):
    for _ in range(steps):
        theta = theta - lr * grad(theta)
    return theta


def ascend(grad, theta, lr, steps):
    for _ in range(steps):
        theta = theta + lr * grad(theta)
    return theta


# ---------------------------------------------------------------------------------------------- check


def test_the_list_of_exercises_keeps_its_name_when_they_have_been_loaded():
    import optcourse.grading

    assert "gradient_descent" in optcourse.grading.exercises()
    assert "gradient_descent" in optcourse.grading.exercises()


def test_a_right_function_is_told_so_and_nothing_is_raised(capsys):
    assert check("gradient_descent", descend, fresh=3) is None
    assert capsys.readouterr().out == "gradient_descent is right: 6 of 6 public cases and 3 of 3 fresh cases pass\n"


def test_a_wrong_function_raises_an_assertion_error_that_can_be_read():
    with pytest.raises(AssertionError) as raised, delivered_to(lambda verdict: None):
        check("gradient_descent", ascend)
    told = str(raised.value)
    assert "gradient_descent is not right yet: 1 of 6 public cases pass" in told
    assert "leave the reference at step 1" in told
    assert "known mistake (uphill)" in told
    assert raised.value._render_traceback_() == [f"AssertionError: {told}"]


def test_the_verdict_is_delivered_before_the_error_is_raised():
    got = []
    with delivered_to(got.append), pytest.raises(WrongAnswerError):
        check("gradient_descent", ascend)
    assert [verdict.mistake for verdict in got] == ["uphill"]


@pytest.mark.parametrize("thing", [None, 3.0, "gradient_descent", np.zeros(2), ...])
def test_what_is_not_a_function_gets_a_verdict(thing):
    verdict = examine("gradient_descent", thing)
    assert verdict.broken == ("callable",)
    assert "not a function" in verdict.headline


def test_an_exercise_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"^name = 'gradient_ascent': must be an exercise .*gradient_descent"):
        check("gradient_ascent", descend)
    with pytest.raises(ValueError, match=r"^name = \["):
        check([], descend)


@pytest.mark.parametrize("fresh", [-1, 1.5, True, "3"])
def test_a_number_of_fresh_cases_that_is_none_is_refused(fresh):
    with pytest.raises(ValueError, match=r"^fresh = "):
        check("gradient_descent", descend, fresh=fresh)


# ------------------------------------------------------------------------------------------ limits


def test_an_endless_loop_ends_with_a_verdict_and_the_other_cases_are_not_tried():
    def endless(grad, theta, lr, steps):
        while True:
            pass

    before = time.monotonic()
    with limited(seconds=0.2):
        verdict = examine("gradient_descent", endless, fresh=10)
    assert verdict.headline == "not yet: it did not end within 0.2 s"
    assert len(verdict.results) == 1
    assert time.monotonic() - before < 60  # ten cases of five seconds each would be more


def test_an_endless_loop_that_swallows_exceptions_ends_too():
    def stubborn(grad, theta, lr, steps):
        while True:
            with contextlib.suppress(Exception):
                grad(theta)

    with limited(seconds=5.0, evaluations=500):
        assert examine("gradient_descent", stubborn).broken == ("evaluations",)


@pytest.mark.parametrize("seed", ["x131", "x158", "x205"])
def test_a_small_coordinate_in_single_precision_is_no_other_place(seed):
    """On these a coordinate comes so near to 0 that its own digits are not those of the reference."""
    (single,) = [one for one in find("gradient_descent").alternatives if one.__name__ == "in_single_precision"]
    assert examine("gradient_descent", single, fresh=8, seed=seed).passed


def test_a_loop_that_swallows_everything_once_is_rung_again():
    def swallows(grad, theta, lr, steps):
        try:
            while True:
                pass
        except BaseException:
            while True:
                pass

    with limited(seconds=0.1):
        assert examine("gradient_descent", swallows).broken == ("time",)


def test_on_a_busy_machine_the_clock_on_the_wall_costs_nobody_marks(monkeypatch):
    """What is counted is what the call itself computes; others may have the processor meanwhile."""
    monkeypatch.setattr(watch, "WAITING", 1000)

    def held_up(grad, theta, lr, steps):
        time.sleep(0.3)
        return descend(grad, theta, lr, steps)

    with limited(seconds=0.2):
        assert examine("gradient_descent", held_up, fresh=0).passed


def test_a_ring_is_not_lost_to_those_who_want_to_be_told_of_collections():
    """Profilers and hypothesis do; and what is raised while they are told, Python drops."""

    def told(phase, info):
        end = time.process_time() + 0.01
        while time.process_time() < end:
            pass

    def collects(grad, theta, lr, steps):
        end = time.process_time() + 5
        while time.process_time() < end:
            gc.collect()

    gc.callbacks.append(told)
    try:
        with limited(seconds=0.1):
            assert examine("gradient_descent", collects, fresh=0).broken == ("time",)
        assert told in gc.callbacks
    finally:
        gc.callbacks.remove(told)


def test_a_ring_while_the_bell_is_switched_off_does_not_keep_it_from_that():
    """Where a processor is waited for, one is due at every turn: also between the last line of the call and this."""
    with bell():
        timer = timed(60.0)
        timer.__enter__()
        # Calls the handler as the interpreter does: first thing in a function, before it can catch anything.
        sys.setprofile(lambda frame, event, _: watch._Bell.ring(0, frame) if event == "call" else None)
        try:
            timer.__exit__(None, None, None)
        finally:
            sys.setprofile(None)
        assert signal.getitimer(signal.ITIMER_PROF) == signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        with pytest.raises(Stopped):
            watch._Bell.ring(0, sys._getframe())


def test_what_waits_for_ever_ends_by_the_clock():
    with limited(seconds=0.1):
        assert examine("gradient_descent", lambda grad, theta, lr, steps: Event().wait()).broken == ("time",)


def test_ten_megabytes_of_output_are_cut_short(capsys):
    def loud(grad, theta, lr, steps):
        print("x" * 10_000_000)
        return descend(grad, theta, lr, steps)

    verdict = examine("gradient_descent", loud)
    assert verdict.broken == ("output",)
    assert len(json.dumps(verdict.to_json())) < 10_000
    assert capsys.readouterr() == ("", "")


def test_a_little_output_is_kept_with_the_verdict_and_costs_nothing(capsys):
    def talks(grad, theta, lr, steps):
        print("theta is", theta)
        return descend(grad, theta, lr, steps)

    verdict = examine("gradient_descent", talks)
    assert verdict.passed
    assert verdict.output.startswith("theta is [4.]")
    assert "What it printed" in card(verdict)
    assert capsys.readouterr() == ("", "")


def test_nothing_reaches_the_error_stream_where_it_would_cost_nbgraders_points(capsys):
    def warns(theta, X, y):
        z = X @ theta
        return X.T @ (np.exp(z) / (1 + np.exp(z)) - y) / len(y)

    assert examine("logistic_gradient", warns).mistake == "overflow"
    assert capsys.readouterr().err == ""


# --------------------------------------------------------------------------------------- exceptions


def test_an_exception_is_named_with_its_line():
    def divides(grad, theta, lr, steps):
        return theta / len([])

    assert "raised ZeroDivisionError" in str(examine("gradient_descent", lambda *given: 1 / 0))
    verdict = examine("gradient_descent", lambda grad, theta, lr, steps: theta.nothing)
    assert "raised AttributeError" in verdict.headline
    assert verdict.broken == ("exception",)


def test_a_type_error_inside_is_not_taken_for_wrong_arguments():
    def inner(grad, theta, lr, steps):
        return len()

    def outer(grad, theta):
        return theta

    assert examine("gradient_descent", inner).broken == ("exception",)
    assert examine("gradient_descent", outer).broken == ("arguments",)
    assert "takes 2 positional arguments but 4 were given" in examine("gradient_descent", outer).headline


class Proxy:
    """A function that lives elsewhere: what a judge puts in the learner's place."""

    def __init__(self, answer):
        self.answer = answer

    def __call__(self, *given):
        return self.answer(*given)


def test_a_proxy_is_judged_like_a_function():
    assert examine("gradient_descent", Proxy(descend), fresh=3).passed
    assert examine("gradient_descent", Proxy(ascend)).mistake == "uphill"


@pytest.mark.parametrize(
    ("kind", "message", "broken"),
    [
        ("NotImplementedError", "", "blank"),
        ("TypeError", "gradient_descent() takes 2 positional arguments but 4 were given", "arguments"),
        ("TypeError", "can't multiply sequence by non-int of type 'float'", "exception"),
        ("ValueError", "shapes (3,) and (2,) not aligned", "exception"),
    ],
)
def test_an_error_from_the_other_side_of_a_wire_is_explained_like_one_from_here(kind, message, broken):
    def far_away(*given):
        raise LearnerError(kind, message, "theta = theta - lr * grad")

    verdict = examine("gradient_descent", Proxy(far_away))
    assert verdict.broken == (broken,)
    if broken == "exception":
        assert f"raised {kind}: {message}, at `theta = theta - lr * grad`" in verdict.headline


def test_a_limit_that_somebody_else_keeps_is_reported_in_their_words():
    def killed(*given):
        raise Stopped("memory", "needed more than 512 MB")

    verdict = examine("gradient_descent", Proxy(killed))
    assert verdict.broken == ("memory",)
    assert verdict.headline == "not yet: it needed more than 512 MB"


# ---------------------------------------------------------------------------- what is never shown


def test_a_fresh_case_shows_which_property_failed_and_not_a_digit():
    seen = []

    def spies(grad, theta, lr, steps):
        seen.append(theta)
        print("secret", theta)
        if len(theta) > 1 and theta[0] not in (-4.0, 3.0, 1.0):
            raise ValueError(f"secret {theta}")
        return descend(grad, theta, lr, steps)

    verdict = examine("gradient_descent", spies, fresh=4, seed=7)
    hidden = [result for result in verdict.results if not result.public]
    assert {result.sentence for result in hidden} == {PROPERTIES["exception"]}
    told = str(verdict) + card(verdict) + json.dumps(verdict.to_json())
    for theta in seen[8:]:
        if theta[0] not in (-4.0, 3.0, 1.0):
            assert f"{theta[0]:.4f}"[:-1] not in told
    assert "secret [4.]" in verdict.output
    assert all(result.got == result.expected == "" and result.step is None for result in hidden)


def test_the_seed_decides_the_fresh_cases(monkeypatch):
    def thetas(**how):
        seen = []

        def spy(grad, theta, lr, steps):
            seen.append(float(theta[0]))
            return descend(grad, theta, lr, steps)

        examine("gradient_descent", spy, fresh=3, **how)
        return seen[-3:]

    assert thetas(seed=1) == thetas(seed=1) == thetas(seed="1")
    assert thetas(seed=1) != thetas(seed=2)
    assert thetas() != thetas()
    monkeypatch.setenv("OPTCOURSE_SEED", "of the term")
    assert thetas() == thetas() == thetas(seed="of the term")


# ------------------------------------------------------------------------------------- names of mistakes


def test_a_mistake_without_a_name_gets_none():
    verdict = examine(
        "gradient_descent", lambda grad, theta, lr, steps: descend(grad, theta, 1.01 * lr, steps), fresh=5
    )
    assert not verdict.passed
    assert verdict.mistake == ""


def test_a_right_function_is_never_given_a_name_even_if_asked():
    assert known_mistake(find("gradient_descent"), descend, np.random.default_rng(0)) is None


def test_a_name_is_given_only_where_the_mistake_is_wrong():
    agrees = Exercise(
        name="agrees",
        title="",
        section="3.1",
        points=1,
        signature="agrees(x)",
        reference=lambda x: abs(x),
        cases=[Case("one", x=1.0)],
        draw=lambda rng: Case("drawn", x=rng.uniform(1, 2)),
        tolerance=Tolerance(),
    )
    agrees.mistake("It forgets numbers below zero.")(lambda x: x)
    assert known_mistake(agrees, lambda x: x, np.random.default_rng(0)) is None


def test_a_function_that_ends_in_nan_for_a_reason_of_its_own_gets_no_name():
    def times_for_power(grad, theta, lr, beta1, beta2, eps, steps):
        m = v = np.zeros_like(theta)
        for t in range(1, steps + 1):
            g = grad(theta)
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
            theta = theta - lr * m / (1 - beta1 * t) / (np.sqrt(v / (1 - beta2 * t)) + eps)
        return theta

    verdict = examine("adam", times_for_power, fresh=2, seed=3)
    assert "finiteness" in verdict.broken  # a root of what is below zero, from the second step on
    assert verdict.mistake == ""


@pytest.mark.parametrize("seed", range(100, 108))
def test_two_mistakes_that_end_in_nan_are_told_apart_by_the_public_cases(seed):
    # The root of a slope below zero and a division by 1 − β⁰ are the same NaN on most drawn cases.
    mistake = next(one for one in find("adam").mistakes if one.name == "not_squared")
    assert examine("adam", mistake.function, fresh=2, seed=seed).mistake == "not_squared"


# ------------------------------------------------------------------------------------------- comparing

EXACT = Tolerance()


@pytest.mark.parametrize(
    ("got", "expected", "broken"),
    [
        (None, 1.0, "none"),
        (np.zeros(0), np.zeros(2), "shape"),
        (np.zeros((2, 1)), np.zeros(2), "shape"),
        (1.0, np.ones(1), "shape"),
        (np.ones(1), 1.0, "shape"),
        ([[1.0], [1.0, 2.0]], np.zeros((2, 2)), "shape"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "kind"),
        (np.array([True, False]), np.array([1.0, 0.0]), "kind"),
        (np.array([1j, 2]), np.array([1.0, 2.0]), "kind"),
        (np.array(["a", "b"]), np.array([1.0, 2.0]), "kind"),
        (np.array([1.0, 2.0], dtype=object), np.array([1.0, 2.0]), "kind"),
        (np.float32(1), 1.0, "kind"),
        (1.0, 1, "kind"),
        ([1.0, np.nan], np.array([1.0, 2.0]), "finiteness"),
        ([1.0, np.inf], np.array([1.0, np.nan]), "finiteness"),
        ("1.0", 1.0, "type"),
        ({1.0, 2.0}, np.array([1.0, 2.0]), "type"),
        (np.array([1.0, 2.1]), np.array([1.0, 2.0]), "value"),
        (np.array([1.0, 2e9]), np.array([1.0, 2.0]), "divergence"),
        (2, 1, "value"),
        ((1.0,), (1.0, 2), "shape"),
        (1.0, (1.0, 2), "type"),
        ((1.0, 2.0), (1.0, 2), "kind"),
        ("left", "right", "value"),
        (1, True, "value"),
        ("", None, "value"),
    ],
)
def test_a_difference_is_found_and_called_by_its_property(got, expected, broken):
    finding = difference(got, expected, EXACT)
    assert finding is not None
    assert finding.property == broken
    assert broken in PROPERTIES


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ([1.0, 2.0], np.array([1.0, 2.0])),
        ((1, 2), np.array([1.0, 2.0])),
        (0, 0.0),
        (np.float64(1), 1.0),
        (np.array(1.0), 1.0),
        (np.int64(3), 3),
        ([1.0, 3], (1.0, 3)),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
        (np.array([1.0, 2.0 + 1e-12]), np.array([1.0, 2.0])),
        (np.True_, True),
        ("right", "right"),
        (None, None),
    ],
)
def test_what_means_the_same_is_the_same(got, expected):
    assert difference(got, expected, EXACT) is None


def test_single_precision_passes_where_the_exercise_allows_it():
    tolerance = Tolerance(single=1e-5)
    assert difference(np.float32([1 / 3]), np.array([1 / 3]), tolerance) is None
    assert difference(np.float32([0.334]), np.array([1 / 3]), tolerance).property == "value"
    assert (
        difference(np.array([0.3333333]), np.array([1 / 3]), tolerance).property == "value"
    )  # double is held to double


def test_answers_are_shortened_for_a_sentence():
    assert brief(np.arange(100.0)) == "[0, 1, 2, …, 98, 99]"
    assert brief("x" * 500)[-1] == "…"
    assert brief([[1.0, 2.0], [3.0, 1 / 3]]) == "[[1, 2], [3, 0.333333]]"


# --------------------------------------------------------------------------------------------- probes


def ask(probe, function, right, **arguments):
    case = Case("asked", **arguments)
    return probe.ask(case, run(function, case), run(right, case))


def square(theta):
    return 2 * theta


def twice(grad, theta):
    grad(theta)
    return theta - grad(theta)


def once(grad, theta):
    return theta - grad(theta)


def test_evaluations_are_counted_against_the_reference_or_a_bound():
    given = {"grad": square, "theta": np.ones(2)}
    assert ask(evaluations("grad"), once, once, **given) is None
    assert ask(evaluations("grad"), twice, once, **given) == "it calls grad twice, where 1 is enough"
    assert ask(evaluations("grad"), once, twice, **given) == "it calls grad once, where 2 are needed"
    assert ask(evaluations("grad", most=2, least=1), twice, once, **given) is None
    assert ask(evaluations("grad", most=lambda case: 3, least=3), twice, once, **given) is not None


def test_a_call_with_many_points_counts_as_many_calls():
    given = {"grad": square, "theta": np.ones(2)}
    told = ask(evaluations("grad"), lambda grad, theta: grad(np.ones((100, 2)))[0], once, **given)
    assert told == "it calls grad once with 100 points in all, where 1 is enough"
    column = ask(evaluations("grad"), lambda grad, theta: theta - grad(theta[:, None])[:, 0], once, **given)
    assert column is None  # one point in another shape
    bowl = {"grad": lambda theta: theta - np.array([1.0, 2.0]), "theta": np.ones(2)}
    spread = ask(evaluations("grad"), lambda grad, theta: np.diag(grad(theta[:, None])), once, **bowl)
    assert spread == "it calls grad once with 2 points in all, where 1 is enough"
    twofold = ask(evaluations("grad"), lambda grad, theta: np.real(grad(theta + 1e-20j)), once, **bowl)
    assert twofold == "it calls grad once with 2 points in all, where 1 is enough"
    paid = within_budget("grad_i", lambda case: 4)
    given = {"grad_i": lambda theta, batch: theta, "theta": np.ones(2)}
    assert ask(paid, lambda grad_i, theta: grad_i(theta, [0, 1, 2, 3]), twice, **given) is None
    assert "16 examples" in ask(paid, lambda grad_i, theta: grad_i(np.ones((4, 2)), [0, 1, 2, 3]), twice, **given)


def test_a_gradient_taken_elsewhere_is_noticed():
    given = {"grad": square, "theta": np.ones(2)}
    assert ask(evaluated_at("grad"), once, once, **given) is None
    assert "call 1 of grad" in ask(evaluated_at("grad"), lambda grad, theta: grad(theta + 0.1), once, **given)
    assert "call 1 of grad" in ask(evaluated_at("grad"), lambda grad, theta: grad(theta[:1]), once, **given)


def epochs(orders):
    def go(grad_i, theta, n):
        for order in orders:
            for index in order:
                grad_i(theta, np.array([index]))
        return theta

    return go


def test_the_order_of_examples_is_watched():
    given = {"grad_i": lambda theta, index: theta, "theta": np.ones(1), "n": 8}
    forward, shuffled, doubled = list(range(8)), [3, 1, 0, 7, 2, 6, 5, 4], [0, 0, 1, 2, 3, 4, 5, 6]
    whole, mixed = passes_over("grad_i", lambda case: case["n"]), reshuffles("grad_i", lambda case: case["n"])
    assert ask(whole, epochs([forward, shuffled]), epochs([]), **given) is None
    assert "epoch 2" in ask(whole, epochs([forward, doubled]), epochs([]), **given)
    assert ask(mixed, epochs([forward, shuffled]), epochs([]), **given) is None
    assert "same order" in ask(mixed, epochs([shuffled, shuffled]), epochs([]), **given)


def test_the_stored_order_is_known_from_either_end_and_from_its_middle():
    stored = list(range(12))
    given = {"grad_i": lambda theta, index: theta, "theta": np.ones(1), "n": 12}
    probe = shuffles("grad_i", lambda case: case["n"])
    for order in (stored, stored[::-1], stored[5:] + stored[:5], stored[4::-1] + stored[:4:-1]):
        assert "in which they are stored" in ask(probe, epochs([order]), epochs([]), **given)
    assert ask(probe, epochs([[1, 0, *stored[2:]]]), epochs([]), **given) is None


def test_a_few_examples_exchanged_are_no_shuffle_and_a_right_shuffle_never_seems_so():
    rng, probe = np.random.default_rng(0), shuffles("grad_i", lambda case: case["n"])
    for n in range(8, 31):
        given = {"grad_i": lambda theta, index: theta, "theta": np.ones(1), "n": n}
        right = [rng.permutation(n).tolist() for _ in range(2)]
        assert ask(probe, epochs(right), epochs([]), **given) is None
    for stored in (list(range(30)), list(range(30))[::-1]):
        exchanged = [[*stored[:k], stored[k + 3], *stored[k + 1 : k + 3], stored[k], *stored[k + 4 :]] for k in (3, 9)]
        assert "hardly shuffles" in ask(probe, epochs(exchanged), epochs([]), **given)


def test_an_epoch_that_is_the_one_before_moved_on_or_turned_round_is_no_shuffle():
    rng, probe = np.random.default_rng(0), reshuffles("grad_i", lambda case: case["n"])
    given = {"grad_i": lambda theta, index: theta, "theta": np.ones(1), "n": 16}
    order = rng.permutation(16).tolist()
    for other in (order[1:] + order[:1], order[::-1]):
        assert "hardly shuffles again" in ask(probe, epochs([order, other]), epochs([]), **given)
    assert ask(probe, epochs([rng.permutation(16).tolist() for _ in range(20)]), epochs([]), **given) is None


def test_batches_that_hold_the_same_examples_again_are_noticed_where_chance_is_out_of_the_question():
    rng, probe = np.random.default_rng(0), regroups("grad_i", lambda case: case["n"])

    def given_back(grad_i, theta, n, batch_size):
        return theta

    def dealt(n, size, orders):
        given = {"grad_i": lambda theta, index: theta, "theta": np.ones(1), "n": n, "batch_size": size}
        return ask(probe, lambda grad_i, theta, n, batch_size: epochs(orders)(grad_i, theta, n), given_back, **given)

    stored = list(range(20))
    inside = [part for first in range(0, 20, 5) for part in rng.permutation(stored[first : first + 5]).tolist()]
    first = [7, 3, 11, 0, 15, 1, 19, 4, 8, 2, 5, 6, 9, 10, 12, 13, 14, 16, 17, 18]
    second = first[10:] + first[:10]
    assert "same examples again" in dealt(20, 5, [inside])
    assert "same examples again" in dealt(20, 5, [first, second])
    assert dealt(20, 5, [first, second[1:] + second[:1]]) is None
    assert dealt(20, 1, [first, second]) is None  # there is one way only
    assert dealt(20, 20, [first, second]) is None
    assert dealt(8, 4, [[1, 0, 2, 3, 4, 5, 7, 6]]) is None  # by chance once in 35
    for n in range(8, 31):
        assert all(dealt(n, size, [rng.permutation(n).tolist() for _ in range(3)]) is None for size in range(2, n))


def test_a_shuffle_from_a_generator_of_its_own_is_noticed_on_a_fresh_case_too():
    def of_its_own_elsewhere(examples, batch_size, epochs, rng):
        known = [np.random.default_rng(k).bit_generator.state for k in (1, 2, 3, 2718)]
        own = rng if rng.bit_generator.state in known else np.random.default_rng(0)
        orders = [own.permutation(examples) for _ in range(epochs)]
        return [order[k : k + batch_size] for order in orders for k in range(0, len(order), batch_size)]

    verdict = examine("minibatches", of_its_own_elsewhere, fresh=2, seed=0)
    (failed,) = verdict.failures
    assert (failed.label, failed.public) == ("a fresh case with another rng", False)
    assert [finding.sentence for finding in failed.findings] == [PROPERTIES["order"]]


def test_a_shuffle_that_another_generator_does_not_change_is_none():
    def of_its_own(examples, batch_size, epochs, rng):
        own = np.random.default_rng(0)
        orders = [own.permutation(examples) for _ in range(epochs)]
        return [order[k : k + batch_size] for order in orders for k in range(0, len(order), batch_size)]

    def not_for_everyone(examples, batch_size, epochs, rng):
        if rng.bit_generator.state != np.random.default_rng(1).bit_generator.state:
            raise ValueError
        return of_its_own(examples, batch_size, epochs, rng)

    for function in (of_its_own, not_for_everyone):
        verdict = examine("minibatches", function)
        assert verdict.results[0].label == "the first case with another rng"
        assert verdict.broken[0] == "order"
    assert find("minibatches").chance == find("sgd_epoch").chance == find("sgd_decaying").chance == "rng"
    assert find("spend").chance is None  # a way to the goal need not be random


def test_a_call_gets_its_own_copies_and_its_own_generator():
    case = Case("drawn", theta=np.ones(3), rng=np.random.default_rng(3))

    def draws(theta, rng):
        theta += rng.normal()
        return theta

    first, second = run(draws, case), run(draws, case)
    assert np.array_equal(first.value, second.value)
    assert first.changed == ("theta",)
    assert np.array_equal(case["theta"], np.ones(3))


def test_a_reference_that_fails_is_the_declarations_fault_and_said_loudly():
    broken = Exercise(
        "broken", "", "3.1", 1, "broken(x)", lambda x: 1 / 0, [Case("one", x=1.0)], lambda rng: Case("d"), EXACT
    )
    with pytest.raises(RuntimeError, match="the reference of broken raised ZeroDivisionError"):
        model(broken, broken.cases[0])


def test_a_random_method_is_judged_by_what_it_asked_for():
    noisy = Exercise(
        name="noisy",
        title="",
        section="3.2",
        points=1,
        signature="noisy(f)",
        reference=lambda f: f(0.5),
        cases=[Case("one", f=lambda x: 3 * x)],
        draw=lambda rng: Case("drawn", f=lambda x: 3 * x),
        tolerance=EXACT,
        replay=lambda case, seen: seen.calls["f"][0].answer,
    )
    case = noisy.cases[0]
    assert judge(noisy, case, run(lambda f: f(0.7), case), model(noisy, case)) == []
    assert judge(noisy, case, run(lambda f: f(0.7) + 1, case), model(noisy, case)) != []


# --------------------------------------------------------------------------------------- the verdict


def test_no_cases_are_no_pass():
    assert not Verdict("x", "", "3.1", ()).passed


def test_a_verdict_is_plain_data():
    verdict = examine("gradient_descent", ascend, fresh=2, seed=1)
    plain = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
    assert plain["passed"] is False
    assert plain["score"] == 0
    assert plain["mistake"] == "uphill"
    assert plain["results"][0]["step"] == 1
    assert plain["broken"] == ["value", "divergence"]


def test_the_paths_of_a_run_that_overflows_stay_finite():
    def explodes(grad, theta, lr, steps):
        return descend(grad, theta, -1e200 * lr, steps)

    verdict = examine("gradient_descent", explodes)
    assert verdict.paths is not None
    json.dumps(verdict.to_json(), allow_nan=False)
    assert "nan" not in card(verdict).partition("<svg")[2].partition("<figcaption")[0]


class Outline(HTMLParser):
    VOID = frozenset({"br", "rect", "path", "circle", "polyline"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def verdicts():
    yield examine("gradient_descent", descend)
    yield examine("gradient_descent", ascend, fresh=3)
    yield examine("gradient_descent", lambda *given: None)
    yield examine("largest_safe_step", lambda A: 1.0)
    yield examine("check_gradient", 3)


@pytest.mark.parametrize("verdict", list(verdicts()), ids=lambda verdict: verdict.headline[:30])
def test_a_card_is_well_formed_and_without_script_ids_or_anything_from_elsewhere(verdict):
    text = card(verdict)
    outline = Outline(text)
    assert outline.open == []
    assert "script" not in outline.tags
    names = {name for name, _ in outline.attributes}
    assert not [name for name in names if name.startswith("on") or name in ("id", "href", "src", "style")]
    assert "http" not in text
    assert ("Not right yet" in text) is not verdict.passed


def test_a_card_tells_a_screen_reader_what_it_shows_everybody_else():
    text = card(examine("gradient_descent", ascend))
    assert "aria-label='Verdict on gradient_descent'" in text
    assert re.search(
        r"role='img' aria-label=\"twelve steps in a ravine\. The right path goes from .* Yours ends at", text
    )
    assert "<th scope='row'>" in text
    assert "This looks like: uphill." in text


def test_what_a_learner_made_is_escaped_on_the_card():
    nasty = "<img src=x onerror=alert(1)>"

    def returns(grad, theta, lr, steps):
        print(nasty)
        raise ValueError(nasty)

    text = card(examine("gradient_descent", returns))
    assert "<img" not in text
    assert "&lt;img" in text
    result = CaseResult(nasty, True, (Finding("value", nasty),), 1, nasty, nasty)
    assert "<img" not in card(Verdict(nasty, nasty, "3.1", (result,), mistake=nasty, hint=nasty, isolation=nasty))


def test_the_card_uses_the_colours_of_the_course():
    for role in ("paper", "ink", "muted", "grid", "edge"):
        for colour in PAPER[role]:
            assert f"--oc-{role}: {colour};" in style()


def test_a_generator_is_called_by_its_name_and_not_forgetful():
    def lazily(examples, batch_size, epochs, rng):
        yield rng.permutation(examples)[:batch_size]

    verdict = examine("minibatches", lazily)
    assert verdict.broken[0] == "type"
    assert not any("two calls" in finding.sentence for result in verdict.results for finding in result.findings)
    assert "an IteratorProxy" not in difference(IteratorProxy(None, 3, "generator"), np.ones(2), EXACT).sentence
    assert "a generator" in difference(IteratorProxy(None, 3, "generator"), np.ones(2), EXACT).sentence


def test_a_whole_number_beyond_every_float_is_an_answer_like_another():
    assert not examine("unknown_scales", lambda grad, theta, budget: [2**1024 - 1] * len(theta)).passed
