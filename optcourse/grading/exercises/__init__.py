"""Declarations of the exercises, one module a section, named like the section's chapter.

Modules are found by themselves: add one, and its exercises are known to `check`, to the release, and to the tests,
which demand of each at least six mistakes (all rejected and named) and four right solutions in other styles (all
passed). A declaration reads like this::

    momentum = Exercise(
        name="momentum",                       # the learner's function, and the first argument of check(...)
        title="Momentum", section="3.3", points=4,
        signature="momentum(grad, theta: (n,), lr: number, beta: number, steps: int) -> (n,)",
        reference=reference,                   # the learner's signature; takes the last iterate of the package's stream
        cases=[Case("three steps on a bowl", grad=bowl, theta=np.ones(2), lr=0.1, beta=0.9, steps=3), ...],
        draw=draw,                             # a numpy Generator in, a fresh Case out
        tolerance=Tolerance(1e-9, 1e-12, why="..."),
        path="steps",                          # lets the verdict say at which step the iterates leave the reference
        probes=[evaluations("grad")],          # see optcourse.grading.probes
    )

    @momentum.mistake("The velocity is forgotten at every step: this is plain gradient descent.")
    def no_memory(grad, theta, lr, beta, steps): ...

    @momentum.alternative
    def in_the_folded_form(grad, theta, lr, beta, steps): ...

Three things to know. Order the arguments of a case as in the signature: they are passed by position. Let drawn cases
tell every mistake apart from the reference and from the other mistakes, most of the time: a name is given only to what
agrees with a mistake on eight or more drawn cases and is wrong on two of them. And take functions that are pure for
`grad` and its kind: they stay on the side of the grader, where their calls are counted.

A random method is given its generator as an argument (each call gets an equal copy). If a right solution may use it in
another way than the reference does, declare `replay`, which works out the right answer from what was asked for.
"""
