"""optcourse: the methods of the course, each a stream of iterates.

>>> import optcourse
>>> trace = optcourse.run(optcourse.gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.1), steps=20)
>>> float(round(trace.theta, 4))
0.0461
"""

from optcourse.adam import adam, adamax, adamw, nadam
from optcourse.adaptive import adadelta, adagrad, rmsprop
from optcourse.certificates import (
    conjugacy,
    duality_gap,
    gradient_norm,
    kkt_residuals,
    lasso_gap,
    lp_floor,
    lp_residuals,
    prox_residual,
    wolfe_conditions,
)
from optcourse.conjugate_gradient import conjugate_gradient, nonlinear_cg
from optcourse.convexity import (
    QuadraticProgram,
    is_convex_on,
    is_psd,
    lagrange_dual,
    project_simplex,
    projected_gradient,
)
from optcourse.coordinate_descent import coordinate_descent, lasso, lasso_cd, lasso_lam_max, lasso_path, soft_threshold
from optcourse.evolutionary import cma_es, crossover, differential_evolution, evolution_strategy, genetic_algorithm
from optcourse.gradient_check import (
    GradientReport,
    check_directions,
    check_gradient,
    check_hessian_vector,
    numerical_gradient,
    numerical_hessian,
    relative_error,
)
from optcourse.gradient_descent import gradient_descent, smoothness
from optcourse.lagrange import active_set_qp, augmented_lagrangian, newton_kkt, solve_equality_qp, svm_dual
from optcourse.line_search import backtracking, strong_wolfe
from optcourse.linear_programming import (
    LinearProgram,
    LPSolution,
    branch_and_bound,
    interior_point,
    simplex,
    solution,
    vertices,
)
from optcourse.momentum import momentum, nesterov, optimal_momentum
from optcourse.newton import bfgs, damped_newton, lbfgs, newton
from optcourse.proximal import (
    fista,
    prox_box,
    prox_group,
    prox_l1,
    prox_l2,
    prox_nuclear,
    prox_simplex,
    prox_tv1d,
    proximal_gradient,
    subgradient_descent,
)
from optcourse.schedules import (
    cosine_annealing,
    cosine_restarts,
    cyclical,
    early_stopping,
    exponential_decay,
    lr_range_test,
    one_cycle,
    step_decay,
    warmup_cosine,
)
from optcourse.stochastic import minibatches, sgd
from optcourse.streams import Stream, rates, run, stream
from optcourse.trace import Trace

__all__ = [
    "GradientReport",
    "LPSolution",
    "LinearProgram",
    "QuadraticProgram",
    "Stream",
    "Trace",
    "active_set_qp",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "augmented_lagrangian",
    "backtracking",
    "bfgs",
    "branch_and_bound",
    "check_directions",
    "check_gradient",
    "check_hessian_vector",
    "cma_es",
    "conjugacy",
    "conjugate_gradient",
    "coordinate_descent",
    "cosine_annealing",
    "cosine_restarts",
    "crossover",
    "cyclical",
    "damped_newton",
    "differential_evolution",
    "duality_gap",
    "early_stopping",
    "evolution_strategy",
    "exponential_decay",
    "fista",
    "genetic_algorithm",
    "gradient_descent",
    "gradient_norm",
    "interior_point",
    "is_convex_on",
    "is_psd",
    "kkt_residuals",
    "lagrange_dual",
    "lasso",
    "lasso_cd",
    "lasso_gap",
    "lasso_lam_max",
    "lasso_path",
    "lbfgs",
    "lp_floor",
    "lp_residuals",
    "lr_range_test",
    "minibatches",
    "momentum",
    "nadam",
    "nesterov",
    "newton",
    "newton_kkt",
    "nonlinear_cg",
    "numerical_gradient",
    "numerical_hessian",
    "one_cycle",
    "optimal_momentum",
    "project_simplex",
    "projected_gradient",
    "prox_box",
    "prox_group",
    "prox_l1",
    "prox_l2",
    "prox_nuclear",
    "prox_residual",
    "prox_simplex",
    "prox_tv1d",
    "proximal_gradient",
    "rates",
    "relative_error",
    "rmsprop",
    "run",
    "sgd",
    "simplex",
    "smoothness",
    "soft_threshold",
    "solution",
    "solve_equality_qp",
    "step_decay",
    "stream",
    "strong_wolfe",
    "subgradient_descent",
    "svm_dual",
    "vertices",
    "warmup_cosine",
    "wolfe_conditions",
]
__version__ = "0.1.0"
