"""What a Trace says and draws."""

from __future__ import annotations

import re

import numpy as np
import pytest

from optcourse import gradient_descent, problems, run
from optcourse.trace import Trace


def slope(theta):
    return 2 * theta


@pytest.fixture
def trace() -> Trace:
    bowl = problems.quadratic()
    return run(gradient_descent(bowl.grad, bowl.start, lr=0.1), steps=25, loss=bowl.loss, grad=bowl.grad)


def test_the_plain_form_says_who_why_how_far_and_at_what_cost(trace):
    text = repr(trace)
    for part in ("gradient_descent", "stopped  steps", "25", "25 grad", "loss", "‖grad‖", " ms"):
        assert part in text


def test_the_html_form_says_the_same_in_a_table_with_row_headers(trace):
    page = trace._repr_html_()
    cells = [re.sub("<[^>]*>", "", cell) for cell in re.findall("<td.*?</td>", page)]
    said = [line[13:] for line in repr(trace).splitlines()]
    assert cells == said
    assert page.count("<th scope='row'") == len(cells)


def test_messages_are_escaped_in_html():
    page = Trace("m", np.zeros((1, 2)), reason="non-finite", message="<lambda> & co")._repr_html_()
    assert "&lt;lambda&gt; &amp; co" in page


def test_the_last_iterate_of_a_number_is_a_number():
    trace = run(gradient_descent(slope, 4.0), steps=2)
    assert np.ndim(trace.theta) == 0
    assert float(trace.theta) == pytest.approx(2.56)


@pytest.mark.parametrize("start", [4.0, [1.0], [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]]])
@pytest.mark.parametrize("asked", [{}, {"loss": lambda theta: np.sum(theta**2)}, {"grad": slope}])
def test_every_shape_draws_itself(start, asked):
    figure = run(gradient_descent(slope, start), steps=5, **asked).plot()
    path, curves = figure.axes
    assert len(path.lines) >= 1
    assert [line.get_label() for line in curves.lines] == (
        ["loss"] if "loss" in asked else ["‖gradient‖"] if "grad" in asked else ["length of the step"]
    )


def test_the_curve_that_is_drawn_is_the_record(trace):
    curve = trace.plot().axes[1].lines[0]
    assert np.array_equal(curve.get_ydata(), trace.losses)


def test_a_plane_path_is_drawn_over_the_problems_contours_and_window(trace):
    bowl = problems.quadratic()
    axes = trace.plot(bowl).axes[0]
    assert axes.get_xlim() == pytest.approx(bowl.window[0])
    assert axes.get_ylim() == pytest.approx(bowl.window[1])
    assert np.array_equal(axes.lines[0].get_xydata(), trace.iterates)


def test_a_trace_without_a_step_draws_itself_too():
    trace = run(gradient_descent(slope, [0.0, 0.0]), grad=slope, tol=1.0)
    assert trace.steps == 0
    assert trace.plot().axes


@pytest.mark.parametrize(
    ("iterates", "why"), [([], "finished"), ([np.nan], r"non-finite \(an entry of theta reached nan")]
)
def test_a_run_without_an_iterate_says_so_and_draws_nothing(iterates, why):
    trace = run(iterates, loss=float)
    assert re.search(why, repr(trace))
    assert "theta  " not in repr(trace)
    for look in (lambda: trace.theta, trace.plot):
        with pytest.raises(ValueError, match=rf"^iterates = .*at least one theta, but the run ended at once: {why}"):
            look()


def test_steps_too_long_to_be_squared_are_drawn():
    figure = run([0.0, 3e11, 1e11]).plot()
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), [3e11, 2e11])
    huge = Trace("m", np.array([[0.0, 0.0], [3e200, 4e200]])).plot()
    np.testing.assert_allclose(huge.axes[1].lines[0].get_ydata(), [5e200])
