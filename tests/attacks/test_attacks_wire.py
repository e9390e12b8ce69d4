"""Writing to the judge: forged answers, forged calls, frames that promise more than they hold, frames that explode."""

from __future__ import annotations

import textwrap

from arena import HASTY, Attack, answers, cells, held_within

CONTAINED = (
    "every length, depth, count, type and shape is checked before memory is taken; an answer must be to the question"
)

SENT = """
def send(header, body=b""):
    "What the judge gets instead of an answer to the question that it asks now."
    import gc, json
    data = frame(header, body)
    end = wire_end()
    while data: data = data[os.write(end, data):]
def sequence():
    frame_, number = sys._getframe(), None
    while frame_:
        header = frame_.f_locals.get('header')
        if isinstance(header, dict) and 'seq' in header: return header['seq']
        frame_ = frame_.f_back
"""

VALUES = {
    "more bytes than there are": ('["a", "<f8", [1000], 0]', "b''"),
    "a shape of nothing, enormous": ('["a", "<f8", [0, 4611686018427387904, 4611686018427387904], 0]', "b''"),
    "a shape beyond numbers": ('["a", "<f8", [0, 10**40], 0]', "b''"),
    "a shape that wraps round": ('["a", "<f8", [2**32, 2**32], 0]', "b''"),
    "a negative shape": ('["a", "<f8", [-1], 0]', "bytes(8)"),
    "a shape of booleans": ('["a", "<f8", [True, True], 0]', "bytes(8)"),
    "many axes": ('["a", "<f8", [1] * 64, 0]', "bytes(8)"),
    "before the beginning": ('["a", "<f8", [1], -8]', "bytes(8)"),
    "one body, a thousand arrays": ('["l", [["a", "|u1", [1 << 25], 0]] * 1000]', "bytes(1 << 25)"),
    "an array of objects": ('["a", "|O", [1], 0]', "bytes(8)"),
    "an array of texts": ('["a", "<U1000000", [1], 0]', "bytes(8)"),
    "an array of an array": ('["a", "(1000,1000)f8", [1], 0]', "bytes(8)"),
    "an array with fields": ('["a", [["x", "f8"]], [1], 0]', "bytes(8)"),
    "an array of nothing": ('["a", "|V0", [1000000], 0]', "b''"),
    "a generator": ('["g", "PCG64", {}]', "b''"),
    "a function that was never given": ('["yours", 12345]', "b''"),
    "every function that was given": ('["l", [["yours", k] for k in range(100)]]', "b''"),
    "an object that says it can": ('["mine", 0, "ndarray", "cn"]', "b''"),
    "an object of a long name": ('["mine", 0, "x" * 500_000, "c"]', "b''"),
    "an object without a number": ('["mine", -1e300, 3, None]', "b''"),
    "a tag that is none": ('["__class__", 1]', "b''"),
    "a tag that is a list": ('[["l"], []]', "b''"),
    "an object of json": ('{"__reduce__": 1}', "b''"),
    "too deep": ('__import__("functools").reduce(lambda x, _: ["l", [x]], range(40), 0)', "b''"),
    "too deep for json": ('b"[" * 100_000', "b''"),
    "too wide": ('["l", [0] * 150_000]', "b''"),
    "keys that collide": ('["d", [[k * (2**61 - 1), 0] for k in range(1, 5_000)]]', "b''"),
    "keys that cannot be": ('["d", [[["l", []], 0]]]', "b''"),
    "pairs that are none": ('["d", [[1], [1, 2, 3]]]', "b''"),
    "a complex number too large": ('["c", 10**400, 0]', "b''"),
    "a large integer": ("10**2000", "b''"),
    "a text with halves of letters": ('"\\ud800"', "b''"),
    "infinity and nothing": ('["l", [float("inf"), float("nan")]]', "b''"),
}

FRAMES = {
    "an answer before the question": "send({'op': 'value', 'seq': sequence() + 1, 'value': 0.2})",
    "many answers": "for k in range(50): send({'op': 'value', 'seq': k, 'value': 0.2})",
    "another operation": "send({'op': 'passed', 'seq': sequence(), 'points': 10})",
    "an operation that is a list": "send({'op': ['value'], 'seq': [sequence()]})",
    "truncated": """
os.write(wire_end(), frame({'op': 'value', 'seq': sequence(), 'value': 'x' * 1000})[:100])
os._exit(0)
""",
    "a length of four gigabytes": "os.write(wire_end(), b'\\xff' * 8)",
    "a length of a body": "os.write(wire_end(), b'\\0\\0\\0\\2' + b'\\xff' * 4 + b'{}')",
    "a header of nothing": "os.write(wire_end(), bytes(8))",
    "a header that is a list": "send(b'[]')",
    "a header that is text": "send(b'\\xff\\xfe\\x00')",
    "a header of a megabyte": "send(b'[' * (1 << 20))",
    "a header with a key twice": 'send(b\'{"op": "value", "seq": 1, "seq": 2, "value": 3}\')',
    "noise": "send(os.urandom(10_000))",
    "noise for ever": "while True: os.write(wire_end(), os.urandom(1 << 16))",
    "says that it is too large": "send({'op': 'large', 'seq': sequence(), 'message': '<script>' * 1000})",
    "says that it raised the verdict": """
send({'op': 'raised', 'seq': sequence(), 'kind': 'StopIteration', 'message': 3, 'cause': 0})
""",
    "raises what the judge uses": """
send({'op': 'raised', 'seq': sequence(), 'kind': 'Stopped', 'message': 'passed', 'cause': -1})
""",
    "written more than there is": """
send({'op': 'ran', 'seq': sequence(), 'text': 'x', 'written': 10**4000, 'error': None})
""",
    "written less than nothing": """
send({'op': 'ran', 'seq': sequence(), 'text': None, 'written': -10**4000, 'error': {'number': 10**4000,
    'line': 'x'}})
""",
    "a result that is a list": "send({'op': 'ran', 'seq': sequence(), 'result': [1], 'error': [], 'text': {}})",
    "a call of a function that is not there": """
send({'op': 'callback', 'what': 99, 'value': ['t', [['t', []], ['d', []]]]})
""",
    "a call that is none": "send({'op': 'callback', 'what': 0, 'value': 3})",
    "a call of an unhashable": "send({'op': 'callback', 'what': [0], 'value': 3})",
    "a call with an impossible shape": """
send({'op': 'callback', 'what': 0, 'value': ['t', [['t', [['a', '<f8', [0, 10**40], 0]]], ['d', []]]]})
""",
    "changes of what is not there": """
send({'op': 'value', 'seq': sequence(), 'value': 0.2, 'changed': ['l', [['t', [99, 0]]]]})
""",
    "changes that are none": "send({'op': 'value', 'seq': sequence(), 'value': 0.2, 'changed': 3})",
}

# The judge remembers what it read of short headers: the same header again, with bytes that it does not describe.
AGAIN = {
    "no bytes": "send(known)",
    "a byte less": "send(known, bytes(8 * len(theta) - 1))",
    "a megabyte more": "send(known, bytes(1 << 21))",
    "fewer bytes than it announces": "data = frame(known, bytes(8 * len(theta)))[:-4]\nos.write(wire_end(), data)",
    "a header that ends too early": "os.write(wire_end(), frame(known[:-3], bytes(8 * len(theta))))",
    "another number of a function": "send(wire.asking(grad.number + 1, '<f8', theta.shape), theta.tobytes())",
    "another type": "send(known.replace(b'<f8', b'|O8'), theta.tobytes())",
    "a longer type": "send(known.replace(b'<f8', b'<c16'), theta.tobytes())",
    "an enormous shape": "send(wire.asking(grad.number, '<f8', (1 << 40,)), theta.tobytes())",
    "a shape of nothing, enormous": "send(wire.asking(grad.number, '<f8', (0, 1 << 62)), b'')",
    "more axes than there are": "send(wire.asking(grad.number, '<f8', (1,) * 64), bytes(8))",
    "two calls for one answer": "send(known, theta.tobytes())\nsend(known, theta.tobytes())",
    "an answer where a call was": "send(known.replace(b'callback', b'value'), theta.tobytes())",
    "a hundred headers for one": """
for k in range(100): send(known[:-1] + b" " * k + b"}", theta.tobytes())
""",
    "headers too long to remember": """
for k in range(100): send(known[:-1] + b" " * (200_000 + k) + b"}", theta.tobytes())
""",
}

STASH = """
stash = []
def gradient_descent(grad, theta, lr, steps):
    stash.append(grad)
    for _ in range(steps):
        theta = theta - lr * grad(theta)
    return theta
"""
FORGED = """
def largest_safe_step(A):
    send({{'op': 'value', 'seq': sequence(), 'value': {value}}}, {body})
    return 0.2
"""
FORGED_HEADER = """
def largest_safe_step(A):
    send({header})
    return 0.2
"""
FORGED_IN_A_GRADIENT = """
def gradient_descent(grad, theta, lr, steps):
    send({{'op': 'callback', 'what': grad.number, 'value': {value}}}, {body})
    return theta
"""

A_KNOWN_HEADER = """
from optcourse.grading import wire
def gradient_descent(grad, theta, lr, steps):
    known = wire.asking(grad.number, "<f8", theta.shape)
    for _ in range(steps):
        theta = theta - lr * grad(theta)
{code}
    return theta
"""

ATTACKS = [
    *cells("wire", {f"while a cell runs: {name}": SENT + code for name, code in FRAMES.items()}),
    *answers(
        "wire",
        {
            f"for an answer: {name}": SENT
            + (FORGED_HEADER.format(header=tree) if tree.startswith("b") else FORGED.format(value=tree, body=body))
            for name, (tree, body) in VALUES.items()
        },
        task="largest_safe_step",
    ),
    *answers(
        "wire",
        {
            f"in a call: {name}": f"{SENT}\ndef largest_safe_step(A):\n{textwrap.indent(code.strip(), '    ')}"
            for name, code in FRAMES.items()
        },
        task="largest_safe_step",
    ),
    *[
        Attack(
            f"to a gradient: {name}",
            "wire",
            tasks={
                "gradient_descent": SENT
                + FORGED_IN_A_GRADIENT.format(value=f"['t', [['t', [{tree}]], ['d', []]]]", body=body)
            },
        )
        for name, (tree, body) in VALUES.items()
        if not tree.startswith("b")
    ],
    *[
        Attack(
            f"after honest calls: {name}",
            "wire",
            tasks={"gradient_descent": SENT + A_KNOWN_HEADER.format(code=textwrap.indent(code.strip(), "    "))},
            limits=HASTY,
        )
        for name, code in AGAIN.items()
    ],
    Attack(
        "a gradient of another task",
        "wire",
        tasks={
            "gradient_descent": STASH,
            "largest_safe_step": "def largest_safe_step(A):\n    attempt(lambda: stash[0](np.ones(1)))\n    return 1.0",
        },
    ),
]

MOST = 500 << 20


def test_nothing_is_gained_and_nothing_is_left_and_the_judge_does_not_grow_much(attack, arena):
    with held_within(MOST):
        arena.withstand(attack)
