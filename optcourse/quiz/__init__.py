"""Questions to check oneself with: they answer in a page without a kernel, and their keys are computed.

>>> from optcourse import gradient_descent
>>> quiz(
...     predict("From 4, with a slope of 2θ and η = 0.25: where after two steps?",
...             gradient_descent(lambda theta: 2 * theta, 4.0, lr=0.25), step=2, tol=1e-6),
...     choice("Which step is the longest safe one for a curvature of 2?",
...            right("0.9", why="The limit is 2/2 = 1."),
...            wrong("1.1", why="Above the limit of 2/2 = 1.")),
... )
2 questions
<BLANKLINE>
1. From 4, with a slope of 2θ and η = 0.25: where after two steps?
   (a number)
<BLANKLINE>
2. Which step is the longest safe one for a curvature of 2?
   A. 0.9
   B. 1.1
"""

from optcourse.quiz.page import Quiz, quiz
from optcourse.quiz.questions import Bug, Choice, Number, Option, Question, bug, choice, number, predict, right, wrong

__all__ = [
    "Bug",
    "Choice",
    "Number",
    "Option",
    "Question",
    "Quiz",
    "bug",
    "choice",
    "number",
    "predict",
    "quiz",
    "right",
    "wrong",
]
