"""Every method of the course, listed once.

Whatever enumerates methods walks this list: the quick reference (3.16), the oracle tests, the exercises, the
benchmarks. A row is added where the method's section stands; tests hold the rows against the package.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Method:
    """One method of the course.

    Attributes
    ----------
    name : str
        Its public name: ``optcourse.<name>``.
    section : str
        Where the book teaches it, e.g. ``"3.1"``.
    home : str
        The module that defines it.
    title : str
        What people call it.
    summary : str
        One line: what it does.
    when : str
        One line: when to use it, and why.
    twin : str
        The call a practitioner would write.
    state : tuple of str
        For streams: the variables worth seeing in ``stream.state``.
    """

    name: str
    section: str
    home: str
    title: str
    summary: str
    when: str
    twin: str
    state: tuple[str, ...] = ()

    @property
    def function(self) -> Callable[..., Any]:
        """The method itself."""
        found: Callable[..., Any] = getattr(importlib.import_module(f"optcourse.{self.home}"), self.name)
        return found


METHODS: tuple[Method, ...] = (
    # ------------------------------------------------------------------------------ 3.1 gradient descent
    Method(
        name="gradient_descent",
        section="3.1",
        home="gradient_descent",
        title="Gradient descent",
        summary="Step against the gradient of the whole loss.",
        when="The loss is smooth and a full gradient is cheap; the baseline every other method is measured against.",
        twin="torch.optim.SGD(params, lr)",
    ),
    Method(
        name="smoothness",
        section="3.1",
        home="gradient_descent",
        title="Smoothness constant",
        summary="The largest curvature of a quadratic, hence its largest safe step.",
        when="Choosing a step size by calculation instead of trial.",
        twin="scipy.sparse.linalg.eigsh(A, k=1)",
    ),
    # --------------------------------------------------------------------------------- 3.2 stochastic
    Method(
        name="sgd",
        section="3.2",
        home="stochastic",
        title="Stochastic gradient descent",
        summary="Step against the mean gradient of a few examples.",
        when="Many examples: an epoch of cheap noisy steps gets further than one exact step.",
        twin="torch.optim.SGD(params, lr) over torch.utils.data.DataLoader(data, batch_size, shuffle=True)",
        state=("batch",),
    ),
    Method(
        name="minibatches",
        section="3.2",
        home="stochastic",
        title="Mini-batches",
        summary="Shuffle the examples every epoch and deal them in batches.",
        when="Whenever a method looks at a few examples at a time.",
        twin="torch.utils.data.DataLoader(data, batch_size, shuffle=True)",
    ),
    # --------------------------------------------------------------------- 3.3 momentum and Nesterov
    Method(
        name="momentum",
        section="3.3",
        home="momentum",
        title="Momentum (heavy ball)",
        summary="Step along a decaying sum of all gradients so far.",
        when="Ravines: it glides along the floor where gradient descent zig-zags.",
        twin="torch.optim.SGD(params, lr, momentum=beta)",
        state=("velocity",),
    ),
    Method(
        name="nesterov",
        section="3.3",
        home="momentum",
        title="Nesterov momentum",
        summary="Take the gradient where the momentum is about to lead.",
        when="Smooth convex losses: the best possible rate; less overshoot than heavy ball.",
        twin="torch.optim.SGD(params, lr, momentum=beta, nesterov=True)",
        state=("velocity", "lookahead"),
    ),
    Method(
        name="optimal_momentum",
        section="3.3",
        home="momentum",
        title="Optimal heavy-ball constants",
        summary="The step and memory that shrink a quadratic fastest.",
        when="Quadratics whose smallest and largest curvature are known; nowhere else without a check.",
        twin="none: libraries leave lr and momentum to the caller",
    ),
    # -------------------------------------------------------------- 3.4 AdaGrad, RMSProp, AdaDelta
    Method(
        name="adagrad",
        section="3.4",
        home="adaptive",
        title="AdaGrad",
        summary="Divide each step by the root of all squared gradients so far.",
        when="Sparse features and convex losses; in long runs it stalls.",
        twin="torch.optim.Adagrad(params, lr, eps=eps)",
        state=("squares",),
    ),
    Method(
        name="rmsprop",
        section="3.4",
        home="adaptive",
        title="RMSProp",
        summary="Divide each step by the root mean square of recent gradients.",
        when="Noisy losses whose scale changes over time, such as recurrent networks and reinforcement learning.",
        twin="torch.optim.RMSprop(params, lr, alpha=rho, eps=eps)",
        state=("mean_square",),
    ),
    Method(
        name="adadelta",
        section="3.4",
        home="adaptive",
        title="AdaDelta",
        summary="Step as far as recent steps were, per unit of recent gradients.",
        when="No idea of a step size at all; slow to start.",
        twin="torch.optim.Adadelta(params, lr=1.0, rho=rho, eps=eps)",
        state=("mean_square", "mean_square_step"),
    ),
    # ------------------------------------------------------------------------- 3.5 the Adam family
    Method(
        name="adam",
        section="3.5",
        home="adam",
        title="Adam",
        summary="Momentum divided by the recent root mean square, both corrected for their start.",
        when="The default for neural networks when tuning time is short.",
        twin="torch.optim.Adam(params, lr, betas=(beta1, beta2), eps=eps, amsgrad=amsgrad)",
        state=("first_moment", "second_moment", "largest"),
    ),
    Method(
        name="adamw",
        section="3.5",
        home="adam",
        title="AdamW",
        summary="Adam, with weight decay kept out of the adaptive step.",
        when="Transformers, with warm-up and cosine; wherever Adam needs regularisation.",
        twin="torch.optim.AdamW(params, lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)",
        state=("first_moment", "second_moment"),
    ),
    Method(
        name="adamax",
        section="3.5",
        home="adam",
        title="Adamax",
        summary="Adam with the largest recent gradient in place of the root mean square.",
        when="Gradients that are mostly zero with rare bursts, as of embeddings.",
        twin="torch.optim.Adamax(params, lr, betas=(beta1, beta2), eps=eps)",
        state=("first_moment", "largest"),
    ),
    Method(
        name="nadam",
        section="3.5",
        home="adam",
        title="Nadam",
        summary="Adam whose momentum looks one step ahead.",
        when="Where Adam works and a little more speed is wanted.",
        twin="torch.optim.NAdam(params, lr, betas=(beta1, beta2), eps=eps, momentum_decay=momentum_decay)",
        state=("first_moment", "second_moment", "mu"),
    ),
    # ------------------------------------------------------------------------------ 3.6 schedules
    Method(
        name="step_decay",
        section="3.6",
        home="schedules",
        title="Step decay",
        summary="Cut the rate by a factor every so many steps.",
        when="Plateaus are known in advance; classical vision recipes.",
        twin="torch.optim.lr_scheduler.StepLR(optimizer, step_size=every, gamma=factor)",
    ),
    Method(
        name="exponential_decay",
        section="3.6",
        home="schedules",
        title="Exponential decay",
        summary="Cut the rate by the same share at every step.",
        when="A smooth decay without a fixed end.",
        twin="torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=math.exp(-lam))",
    ),
    Method(
        name="cosine_annealing",
        section="3.6",
        home="schedules",
        title="Cosine annealing",
        summary="Half a cosine wave from the first rate to the last.",
        when="A fixed budget of steps: the usual choice.",
        twin="torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T, eta_min=lr_min)",
    ),
    Method(
        name="cosine_restarts",
        section="3.6",
        home="schedules",
        title="Cosine with restarts",
        summary="Cosine annealing, over and over.",
        when="Good models are wanted along the way, or snapshot ensembles.",
        twin="torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=T, T_mult=growth, eta_min=lr_min)",
    ),
    Method(
        name="warmup_cosine",
        section="3.6",
        home="schedules",
        title="Warm-up and cosine",
        summary="A line up, then half a cosine wave down.",
        when="Adam on transformers, large batches.",
        twin="transformers.get_cosine_schedule_with_warmup(optimizer, warmup, T)",
    ),
    Method(
        name="cyclical",
        section="3.6",
        home="schedules",
        title="Cyclical (triangular)",
        summary="Up and down between two rates for ever.",
        when="The best rate is known only as a range.",
        twin="torch.optim.lr_scheduler.CyclicLR(optimizer, lr_min, lr_max, step_size_up=up, step_size_down=down)",
    ),
    Method(
        name="one_cycle",
        section="3.6",
        home="schedules",
        title="One cycle",
        summary="One wave up to a bold rate and down to almost nothing.",
        when="Short training with a rate near the largest stable one.",
        twin="torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=T, cycle_momentum=False)",
    ),
    Method(
        name="lr_range_test",
        section="3.6",
        home="schedules",
        title="Learning-rate range test",
        summary="Grow the rate exponentially and watch where the loss climbs.",
        when="Before choosing any rate.",
        twin="torch_lr_finder.LRFinder(model, optimizer, criterion).range_test(loader)",
    ),
    Method(
        name="early_stopping",
        section="3.6",
        home="schedules",
        title="Early stopping",
        summary="End a stream when the validation loss stops improving, and remember its best iterate.",
        when="Training that may overfit.",
        twin="keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)",
        state=("best", "best_loss", "best_step", "waited"),
    ),
    # ------------------------------------------------------------------ 3.7 Newton, quasi-Newton
    Method(
        name="newton",
        section="3.7",
        home="newton",
        title="Newton's method",
        summary="Jump to the minimum of the local quadratic model.",
        when="Few parameters, a cheap exact Hessian and a start near the minimum: the error is squared at every step.",
        twin="scipy.optimize.newton(grad, theta, fprime=hess)",
        state=("step",),
    ),
    Method(
        name="damped_newton",
        section="3.7",
        home="newton",
        title="Damped Newton",
        summary="Newton's step with every curvature made positive and a line search.",
        when="Newton far from the minimum or near saddles, where the plain step may climb.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, hess=hess, method="Newton-CG")',
        state=("curvature", "direction"),
    ),
    Method(
        name="bfgs",
        section="3.7",
        home="newton",
        title="BFGS",
        summary="Learn the inverse Hessian from successive gradients.",
        when="Smooth deterministic losses of up to a few thousand parameters: the default of scientific computing.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, method="BFGS")',
        state=("inverse_hessian", "direction"),
    ),
    Method(
        name="lbfgs",
        section="3.7",
        home="newton",
        title="L-BFGS",
        summary="BFGS from the last few pairs of steps and gradient changes, without the matrix.",
        when="Smooth full-batch losses of any size; not for noisy mini-batch gradients.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, method="L-BFGS-B")',
        state=("pairs", "direction"),
    ),
    # ------------------------------------------------ 3.8 line search and conjugate gradient
    Method(
        name="backtracking",
        section="3.8",
        home="line_search",
        title="Backtracking (Armijo)",
        summary="Shorten the step until it brings its share of the promised decrease.",
        when="A direction is given and only the loss is cheap to try.",
        twin="scipy.optimize.line_search(loss, grad, theta, direction)",
    ),
    Method(
        name="strong_wolfe",
        section="3.8",
        home="line_search",
        title="Strong Wolfe line search",
        summary="Find a step that pays and ends where the slope is flat.",
        when="Inside quasi-Newton and conjugate gradient methods, which need yᵀs > 0 or a nearly exact minimum.",
        twin="scipy.optimize.line_search(loss, grad, theta, direction, c1=c1, c2=c2)",
    ),
    Method(
        name="conjugate_gradient",
        section="3.8",
        home="conjugate_gradient",
        title="Conjugate gradients",
        summary="Solve a symmetric positive definite system along directions that do not undo each other.",
        when="Large sparse systems and quadratics: only products with A are needed.",
        twin="scipy.sparse.linalg.cg(A, b, M=M)",
        state=("residual", "direction"),
    ),
    Method(
        name="nonlinear_cg",
        section="3.8",
        home="conjugate_gradient",
        title="Nonlinear conjugate gradients",
        summary="Conjugate directions for any smooth loss, with a line search.",
        when="Large smooth losses when even L-BFGS's memory is too much.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, method="CG")',
        state=("direction", "beta"),
    ),
    # ------------------------------------------------------------------- 3.9 convexity and duality
    Method(
        name="is_convex_on",
        section="3.9",
        home="convexity",
        title="Chord test",
        summary="Search for a chord the function rises above.",
        when="Doubting convexity: one witness disproves it.",
        twin="scipy has none; cvxpy's disciplined rules prove convexity: cvxpy.Problem(...).is_dcp()",
    ),
    Method(
        name="is_psd",
        section="3.9",
        home="convexity",
        title="Second-order test",
        summary="Tell whether a symmetric matrix has no negative curvature.",
        when="Checking a Hessian: convex exactly where it is positive semidefinite.",
        twin="numpy.linalg.eigvalsh(A).min() >= 0",
    ),
    Method(
        name="project_simplex",
        section="3.9",
        home="convexity",
        title="Projection onto the simplex",
        summary="The nearest point with entries ≥ 0 that sum to one.",
        when="Probabilities, portfolios, mixtures as constraints.",
        twin="cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(u - v)), [u >= 0, cvxpy.sum(u) == 1])",
    ),
    Method(
        name="projected_gradient",
        section="3.9",
        home="convexity",
        title="Projected gradient descent",
        summary="A gradient step, then back to the nearest allowed point.",
        when="Simple constraint sets whose projection is cheap: boxes, balls, simplices.",
        twin='scipy.optimize.minimize(loss, theta, jac=grad, bounds=..., method="L-BFGS-B")',
    ),
    Method(
        name="lagrange_dual",
        section="3.9",
        home="convexity",
        title="Lagrange dual",
        summary="The best floor under a convex quadratic or linear program, as a function of prices.",
        when="Bounding how far a candidate can be from optimal.",
        twin="cvxpy: constraint.dual_value after problem.solve()",
    ),
    Method(
        name="duality_gap",
        section="3.9",
        home="certificates",
        title="Duality gap",
        summary="Ceiling minus floor: zero exactly at a solution.",
        when="Stopping a solver with a proof.",
        twin="scipy.optimize.linprog(...).eqlin.marginals give the floor",
    ),
    # --------------------------------------------------------------------- 3.10 Lagrange and KKT
    Method(
        name="solve_equality_qp",
        section="3.10",
        home="lagrange",
        title="KKT system",
        summary="Solve an equality-constrained quadratic program as one linear system.",
        when="Quadratic objective, linear equalities.",
        twin='scipy.optimize.minimize(f, x, jac=grad, constraints={"type": "eq", ...}, method="SLSQP")',
    ),
    Method(
        name="newton_kkt",
        section="3.10",
        home="lagrange",
        title="Equality-constrained Newton",
        summary="Newton's step among the points that meet linear equalities.",
        when="Smooth convex objectives with linear equalities; the inner loop of interior-point methods.",
        twin='scipy.optimize.minimize(f, x, jac=grad, hess=hess, constraints=..., method="trust-constr")',
        state=("nu",),
    ),
    Method(
        name="kkt_residuals",
        section="3.10",
        home="certificates",
        title="KKT residuals",
        summary="How far a point is from each of the four conditions, and which fail.",
        when="Checking any constrained solution, whoever computed it.",
        twin="cvxpy: constraint.violation() and constraint.dual_value",
    ),
    Method(
        name="active_set_qp",
        section="3.10",
        home="lagrange",
        title="Active-set method",
        summary="Guess which inequalities bind, solve, correct the guess.",
        when="Small convex quadratic programs, and sequences of similar ones.",
        twin="cvxpy.Problem(cvxpy.Minimize(cvxpy.quad_form(x, Q) / 2 + c @ x), [A @ x <= b]).solve()",
    ),
    Method(
        name="augmented_lagrangian",
        section="3.10",
        home="lagrange",
        title="Augmented Lagrangian",
        summary="A price and a penalty on the violation, corrected in turns.",
        when="Nonlinear equality constraints with an unconstrained solver at hand.",
        twin='scipy.optimize.minimize(f, x, jac=grad, constraints={"type": "eq", ...}, method="SLSQP")',
        state=("nu", "violation"),
    ),
    Method(
        name="svm_dual",
        section="3.10",
        home="lagrange",
        title="SVM by SMO",
        summary="The dual of the support vector machine, two multipliers at a time.",
        when="Maximum-margin classifiers; multipliers show which points matter.",
        twin='sklearn.svm.SVC(kernel="linear", C=C).fit(X, y)',
        state=("w", "bias"),
    ),
    # ---------------------------------------------------------------------- 3.11 coordinate descent
    Method(
        name="soft_threshold",
        section="3.11",
        home="coordinate_descent",
        title="Soft threshold",
        summary="Move towards zero by t, and stop there.",
        when="The building block of everything with an ℓ1 penalty.",
        twin="torch.nn.functional.softshrink(v, t)",
    ),
    Method(
        name="coordinate_descent",
        section="3.11",
        home="coordinate_descent",
        title="Coordinate descent",
        summary="Minimise over one parameter after the other.",
        when="One-dimensional minima are cheap or in closed form, and coordinates are not strongly coupled.",
        twin="sklearn.linear_model.Lasso, LinearSVC and others are built on it",
        state=("j",),
    ),
    Method(
        name="lasso_cd",
        section="3.11",
        home="coordinate_descent",
        title="LASSO by coordinate descent",
        summary="Cyclic soft-thresholding with the residual kept up to date.",
        when="Sparse linear models.",
        twin="sklearn.linear_model.Lasso(alpha=lam / n, fit_intercept=False).fit(X, y)",
        state=("residual",),
    ),
    Method(
        name="lasso",
        section="3.11",
        home="coordinate_descent",
        title="LASSO on a working set",
        summary="Solve exactly on the few columns that matter, then ask which others should.",
        when="Sparse linear models with many columns, or wherever the answer is wanted to the last digit.",
        twin="sklearn.linear_model.Lasso(alpha=lam / n, fit_intercept=False, tol=1e-10).fit(X, y)",
        state=("working", "gap", "residual"),
    ),
    Method(
        name="lasso_path",
        section="3.11",
        home="coordinate_descent",
        title="LASSO path",
        summary="Solutions from λ_max down, each started from the last.",
        when="Choosing λ: all of them cost little more than one.",
        twin="sklearn.linear_model.lasso_path(X, y, alphas=lams / n)",
    ),
    # ---------------------------------------------------------------------- 3.12 linear programming
    Method(
        name="simplex",
        section="3.12",
        home="linear_programming",
        title="Simplex method",
        summary="From corner to corner of the feasible polyhedron, always downhill.",
        when="Linear programs of up to about a thousand rows; exact corners and prices.",
        twin='scipy.optimize.linprog(c, A_ub, b_ub, A_eq, b_eq, bounds, method="highs-ds")',
        state=("basis",),
    ),
    Method(
        name="interior_point",
        section="3.12",
        home="linear_programming",
        title="Interior-point method",
        summary="Follow the central path through the inside, by Newton steps.",
        when="Large linear programs: 10 to 50 steps whatever the size.",
        twin='scipy.optimize.linprog(c, A_ub, b_ub, A_eq, b_eq, bounds, method="highs-ipm")',
        state=("z", "y", "s", "mu"),
    ),
    Method(
        name="branch_and_bound",
        section="3.12",
        home="linear_programming",
        title="Branch and bound",
        summary="Split on fractional variables, drop what cannot beat the best.",
        when="Some variables must be whole numbers.",
        twin="scipy.optimize.milp(c, constraints=..., integrality=...)",
        state=("tree",),
    ),
    Method(
        name="vertices",
        section="3.12",
        home="linear_programming",
        title="Corners of a polygon",
        summary="All corners of a feasible region in the plane, in order.",
        when="Drawing a linear program in two variables.",
        twin="scipy.spatial.HalfspaceIntersection(halfspaces, interior_point)",
    ),
    # ----------------------------------------------------------------------------- 3.13 evolutionary
    Method(
        name="genetic_algorithm",
        section="3.13",
        home="evolutionary",
        title="Genetic algorithm",
        summary="Breed bit strings: select, cross over, mutate, keep the best.",
        when="Discrete choices with no gradient; never where a gradient exists.",
        twin="deap.algorithms.eaSimple(...)",
        state=("population", "scores"),
    ),
    Method(
        name="crossover",
        section="3.13",
        home="evolutionary",
        title="Single-point crossover",
        summary="Swap the tails of two strings.",
        when="Inside a genetic algorithm, where neighbouring symbols belong together.",
        twin="deap.tools.cxOnePoint(parent, other)",
    ),
    Method(
        name="evolution_strategy",
        section="3.13",
        home="evolutionary",
        title="Evolution strategy (μ, λ)",
        summary="Gaussian children whose step sizes evolve with them.",
        when="Few noisy continuous parameters and no gradient.",
        twin="cma.CMAEvolutionStrategy(theta, sigma, {'CMA_on': False})",
        state=("population", "sigmas", "scores"),
    ),
    Method(
        name="cma_es",
        section="3.13",
        home="evolutionary",
        title="CMA-ES",
        summary="Learn the covariance of successful steps.",
        when="Rugged or ill-conditioned black boxes of 2 to 100 parameters.",
        twin="cma.fmin2(loss, theta, sigma)",
        state=("mean", "sigma", "C"),
    ),
    Method(
        name="differential_evolution",
        section="3.13",
        home="evolutionary",
        title="Differential evolution",
        summary="Mutate by differences between candidates, keep the better.",
        when="Black boxes in a box of bounds, many local minima.",
        twin="scipy.optimize.differential_evolution(loss, bounds)",
        state=("population", "scores"),
    ),
    # ------------------------------------------------------------- 3.14 subgradient and proximal
    Method(
        name="subgradient_descent",
        section="3.14",
        home="proximal",
        title="Subgradient descent",
        summary="Step against any subgradient, with decaying steps.",
        when="A kinked loss with no structure to use; slow but needs nothing else.",
        twin="torch.optim.SGD(params, lr) on a loss with kinks",
        state=("best", "best_loss"),
    ),
    Method(
        name="proximal_gradient",
        section="3.14",
        home="proximal",
        title="Proximal gradient (ISTA)",
        summary="A gradient step on the smooth part, the prox of the rest.",
        when="Smooth + simple kinked penalty: LASSO, group LASSO, low rank.",
        twin="pyproximal.optimization.primal.ProximalGradient(f, g, x0, tau)",
    ),
    Method(
        name="fista",
        section="3.14",
        home="proximal",
        title="Accelerated proximal gradient (FISTA)",
        summary="ISTA with a growing look-ahead and restarts.",
        when="Wherever ISTA applies and it takes more than a few dozen steps.",
        twin="pyproximal.optimization.primal.ProximalGradient(f, g, x0, tau, acceleration='fista')",
        state=("ahead", "t"),
    ),
    Method(
        name="prox_l1",
        section="3.14",
        home="proximal",
        title="Prox of the ℓ1 norm",
        summary="Soft threshold.",
        when="Sparsity.",
        twin="cvxpy: minimize(t * norm1(u) + sum_squares(u - v) / 2)",
    ),
    Method(
        name="prox_l2",
        section="3.14",
        home="proximal",
        title="Prox of the squared ℓ2 norm",
        summary="Shrink by a factor.",
        when="Ridge penalties inside a splitting method.",
        twin="cvxpy: minimize(t * sum_squares(u) / 2 + sum_squares(u - v) / 2)",
    ),
    Method(
        name="prox_group",
        section="3.14",
        home="proximal",
        title="Prox of the group LASSO",
        summary="Shrink groups as one, or drop them.",
        when="Features that come in groups.",
        twin="cvxpy: minimize(t * sum(norm(u[g]) for g in groups) + sum_squares(u - v) / 2)",
    ),
    Method(
        name="prox_box",
        section="3.14",
        home="proximal",
        title="Projection onto a box",
        summary="Clip.",
        when="Bounds.",
        twin="numpy.clip(v, low, high)",
    ),
    Method(
        name="prox_simplex",
        section="3.14",
        home="proximal",
        title="Projection onto the simplex (as a prox)",
        summary="The nearest probability vector.",
        when="Mixture weights inside a splitting method.",
        twin="cvxpy: minimize(sum_squares(u - v)) with u >= 0, sum(u) == 1",
    ),
    Method(
        name="prox_tv1d",
        section="3.14",
        home="proximal",
        title="Prox of total variation in 1-d",
        summary="The taut string: a signal as flat pieces.",
        when="Denoising signals with jumps.",
        twin="cvxpy: minimize(t * tv(u) + sum_squares(u - v) / 2)",
    ),
    Method(
        name="prox_nuclear",
        section="3.14",
        home="proximal",
        title="Prox of the nuclear norm",
        summary="Soft-threshold the singular values.",
        when="Low-rank matrices.",
        twin="cvxpy: minimize(t * normNuc(U) + sum_squares(U - V) / 2)",
    ),
    # ----------------------------------------------------------------------- 3.15 gradient checking
    Method(
        name="numerical_gradient",
        section="3.15",
        home="gradient_check",
        title="Numerical gradient",
        summary="Measure the gradient by differences of the loss: central, forward or complex step.",
        when="Checking a derived gradient once; not for training: it costs n evaluations or more.",
        twin="scipy.optimize.approx_fprime(xk, f)",
    ),
    Method(
        name="numerical_hessian",
        section="3.15",
        home="gradient_check",
        title="Numerical Hessian",
        summary="Measure all second derivatives from values of the loss.",
        when="Checking a derived Hessian, or asking whether a stationary point is a minimum, for small n.",
        twin="scipy.differentiate.hessian(f, x)",
    ),
    Method(
        name="relative_error",
        section="3.15",
        home="gradient_check",
        title="Relative error of two gradients",
        summary="The length of the difference over the sum of the lengths.",
        when="Comparing gradients whose size is not known beforehand: below 1e-7 right, above 1e-4 a bug.",
        twin="scipy.optimize.check_grad(func, grad, x0)",
    ),
    Method(
        name="check_gradient",
        section="3.15",
        home="gradient_check",
        title="Gradient check",
        summary="Compare a derived gradient with a measured one and name the worst coordinate.",
        when="After every gradient derived by hand: once, on a tiny random input, in double precision.",
        twin="torch.autograd.gradcheck(f, inputs)",
    ),
    Method(
        name="check_directions",
        section="3.15",
        home="gradient_check",
        title="Gradient check along random directions",
        summary="Compare slopes of the loss along a few random directions.",
        when="When θ is too large to go through coordinate by coordinate.",
        twin="torch.autograd.gradcheck(f, inputs, fast_mode=True)",
    ),
    Method(
        name="check_hessian_vector",
        section="3.15",
        home="gradient_check",
        title="Hessian-vector product check",
        summary="Compare Hessian-vector products with differences of the gradient.",
        when="After deriving second derivatives, as a matrix or as a product.",
        twin="torch.autograd.gradgradcheck(f, inputs)",
    ),
)


def method(name: str) -> Method:
    """Return the catalogue's row for a method.

    Raises
    ------
    ValueError
        If the course has no method of that name.

    Examples
    --------
    >>> method("momentum").twin
    'torch.optim.SGD(params, lr, momentum=beta)'
    """
    for row in METHODS:
        if row.name == name:
            return row
    raise ValueError(f"name = {name!r}: must be one of " + ", ".join(row.name for row in METHODS))


def section(number: str) -> tuple[Method, ...]:
    """Return the rows of one section, e.g. ``section("3.1")``."""
    return tuple(row for row in METHODS if row.section == number)
