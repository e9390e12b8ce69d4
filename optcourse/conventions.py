"""Our form of a method beside a library's: where one name means two things, and how to get from one to the other.

The table is data. Each row with an `oracle` is asserted, iterate by iterate, in ``tests/oracles``.

>>> row = TABLE.of("nesterov")[0]
>>> row.peer, row.theirs
('PyTorch', 'torch.optim.SGD(params, lr, momentum=beta, nesterov=True)')
"""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Convention:
    """One correspondence.

    Attributes
    ----------
    method : str
        Ours: ``optcourse.<method>``.
    peer : str
        Whose form it is compared with.
    ours, theirs : str
        The two calls that agree.
    difference : str
        What differs, in words; "the same" if nothing does.
    oracle : str
        The row of a table in ``tests/oracles`` that asserts it.
    """

    method: str
    peer: str
    ours: str
    theirs: str
    difference: str
    oracle: str


class Table(tuple[Convention, ...]):
    """Rows that print themselves, in a terminal and in a notebook."""

    __slots__ = ()

    def of(self, method: str) -> Table:
        """Return the rows of one method."""
        return Table(row for row in self if row.method == method)

    def __repr__(self) -> str:
        lines = []
        for row in self:
            lines += [f"{row.ours}", f"    {row.peer}: {row.theirs}"]
            lines += textwrap.wrap(row.difference, 100, initial_indent=" " * 4, subsequent_indent=" " * 4)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{title}</th>" for title in ("ours", "theirs", "what differs"))
        body = "".join(
            f"<tr><th scope='row'><code>{_breakable(row.ours)}</code></th>"
            f"<td><code>{_breakable(row.theirs)}</code></td><td>{html.escape(row.difference)}</td></tr>"
            for row in self
        )
        return f"<table class='optcourse-conventions'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _breakable(call: str) -> str:
    """A call as HTML that breaks after its dots and brackets, and not in the middle of a name."""
    return re.sub(r"[.(](?=\w)", r"\g<0><wbr>", html.escape(call))


def _torch(method: str, ours: str, theirs: str, difference: str = "the same", oracle: str = "") -> Convention:
    return Convention(method, "PyTorch", f"{method}({ours})", f"torch.optim.{theirs}", difference, oracle or method)


def _scheduler(method: str, ours: str, theirs: str, difference: str = "the same", oracle: str = "") -> Convention:
    return _torch(method, ours, f"lr_scheduler.{theirs}", difference, oracle or method)


BETAS = "betas=(beta1, beta2), eps=eps"

TABLE = Table(
    (
        _torch("gradient_descent", "grad, theta, lr", "SGD(params, lr)", oracle="gradient_descent_on_a_ravine"),
        _torch(
            "sgd",
            "grad_i, theta, n, lr, batch_size, rng",
            "SGD(params, lr) over DataLoader(data, batch_size, shuffle=True)",
            "the same rule; the order of the examples comes from each side's own generator",
        ),
        _torch(
            "momentum",
            "grad, theta, lr, beta",
            "SGD(params, lr, momentum=beta, dampening=0)",
            "the same; the library's dampening is 0 unless it is set",
            oracle="momentum_on_rosenbrock",
        ),
        _torch(
            "momentum",
            "grad, theta, (1 - beta) * lr, beta",
            "SGD(params, lr, momentum=beta, dampening=beta)",
            "the library averages gradients, but takes the first one whole: as if ours had been g/(1 − β) there",
            oracle="momentum_with_dampening",
        ),
        _torch(
            "nesterov",
            "grad, theta, lr, beta",
            "SGD(params, lr, momentum=beta, nesterov=True)",
            "the library stores θ − ηβv, our next look-ahead while η and β are constant",
        ),
        _torch("adagrad", "grad, theta, lr, eps", "Adagrad(params, lr, eps=eps)", "the same; ε outside the root"),
        _torch(
            "rmsprop",
            "grad, theta, lr, rho, eps",
            "RMSprop(params, lr, alpha=rho, eps=eps)",
            "the library calls ρ alpha; ε outside the root (TensorFlow: inside)",
        ),
        _torch(
            "adadelta",
            "grad, theta, rho, eps",
            "Adadelta(params, lr=1.0, rho=rho, eps=eps)",
            "the library keeps a global lr that multiplies the step but not its average; ours, as the paper, has none",
        ),
        _torch("adam", "grad, theta, lr, beta1, beta2, eps", f"Adam(params, lr, {BETAS})", "the same"),
        _torch(
            "adam",
            "lambda theta: grad(theta) + lam * theta, theta, lr",
            "Adam(params, lr, weight_decay=lam)",
            "the library's weight_decay is a penalty in the gradient, not the decay of adamw",
            oracle="adam_with_a_penalty",
        ),
        _torch(
            "adam",
            "grad, theta, lr, amsgrad=True",
            "Adam(params, lr, amsgrad=True)",
            "the same; both correct the largest v by today's 1 − β₂ᵗ, the paper does not",
            oracle="adam_with_amsgrad",
        ),
        _torch(
            "adamw",
            "grad, theta, lr, weight_decay=lam",
            "AdamW(params, lr, weight_decay=lam)",
            "the same; the decay per step is ηλ (in the paper λ alone, times the schedule's factor)",
        ),
        _torch(
            "adamax",
            "grad, theta, lr, beta1, beta2, eps",
            f"Adamax(params, lr, {BETAS})",
            "the same; ε inside the maximum (the paper has none)",
        ),
        _torch(
            "nadam",
            "grad, theta, lr, momentum_decay=0.004",
            "NAdam(params, lr, momentum_decay=0.004)",
            "the momentum-schedule form, the library's default; it keeps the product of the μ in float32 unless "
            "torch.set_default_dtype(torch.float64)",
            oracle="nadam_in_the_schedule_form",
        ),
        _torch(
            "nadam",
            "grad, theta, lr, momentum_decay=None",
            "NAdam(params, lr, momentum_decay=1e6)",
            "the constant form, our default; the library has it only as a limit (its 0 means μ = ½β₁ for ever)",
            oracle="nadam_in_the_constant_form",
        ),
        _scheduler("step_decay", "lr, factor, every", "StepLR(optimizer, step_size=every, gamma=factor)"),
        _scheduler(
            "exponential_decay", "lr, lam", "ExponentialLR(optimizer, gamma=math.exp(-lam))", "γ = e^(−λ) per step"
        ),
        _scheduler(
            "cosine_annealing",
            "lr, T, lr_min",
            "CosineAnnealingLR(optimizer, T_max=T, eta_min=lr_min)",
            "the same up to T; then ours stays at lr_min and the library's climbs back",
        ),
        _scheduler(
            "cosine_restarts",
            "lr, T, growth, lr_min",
            "CosineAnnealingWarmRestarts(optimizer, T_0=T, T_mult=growth, eta_min=lr_min)",
        ),
        _scheduler(
            "warmup_cosine",
            "lr, T, warmup",
            "SequentialLR(optimizer, [LinearLR(…), CosineAnnealingLR(…)], milestones=[warmup])",
            "the library's LinearLR may not start at 0, only close to it; T_max is T − warmup",
        ),
        _scheduler(
            "cyclical",
            "lr_min, lr_max, up, down",
            'CyclicLR(optimizer, lr_min, lr_max, step_size_up=up, step_size_down=down, mode="triangular")',
            "the library cycles momentum as well unless cycle_momentum=False",
        ),
        _scheduler(
            "cyclical",
            "lr_min, lr_max, up, factor=0.5",
            'CyclicLR(optimizer, lr_min, lr_max, step_size_up=up, mode="triangular2")',
            "peaks halved every cycle",
            oracle="cyclical_with_halved_peaks",
        ),
        _scheduler(
            "one_cycle",
            "lr, T, warmup, start, end",
            "OneCycleLR(optimizer, max_lr=lr, total_steps=T, pct_start=warmup, div_factor=start, final_div_factor=end)",
            "the library cycles momentum as well unless cycle_momentum=False, and raises past T where ours stays",
        ),
        Convention(
            "strong_wolfe",
            "SciPy",
            "strong_wolfe(loss, grad, theta, direction, c1=1e-4, c2=0.9)",
            "scipy.optimize.line_search(loss, grad, theta, direction, c1=1e-4, c2=0.9)",
            "both steps meet the conditions, at an α of their own; where there is none the library returns None, and "
            "ours raises",
            "strong_wolfe",
        ),
        Convention(
            "conjugate_gradient",
            "SciPy",
            "conjugate_gradient(A, b, theta, M)",
            "scipy.sparse.linalg.cg(A, b, x0=theta, M=M, rtol=0, maxiter=k)",
            "the same iterates, of which the library returns the k-th; its rtol is relative to ‖b‖",
            "conjugate_gradient",
        ),
        Convention(
            "solve_equality_qp",
            "cvxpy",
            "solve_equality_qp(QuadraticProgram(Q, c, A, b)).nu",
            "(A @ x == b).dual_value of Minimize(0.5 * quad_form(x, Q) + c @ x)",
            "the same sign: the value falls by ν for each unit of b; the library's quad_form has no ½",
            "solve_equality_qp",
        ),
        Convention(
            "active_set_qp",
            "cvxpy",
            "active_set_qp(QuadraticProgram(Q, c, A_ub=A, b_ub=b), x).mu",
            "(A @ x <= b).dual_value of Minimize(0.5 * quad_form(x, Q) + c @ x)",
            "the same: μ ≥ 0",
            "active_set_qp",
        ),
        Convention(
            "svm_dual",
            "scikit-learn",
            "svm_dual(X, y, C)",
            'sklearn.svm.SVC(kernel="linear", C=C).fit(X, y)',
            "the library's dual_coef_ holds θᵢyᵢ, of the support vectors only",
            "svm_dual",
        ),
        Convention(
            "lasso_cd",
            "scikit-learn",
            "lasso_cd(X, y, lam)",
            "sklearn.linear_model.Lasso(alpha=lam / n, fit_intercept=False).fit(X, y)",
            "the library divides the squared error by 2n, ours by 2: α = λ/n; it centres the data unless told not to",
            "lasso_cd",
        ),
        Convention(
            "lasso_path",
            "scikit-learn",
            "lasso_path(X, y, lams)",
            "sklearn.linear_model.lasso_path(X, y, alphas=lams / n)",
            "as for lasso_cd; the library's coefficients are the columns, ours the rows",
            "lasso_path",
        ),
        Convention(
            "simplex",
            "HiGHS",
            "simplex(LinearProgram(c, A_ub, b_ub, A_eq, b_eq, bounds))",
            'scipy.optimize.linprog(c, A_ub, b_ub, A_eq, b_eq, bounds, method="highs-ds")',
            "the same signs: prices are changes of the least value per unit of a side, so y_ub ≤ 0; the library has "
            "them as ineqlin.marginals and eqlin.marginals",
            "simplex",
        ),
        Convention(
            "interior_point",
            "HiGHS",
            "interior_point(LinearProgram(c, A_ub, b_ub, A_eq, b_eq, bounds))",
            'scipy.optimize.linprog(c, A_ub, b_ub, A_eq, b_eq, bounds, method="highs-ipm")',
            "as for simplex; the library goes on to a corner (crossover), ours ends inside an optimal face",
            "interior_point",
        ),
        Convention(
            "differential_evolution",
            "SciPy",
            "differential_evolution(losses, low, high, rng, population_size=k * n)",
            "scipy.optimize.differential_evolution(loss, bounds, popsize=k, rng=rng)",
            "the library's popsize is multiplied by n, and a gradient method polishes its answer unless polish=False",
            "differential_evolution",
        ),
        Convention(
            "prox_l2",
            "cvxpy",
            "prox_l2(v, t)",
            "Minimize(t * 0.5 * sum_squares(u) + 0.5 * sum_squares(u - v))",
            "ours is of ½‖u‖²; the library's sum_squares has no ½",
            "prox_l2",
        ),
    )
)
