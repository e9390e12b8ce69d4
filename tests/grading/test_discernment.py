"""Right from wrong, for every exercise there is: a new declaration is tested by being there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from optcourse.grading import discernment, examine, find, references
from optcourse.grading.checking import judge, model
from optcourse.grading.exercise import exercises
from optcourse.grading.exercises import schedules
from optcourse.grading.mutants import mutants
from optcourse.grading.oddities import BREAKS, breaks, oddity, patience
from optcourse.grading.watch import limited, run
from optcourse.sections import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = exercises()
SOLUTIONS = discernment.solutions(ROOT)
RECORDED = {row.exercise: row for row in discernment.table(ROOT).rows}
LONG_ENOUGH = 80  # characters of a solution's body that can be wrong in thirty ways

every = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
MISTAKES = [
    pytest.param(one, other, id=f"{name}-{other.name}") for name, one in EXERCISES.items() for other in one.mistakes
]
ALTERNATIVES = [
    pytest.param(one, other, id=f"{name}-{other.__name__}")
    for name, one in EXERCISES.items()
    for other in one.alternatives
]
ODDITIES = [
    pytest.param(one, odd, id=f"{name}-{odd.replace(' ', '_')}")
    for name, one in EXERCISES.items()
    for odd in breaks(one)
]


# --------------------------------------------------------------------------------------- declarations


@every
def test_an_exercise_has_mistakes_alternatives_cases_and_a_reason_for_its_tolerance(exercise):
    assert len(exercise.mistakes) >= 6
    assert len(exercise.alternatives) >= 4
    assert len(exercise.cases) >= 2
    assert exercise.points >= 1
    assert exercise.tolerance.why
    assert exercise.section in {section.number for section in SECTIONS}
    assert exercise.signature.startswith(f"{exercise.name}(")
    assert exercise.name.isidentifier()


@every
def test_mistakes_have_names_and_sentences_of_their_own(exercise):
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert mistake.sentence[-1] in ".?!"
        assert len(mistake.sentence) > 30


@every
def test_drawn_cases_have_the_arguments_of_the_public_ones_and_differ(exercise):
    rng = np.random.default_rng(1)
    drawn = [exercise.draw(rng) for _ in range(4)]
    for case in drawn:
        assert list(case.arguments) == list(exercise.cases[0].arguments)
    answers = {repr(model(exercise, case).value) for case in drawn}
    assert len(answers) > 1


@every
def test_one_seed_draws_one_set_of_cases(exercise):
    one, other = (exercise.draw(np.random.default_rng(5)) for _ in range(2))
    assert repr(model(exercise, one).value) == repr(model(exercise, other).value)


# --------------------------------------------------------------------------------------- right and wrong


def patiently(*args, **options):
    """Examine without haste: on a busy machine what asks for much may take longer than a learner would wait."""
    with limited(seconds=60):
        return examine(*args, **options)


@every
def test_the_reference_passes(exercise):
    verdict = patiently(exercise.name, exercise.reference, fresh=20, seed="reference")
    assert verdict.passed, str(verdict)
    assert verdict.score == 1


def test_the_gradients_of_the_references_pass_the_gradient_checker(monkeypatch):
    monkeypatch.setattr(references, "is_the_references", lambda answer, right: False)
    asked = [one for one in EXERCISES.values() if any(probe.property == "value" for probe in one.probes)]
    assert len(asked) >= 6
    for exercise in asked:
        verdict = patiently(exercise.name, exercise.reference, fresh=8, seed="checker")
        assert verdict.passed, str(verdict)


@pytest.mark.parametrize(("exercise", "alternative"), ALTERNATIVES)
def test_right_solutions_in_other_styles_pass_without_a_name(exercise, alternative):
    verdict = patiently(exercise.name, alternative, fresh=20, seed="alternative")
    assert verdict.passed, str(verdict)
    assert verdict.mistake == ""


# Seeds that once took the marks of a right solution: an unlucky shuffle, a slope that was all rounding, a quotient of
# two small numbers in single precision.
UNLUCKY = [
    ("spend", "in_small_batches", 22),
    ("spend", "in_small_batches", 42),
    ("spend", "with_the_mean_of_the_last_two_epochs", 35),
    ("spend", "in_pairs", 20),
    ("spend", "with_momentum_in_fours", 22),
    ("check_gradient", "to_and_fro_on_one_copy", 3277),
    ("check_gradient", "to_and_fro_on_one_copy", 3621),
    ("rmsprop", "in_single_numbers", 2700),
]


@pytest.mark.parametrize(("name", "style", "seed"), UNLUCKY)
def test_no_draw_takes_the_marks_of_a_right_solution(name, style, seed):
    right = next(one for one in EXERCISES[name].alternatives if one.__name__ == style)
    verdict = patiently(name, right, fresh=8, seed=seed)
    assert verdict.passed, str(verdict)


def test_a_loss_that_rounding_decides_is_not_drawn_for_early_stopping():
    falling = np.array([1.0, 0.7, 0.4])
    assert schedules.decided(falling, unit=0.0, reach=1.0)
    assert not schedules.decided(np.append(falling, 0.4 - 1e-6), unit=0.0, reach=1.0)
    assert schedules.decided(falling, unit=0.25, reach=1.0)
    assert not schedules.decided(np.append(falling, 0.125 - 1e-6), unit=0.25, reach=1.0)


def test_a_range_test_that_ends_at_the_first_rise_is_not_right():
    def ends_at_the_first_rise(grad, loss, theta, lr_min, lr_max, steps, notch):
        rates, losses = np.geomspace(lr_min, lr_max, steps), [np.inf]
        for rate in rates:
            theta = theta - rate * grad(theta)
            losses.append(loss(theta))
        rise = next((k for k in range(1, steps) if losses[k + 1] > losses[k]), steps)
        return rates[rise - 1] / notch

    verdict = patiently("lr_range_test", ends_at_the_first_rise, fresh=8, seed=0)
    assert [one.label for one in verdict.failures] == ["over a bump: the first rise is not the end"]


def test_an_early_stopping_that_goes_back_only_where_patience_ran_out_is_not_right():
    def goes_back_only_if_stopped(grad, loss, theta, lr, patience, steps):
        best, best_loss, waited = theta, loss(theta), 0
        for _ in range(steps):
            theta = theta - lr * grad(theta)
            found = loss(theta)
            best, best_loss, waited = (theta, found, 0) if found < best_loss else (best, best_loss, waited + 1)
            if waited >= patience:
                return best
        return theta

    verdict = patiently("early_stopping", goes_back_only_if_stopped, fresh=8, seed=0)
    assert "the budget ends while it waits" in [one.label for one in verdict.failures]


def test_a_right_plan_keeps_away_from_its_goal():
    rng = np.random.default_rng(303)
    plans = EXERCISES["planned_rates"].alternatives
    for case in [schedules.draw_bowl(rng) for _ in range(60)]:
        given = dict(case.arguments)
        left = [schedules.beside_the_best_constant(case, plan(**given)) for plan in plans]
        assert max(left) < 0.85 * schedules.GOAL


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["highest_loss", "largest_rate"])
def test_the_highest_loss_and_the_largest_rate_are_told_apart(name, seed):
    mistake = next(one for one in EXERCISES["lr_range_test"].mistakes if one.name == name)
    assert patiently("lr_range_test", mistake.function, fresh=8, seed=seed).mistake == name


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_a_known_mistake_is_rejected_and_named(exercise, mistake):
    verdict = patiently(exercise.name, mistake.function, fresh=20, seed="mistake")
    assert not verdict.passed
    assert verdict.score == 0
    assert verdict.mistake == mistake.name
    assert verdict.hint == mistake.sentence


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_a_mistake_is_rejected_on_the_public_cases_already(exercise, mistake):
    # The learner's own check must not say "right" where the hidden tests take the points.
    assert not examine(exercise.name, mistake.function).passed


@pytest.mark.parametrize(("exercise", "name"), ODDITIES)
def test_odd_functions_get_the_verdict_that_fits_them(exercise, name):
    with limited(seconds=patience(name)):
        verdict = examine(exercise.name, oddity(name, exercise), fresh=2, seed=1)
    assert not verdict.passed
    assert verdict.broken[0] == BREAKS[name]
    # A function that is right but for what it does to its arguments may bear the name of the mistake that is just that.
    assert verdict.mistake == "" or BREAKS[name] == "mutation"


@every
def test_a_solution_that_knows_the_public_answers_only_fails_on_fresh_cases(exercise):
    known = [(case, model(exercise, case).value) for case in exercise.cases]

    def hard_coded(*given):
        for case, answer in known:
            if all(
                np.array_equal(one, other)
                for one, other in zip(given, case.arguments.values(), strict=True)
                if not callable(other) and not isinstance(other, np.random.Generator)
            ):
                return exercise.reference(*given) if any(map(callable, given)) else answer
        return known[0][1]

    public = [
        result for result in examine(exercise.name, hard_coded).results if not result.label.endswith("another rng")
    ]
    assert len(public) == len(known)
    assert all(result.passed for result in public)
    assert not examine(exercise.name, hard_coded, fresh=5, seed=3).passed


# ------------------------------------------------------------------------------------------- mutants


@every
def test_a_fault_anywhere_in_the_solution_costs_marks(exercise):
    row = discernment.row(exercise, SOLUTIONS[exercise.name], released())
    rejected, total = row.mutants
    if total - rejected > 0.01 * total:
        pytest.fail(str([str(mutant) for mutant in discernment.survivors(exercise, SOLUTIONS[exercise.name])[0]]))
    assert row == RECORDED[exercise.name], "run `make freshness`: the teacher's page prints the recorded figures"
    body = SOLUTIONS[exercise.name].partition("BEGIN SOLUTION")[2]
    assert total + row.harmless >= 30 or len(body.split("### END")[0]) < LONG_ENOUGH


@every
def test_every_fault_listed_as_harmless_is_one_and_has_a_reason(exercise):
    made = {str(mutant): mutant for mutant in mutants(SOLUTIONS[exercise.name])}
    panel = discernment.Panel(exercise)
    for name, reason in exercise.equivalent_mutants.items():
        assert reason
        assert panel.passes(made[name].function(exercise.name)), name


# --------------------------------------------------------------------------------------- what learners get


def released() -> str:
    return discernment.notebooks(ROOT)


@every
def test_every_exercise_has_a_solution_and_it_is_right(exercise):
    namespace = {"np": np}
    exec(SOLUTIONS[exercise.name], namespace)
    assert examine(exercise.name, namespace[exercise.name], fresh=20, seed="solution").passed


@every
def test_the_released_notebook_gives_nothing_of_the_solution_away(exercise):
    assert discernment.leaks(SOLUTIONS[exercise.name], released()) == []


@every
def test_a_leak_would_be_seen(exercise):
    body = SOLUTIONS[exercise.name]
    assert discernment.leaks(body, released() + "\n\n\n" + body) != []
    plain = "\n\n\nIt is done by " + " and ".join(line.strip() for line in body.splitlines())
    assert discernment.leaks(body, released() + plain) != []


def test_released_notebooks_hold_no_hidden_test_and_no_output():
    assert "HIDDEN" not in released()
    assert "fresh=" not in released()
    assert "BEGIN SOLUTION" not in released()
    for file in (ROOT / "exercises").rglob("*.ipynb"):
        for cell in json.loads(file.read_text())["cells"]:
            assert cell.get("outputs", []) == []


def test_the_points_of_every_cell_are_those_of_its_exercise_and_the_statement_tells_them():
    for file in sorted((ROOT / "solutions").glob("*.md")):
        text = file.read_text()
        told = [int(points) for points in re.findall(r"^## \d+\. .* \((\d+) points?\)$", text, re.M)]
        graded = [
            (name, int(points)) for name, points in re.findall(r"grade_id: check_(\w+)\n.*\n  points: (\d+)", text)
        ]
        assert told == [points for _, points in graded]
        for name, points in graded:
            assert find(name).points == points, name


def test_every_section_lists_its_exercises_in_one_notebook():
    for name, exercise in EXERCISES.items():
        number = int(exercise.section.split(".")[1])
        files = [file for file in (ROOT / "solutions").glob("*.md") if f"grade_id: {name}\n" in file.read_text()]
        assert [file.name.startswith(f"03_{number:02}_") for file in files] == [True], name


# ------------------------------------------------------------------------------------------- the table


def test_the_table_has_every_exercise_and_nothing_in_it_is_missed():
    assert list(RECORDED) == list(EXERCISES)
    for row in RECORDED.values():
        for caught, count in (row.mistakes, row.alternatives, row.oddities):
            assert caught == count > 0, row
        assert row.leaks == 0
    text = repr(discernment.Table((RECORDED["largest_safe_step"],)))
    assert text.splitlines()[1].split()[:4] == ["largest_safe_step", "9", "of", "9"]


def test_judging_a_run_finds_everything_that_is_wrong_with_it():
    exercise = find("gradient_descent")
    case = exercise.cases[3]

    def wrong_and_careless(grad, theta, lr, steps):
        theta += 1
        return theta

    found = judge(exercise, case, run(wrong_and_careless, case), model(exercise, case))
    assert [finding.property for finding in found] == ["value", "mutation", "evaluations"]
