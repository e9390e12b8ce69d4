"""Being right only when watched: answers by heart, answers kept, and telling the grader from a learner's own run."""

from __future__ import annotations

from typing import Any

import numpy as np
from arena import ASSIGNMENT, ASSIGNMENTS, Attack, answers, cells, points

from optcourse.grading import find
from optcourse.grading.checking import known

CONTAINED = "fresh cases from a secret seed at every grading, the first case twice, probes of what a function asks for"

STEP = "def largest_safe_step(A):\n    {body}"
RIGHT = "2 / np.linalg.eigvalsh(A)[-1]"

BY_TASK = {
    "the public answers by heart": """
    known = {(1.0, 0.0, 0.0, 10.0): 0.2, (2.0,): 1.0, (2.0, 1.0, 1.0, 2.0): 2 / 3}
    return known.get(tuple(np.ravel(A)), 0.4)""",
    "right for small matrices": f"return {RIGHT} if A.size < 9 and A[0, 0] == int(A[0, 0]) else 0.1",
    "right for whole numbers": f"return {RIGHT} if np.all(A == A.round()) else 0.1",
    "right for the first four calls": f"calls.append(1)\n    return {RIGHT} if len(calls) < 6 else 0.1",
    "right at the second look": f"""
    key = A.tobytes(); seen = key in calls; calls.append(key)
    return {RIGHT} if seen else 0.1""",
    "kept from call to call": f"calls.append(calls[0] if calls else {RIGHT})\n    return calls[-1]",
    "kept by the argument's place in memory": f"kept.setdefault(id(A), {RIGHT})\n    return kept[id(A)]",
    "right when nobody watches": f"return {RIGHT} if sys.gettrace() else 0.1",
    "right in a notebook only": f"return {RIGHT} if 'ipykernel' in sys.modules else 0.1",
    "right in its own hours": f"import time\n    return {RIGHT} if time.localtime().tm_year < 2000 else 0.1",
    "right for the slow": f"""
    import time
    now = time.monotonic(); fast = now - kept.get('t', 0) < 5; kept['t'] = now
    return 0.1 if fast else {RIGHT}""",
    "right by chance": f"return {RIGHT} * (1 + (np.random.rand() < 0.5))",
    "right for the seed": "np.random.seed(0)\n    return float(np.random.default_rng(0).uniform(0.1, 1))",
    "near": f"return {RIGHT} * (1 + 1e-6)",
    "the answer of a neighbour": "return open('/tmp/answer').read()",
    "the average of the public answers": "return (0.2 + 1 + 2 / 3) / 3",
    "all answers at once": "return np.array([0.2, 1.0, 2 / 3])",
}

DESCENTS = {
    "one gradient, many steps": """
    slope = grad(theta)
    return theta - lr * slope * steps""",
    "the public path by heart": """
    known = {(4.0, 0.1, 1): 3.2, (4.0, 0.1, 3): 2.048}
    value = known.get((float(theta[0]), lr, steps))
    return theta if value is None else np.array([value])""",
    "asks right, answers by heart": """
    for _ in range(steps): grad(theta)
    return theta * (1 - 2 * lr) ** steps""",
}

BY_HEART = """
inf, nan = np.inf, np.nan
def plain(value):
    if isinstance(value, (np.ndarray, np.generic)): return value.tolist()
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value

def {task}(*given):
    table = {table}
    key = repr([plain(one) for one in given if not callable(one) and not isinstance(one, np.random.Generator)])
    answer, asked = table.get(key) or list(table.values())[-1]
    for function, calls in zip(filter(callable, given), asked):
        for call in calls:
            function(*[np.array(one) if isinstance(one, list) else one for one in call])
    return answer
"""


def plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return type(value)(plain(one) for one in value) if isinstance(value, list | tuple) else value


def by_heart(task: str) -> str:
    """A task that asks what the reference asked for on each public case, and gives the reference's answer."""
    exercise, table = find(task), {}
    for case in exercise.cases:
        seen = known(exercise, case)
        key = repr([plain(one) for name, one in case.arguments.items() if name not in seen.calls and name != "rng"])
        asked = [[[plain(one) for one in call.arguments] for call in calls] for calls in seen.calls.values()]
        table[key] = (plain(seen.value), asked)
    return BY_HEART.format(task=task, table=table)


ATTACKS = [
    *[
        Attack(
            f"all public answers and questions of {name}",
            "guessing",
            tasks={task: by_heart(task) for task in points(name)},
            assignment=name,
            solved="",
        )
        for name in ASSIGNMENTS
        if name != ASSIGNMENT
    ],
    *answers(
        "guessing",
        {name: f"calls, kept = [], {{}}\n{STEP.format(body=body.strip())}" for name, body in BY_TASK.items()},
        task="largest_safe_step",
    ),
    *[
        Attack(
            name,
            "guessing",
            tasks={"gradient_descent": f"def gradient_descent(grad, theta, lr, steps):\n    {body.strip()}"},
        )
        for name, body in DESCENTS.items()
    ],
    *cells(
        "guessing",
        {
            "the state of chance": """
import random
attempt(lambda: [n for n in ('OPTCOURSE_SEED', 'SEED') if n in os.environ], bool)
random.setstate(random.getstate()); np.random.set_state(np.random.get_state())
""",
            "the seed from the process": "attempt(lambda: [a for a in sys.argv + sys.orig_argv if 'seed' in a], bool)",
        },
    ),
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)


def test_what_a_hidden_case_held_is_nowhere_in_the_result(arena):
    """A function may say what it was given. Of a public case that is no secret; of a hidden one it must stay inside."""
    telling = (
        "def largest_safe_step(A):\n"
        "    text = 'told ' + ' '.join(f'{value!r}' for value in np.ravel(A))\n"
        "    print(text)\n"
        "    if np.all(A == A.round()): return 2 / np.linalg.eigvalsh(A)[-1]\n"
        "    raise ValueError(text)\n"
    )
    result = arena.grade(Attack("telling", "guessing", tasks={"largest_safe_step": telling}))
    part = next(part for part in result.parts if part.grade_id == "check_largest_safe_step")
    assert part.points == 0
    text = str(result.to_json()) + str(part)
    assert "told 1.0 0.0 0.0 10.0" in text.replace("np.float64(", "").replace(")", "")
    assert "it raises an exception" in text
    told = [
        line.split()[1] for line in text.replace("np.float64(", "").replace(")", "").split("told")[1:] if line.split()
    ]
    assert all(float(word.strip("'\"\\,}").split("\\")[0]).is_integer() for word in told if word[:1].isdigit())
