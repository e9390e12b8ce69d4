"""Tricks of one kind of task: forged shuffles, budgets overspent, goals pretended, functions looked into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from textwrap import dedent, indent

from arena import ASSIGNMENTS, HASTY, Attack, points

from optcourse.grading import find

CONTAINED = (
    "the judge counts what is asked for, point by point, asks again with another generator, and measures a goal on its "
    "own problem"
)

SHUFFLES = {
    "the stored order, from the middle": "orders = [np.roll(examples, k + 1) for k in range(epochs)]",
    "its own generator": "own = np.random.default_rng(0)\norders = [own.permutation(examples) for _ in range(epochs)]",
    "the global generator": "np.random.seed(1)\norders = [np.random.permutation(examples) for _ in range(epochs)]",
    "even ones first": "orders = [np.roll(np.append(examples[::2], examples[1::2]), k) for k in range(epochs)]",
    "a shuffle of one epoch, turned": "order = rng.permutation(examples)\norders = [order] * epochs",
    "a shuffle of one epoch, moved on by one": """
        order = rng.permutation(examples)
        orders = [np.roll(order, k) for k in range(epochs)]
    """,
    "shuffled inside its batches": """
        parts = np.split(examples, range(batch_size, len(examples), batch_size))
        orders = [np.concatenate([rng.permutation(part) for part in parts]) for _ in range(epochs)]
    """,
    "dealt once, in another order": """
        order = rng.permutation(examples)
        whole, rest = divmod(len(order), batch_size)
        orders = [np.append(rng.permutation(order[: whole * batch_size].reshape(whole, batch_size)),
                            order[whole * batch_size :]) for _ in range(epochs)]
    """,
    "one example twice, one never": """
        orders = [rng.permutation(examples) for _ in range(epochs)]
        for order in orders: order[0] = order[1]
    """,
    "other examples": "orders = [rng.permutation(len(examples)) for _ in range(epochs)]",
    "numbers that are nearly whole": "orders = [rng.permutation(examples) + 1e-13 for _ in range(epochs)]",
    "a generator that is no generator": """
        class Same(np.random.Generator):
            def permutation(self, x): return np.array(x)
        np.random.Generator = Same
        orders = [Same(rng.bit_generator).permutation(examples) for _ in range(epochs)]
    """,
    "right for the generators that are known": """
        known = [np.random.default_rng(k).bit_generator.state for k in (1, 2, 3)]
        public = rng.bit_generator.state in known
        orders = [rng.permutation(examples) if public else examples for _ in range(epochs)]
    """,
    "right where another generator is tried": """
        kept.append(1)
        orders = [rng.permutation(examples) if len(kept) == 3 else np.roll(examples, k + 1) for k in range(epochs)]
    """,
    "fails where another generator is tried": """
        kept.append(1)
        if len(kept) == 3: raise KeyboardInterrupt
        own = np.random.default_rng(0)
        orders = [own.permutation(examples) for _ in range(epochs)]
    """,
    "its own generator where it does not know the given one": """
        known = [np.random.default_rng(k).bit_generator.state for k in (1, 2, 3, 2718)]
        own = rng if rng.bit_generator.state in known else np.random.default_rng(5)
        orders = [own.permutation(examples) for _ in range(epochs)]
    """,
    "two examples exchanged": """
        orders = [np.array(examples) for _ in range(epochs)]
        for order in orders:
            one, other = rng.choice(len(order), 2, replace=False)
            order[[one, other]] = order[[other, one]]
    """,
    "two examples exchanged, backwards": """
        orders = [np.array(examples[::-1]) for _ in range(epochs)]
        for order in orders:
            one, other = rng.choice(len(order), 2, replace=False)
            order[[one, other]] = order[[other, one]]
    """,
    "the caller's array shuffled": """
        orders = []
        for _ in range(epochs):
            rng.shuffle(examples)
            orders.append(examples.copy())
    """,
}
CUT = "\nreturn [order[k : k + batch_size] for order in orders for k in range(0, len(order), batch_size)]"

EPOCHS = {
    "asks in one order, goes in another": """
        order = rng.permutation(n)
        for k in range(0, n, batch_size): grad_i(theta, order[k : k + batch_size])
        return theta
    """,
    "asks for all at once, many times": """
        for k in range(0, n, batch_size): slope = grad_i(theta, np.arange(n))
        return theta - lr * slope
    """,
    "asks for more than there is": """
        for k in range(0, n, batch_size): theta = theta - lr * grad_i(theta, rng.permutation(n)[:batch_size])
        return theta
    """,
    "numbers from behind": """
        order = rng.permutation(n) - n
        for k in range(0, n, batch_size): theta = theta - lr * grad_i(theta, order[k : k + batch_size])
        return theta
    """,
    "masks for numbers": """
        order = rng.permutation(n)
        for k in range(0, n, batch_size):
            theta = theta - lr * grad_i(theta, np.isin(np.arange(n), order[k : k + batch_size]))
        return theta
    """,
    "the stored order, from the middle": """
        order = np.roll(np.arange(n), n // 2)
        for k in range(0, n, batch_size): theta = theta - lr * grad_i(theta, order[k : k + batch_size])
        return theta
    """,
    "many points a question": """
        order = rng.permutation(n)
        for k in range(0, n, batch_size):
            slope = grad_i(np.column_stack([theta] * batch_size), order[k : k + batch_size])
        return theta - lr * slope[:, 0]
    """,
    "a batch that changes after the question": """
        order = rng.permutation(n)
        for k in range(0, n, batch_size):
            batch = order[k : k + batch_size]
            slope = grad_i(theta, np.zeros_like(batch))
            batch[:] = 0
            theta = theta - lr * slope
        return theta
    """,
    "questions of nothing between": """
        order = rng.permutation(n)
        for k in range(0, n, batch_size):
            grad_i(theta, [])
            theta = theta - lr * grad_i(theta, order[k : k + batch_size])
        return theta
    """,
}

INSIDE = {
    "what is behind it": """
        for name in ("function", "__wrapped__", "__closure__", "__code__", "__globals__", "__self__", "problem", "X"):
            attempt(lambda: getattr({asked}, name), lambda found: found is not None)
        return theta
    """,
    "its counter": """
        for name in ("calls", "count", "counter", "most", "model"):
            attempt(lambda: getattr({asked}, name), lambda found: True)
        return theta
    """,
    "those of other tasks": """
        for number in range(40):
            try: {asked}.__class__({asked}._worker, number, "other")(theta)
            except BaseException as error: print(type(error).__name__)
        return theta
    """,
    "itself": """
        for question in ({asked}, {own}, lambda *a: a, object(), type, np):
            try: {asked}(question)
            except BaseException as error: print(type(error).__name__)
        return theta
    """,
    "two at once": """
        import threading
        def ask():
            try: {asked}(theta)
            except BaseException: pass
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for one in threads: one.start()
        for one in threads: one.join()
        return theta
    """,
    "from a child": """
        child = os.fork()
        try: {asked}(theta)
        finally:
            if not child: os._exit(0)
        return theta
    """,
}

GOALS = {
    "many points a question": """
        low, high = theta - 20, theta + 20
        for _ in range(8):
            grid = np.linspace(low, high, 1001)
            slopes = np.abs([grad(grid[k : k + 500]) for k in (0, 501)][0])
            best = grid[np.argmin(slopes, axis=0), np.arange(len(theta))]
            low, high = best - (high - low) / 100, best + (high - low) / 100
        return best
    """,
    "points spread over the coordinates": """
        for k in range(budget - 2): grad(theta[:, None])
        here, there = np.diag(grad(theta[:, None])), np.diag(grad(theta[:, None] + 1))
        return theta - here / (there - here)
    """,
    "a slope and its curvature by one question": """
        for k in range(budget - 1): grad(theta)
        both = grad(theta + 1e-20j)
        return theta - both.real / (both.imag / 1e-20)
    """,
    "more than the budget": """
        for k in range(3 * budget): theta = theta - 1e-3 * np.sign(grad(theta))
        return theta
    """,
    "deaf to the end of all": """
        for k in range(10**6):
            try: slope = grad(theta)
            except BaseException: return theta
            theta = theta - 1e-3 * np.sign(slope)
    """,
    "questions that fail cost nothing": """
        for k in range(2 * budget):
            try: grad("theta")
            except Exception as error: kept.append(error)
        return theta
    """,
    "not a number": "return np.full(len(theta), np.nan)",
    "no number at all": "return np.full(len(theta), np.inf)",
    "half a number": "return theta + 1j * np.nan",
    "another shape": "return np.zeros((len(theta), len(theta)))",
    "nothing": "return theta[:0]",
    "near by its own word": """
        class Near(np.ndarray):
            def __array_ufunc__(self, *a, **k): return np.zeros(self.shape)
        return theta.view(Near)
    """,
    "the start moved instead": """
        theta[:] = 0
        return theta
    """,
    "a path for later": "return lambda: theta",
    "the largest of whole numbers": "return [2**1024 - 1] * len(theta)",
    "the public answers": "return {len(theta): np.array([1.0, -2.0])}.get(2, theta)[: len(theta)]",
    "a question for an answer": "return grad",
}

SPENDING = {
    "more than the budget": """
        for k in range(4 * budget): theta = theta - 10 / (20 + k) * grad_i(theta, [int(rng.integers(n))])
        return theta
    """,
    "whole passes": """
        for k in range(budget // 2): theta = theta - 0.5 * grad_i(theta, np.arange(n))
        return theta
    """,
    "masks for numbers": """
        for k in range(budget): theta = theta - 0.5 * grad_i(theta, np.ones(n, bool))
        return theta
    """,
    "batches in a table": """
        for k in range(20): theta = theta - 0.5 * grad_i(theta, np.arange(n).reshape(4, n // 4))
        return theta
    """,
    "many points a question": """
        for k in range(budget): slopes = grad_i(np.column_stack([theta] * 100), [k % n])
        return theta - slopes.sum(axis=1)
    """,
    "questions of nothing": """
        for k in range(2000): theta = theta - 0.5 * grad_i(theta, [])
        return theta
    """,
    "not a number": "return theta * np.nan",
    "a larger budget": "return spend(grad_i, theta, n, 4 * budget, rng) if budget < 10**6 else theta",
}

PLANS = {
    "not a number": "return np.full(steps, np.nan)",
    "one that explodes to nothing": "return np.full(steps, 1e300)",
    "the curvature moved instead": "curvature[:] = 0\nreturn np.zeros(steps)",
    "the start moved instead": "start[:] = 0\nreturn np.zeros(steps)",
    "more steps than there are": "return 0.5 / max(curvature) * np.linspace(1, 0, 10 * steps)",
    "turned into the complex": "return 1j * np.linspace(1, 0, steps) / max(curvature)",
    "one rate, as long as it is needed": "return np.broadcast_to(0.25 / max(curvature), (steps,))",
    "the right plan of another bowl": "return 0.5 * (1 + np.cos(np.pi * np.arange(steps) / steps))",
    "half of it not a number": "return np.where(np.arange(steps) < 3, np.nan, 0.1)",
    "in units of the judge": "return [str(1 / max(curvature))] * steps",
}

STOPS = {
    "the last for the best": """
        for _ in range(steps): theta = theta - lr * grad(theta)
        return theta
    """,
    "one that is changed afterwards": """
        best = [theta]
        for _ in range(steps):
            best[0] = best[0] - lr * grad(best[0])
            loss(best[0])
            best[0][:] = 0
        return best[0]
    """,
    "a loss that is asked for everything": """
        import itertools
        points = [theta + 0.5 * np.array(move[: len(theta)]) for move in itertools.product((-1, 0, 1), repeat=4)]
        return min(points, key=loss)
    """,
    "the loss for an answer": "return loss",
    "the loss of many at once": "return loss(np.zeros((1000, len(theta)))) * theta",
}

RANGES = {
    "the middle of the range": "return float(np.sqrt(lr_min * lr_max)) / notch",
    "all rates": "return np.geomspace(lr_min, lr_max, steps) / notch",
    "a rate that is near": """
        class Near(float):
            __sub__ = __rsub__ = __abs__ = lambda self, other=0: 0.0
        return Near(lr_min)
    """,
    "with its own loss": """
        found = []
        for rate in np.geomspace(lr_min, lr_max, steps):
            theta = theta - rate * grad(theta)
            found.append(float(theta @ theta))
        return np.geomspace(lr_min, lr_max, steps)[np.argmax(found)] / notch
    """,
}

SLOPES = {
    "by a step into the complex": """
        return np.array([np.imag(f(theta + 1j * eps * one)) / eps for one in np.eye(len(theta))])
    """,
    "by one step ahead": "return np.array([(f(theta + eps * one) - f(theta)) / eps for one in np.eye(len(theta))])",
    "all points in one question": """
        moves = eps * np.eye(len(theta))
        return (f((theta + moves).T) - f((theta - moves).T)) / (2 * eps)
    """,
    "a finer step": """
        fine = 1e-6
        return np.array([(f(theta + fine * e) - f(theta - fine * e)) / (2 * fine) for e in np.eye(len(theta))])
    """,
    "asked right, answered by heart": """
        for one in np.eye(len(theta)): f(theta + eps * one); f(theta - eps * one)
        return 3 * theta**2
    """,
}

CHECKERS = {
    "all is right": "return 0.0, 0",
    "all is right, and that is true": "return True, True",
    "an error that is none": "return np.nan, 0",
    "an error without end": "return np.inf, len(theta) - 1",
    "from behind": "return 0.0, -1",
    "an index that is all": """
        class All(int):
            __eq__ = __le__ = __ge__ = lambda self, other: True
            __hash__ = int.__hash__
        return 0.0, All(0)
    """,
    "the wrong one made right": "slope = grad(theta)\nslope[:] = 0\nreturn 0.0, int(np.argmax(np.abs(slope)))",
    "three answers": "return 0.0, 0, grad",
    "the checker of the course": "from optcourse import check_gradient as real\nreturn real(f, grad, theta).worst",
}

OTHERS = {
    "nesterov": "nesterov = momentum",
    "adamax": "adamax = adam",
    "nadam": "import functools\nnadam = functools.partial(adam)",
    "adamw": "def adamw(grad, theta, lr, b1, b2, eps, decay, steps): return adam(grad, theta, lr, b1, b2, eps, steps)",
    "rmsprop": "rmsprop = adagrad",
    "adadelta": "adadelta = adagrad.__class__(adagrad.__code__, globals())",
    "cyclical": "cyclical = step_decay",
    "check_gradient": "check_gradient = numerical_gradient",
    "sgd_decaying": "sgd_decaying = minibatches",
    "batch_moments": "from optcourse import minibatches as batch_moments",
}
FROM_THE_COURSE = {
    "momentum": "from optcourse.momentum import momentum",
    "adam": "import optcourse\nadam = optcourse.adam",
    "warmup_cosine": "from optcourse.schedules import warmup_cosine",
    "early_stopping": "from optcourse.grading.exercises.schedules import stopping as early_stopping",
    "relative_error": "from optcourse.gradient_check import relative_error",
    "spend": "from optcourse.grading.exercises.stochastic import spend as given\nspend = given.reference",
    "planned_rates": "from optcourse.grading.exercises.schedules import half_wave as planned_rates",
}


def assignment_of(task: str) -> str:
    """The assignment that holds a task."""
    return next(name for name in ASSIGNMENTS if task in points(name))


def attacks(title: str, task: str, code: str, **options: object) -> Attack:
    """One attack on one task; the first other task of its assignment is right."""
    name = assignment_of(task)
    solved = next(other for other in points(name) if other != task)
    return Attack(f"{task}: {title}", "goals", tasks={task: code}, assignment=name, solved=solved, **options)  # type: ignore[arg-type]


def bodies(task: str, codes: Mapping[str, str], end: str = "") -> list[Attack]:
    """Attacks that are a function of the task's arguments each."""
    head = f"kept = []\ndef {task}({', '.join(find(task).cases[0].arguments)}):\n"
    return [
        attacks(title, task, head + indent(dedent(code).strip() + end, "    "), limits=SHORT)
        for title, code in codes.items()
    ]


def inside(task: str, asked: str) -> list[Attack]:
    """Attacks that ask a function that is handed out for what it is."""
    return bodies(
        task, {f"asks {asked} for {title}": code.format(asked=asked, own=task) for title, code in INSIDE.items()}
    )


SHORT = replace(HASTY, seconds=3.0, total=20.0)
ATTACKS = [
    *bodies("minibatches", SHUFFLES, CUT),
    *bodies("sgd_epoch", EPOCHS),
    *bodies("spend", SPENDING),
    *bodies("within_budget", GOALS),
    *bodies("unknown_scales", {title: GOALS[title] for title in GOALS if not title.startswith("deaf")}),
    *bodies("any_units", {title: GOALS[title] for title in ("many points a question", "more than the budget")}),
    *inside("spend", "grad_i"),
    *inside("unknown_scales", "grad"),
    *inside("early_stopping", "loss"),
    *bodies("planned_rates", PLANS),
    *bodies("early_stopping", STOPS),
    *bodies("lr_range_test", RANGES),
    *bodies("numerical_gradient", SLOPES),
    *bodies("check_gradient", CHECKERS),
    *[attacks("another task's function", task, code, broken=True) for task, code in OTHERS.items()],
    *[attacks("the course's own", task, code, broken=True) for task, code in FROM_THE_COURSE.items()],
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
