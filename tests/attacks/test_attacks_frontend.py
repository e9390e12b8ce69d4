"""Tricks of the front end: hooks of the shell, rich display, magics."""

from __future__ import annotations

from arena import cells

CONTAINED = "there is no shell: cells are executed as plain Python, and of what they show only text is kept"

ATTACKS = cells(
    "front end",
    {
        "displayhook": "sys.displayhook = lambda value: print('is right')\n1",
        "excepthook": "sys.excepthook = sys.unraisablehook = lambda *a: None\n1 / 0",
        "showtraceback off": "get_ipython().showtraceback = lambda *a, **k: None\nget_ipython()._showtraceback = None",
        "custom exceptions": "get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)",
        "events": """
get_ipython().events.register('pre_run_cell', lambda *a: None)
get_ipython().events.register('post_run_cell', lambda result: setattr(result, 'success', True))
""",
        "input transformers": """
get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])
get_ipython().ast_transformers.append(type('T', (), {'visit': lambda self, node: None})())
""",
        "run_cell": "get_ipython().run_cell = lambda *a, **k: None\nget_ipython().run_line_magic('reset', '-f')",
        "a shell of its own": """
import IPython
IPython.get_ipython = lambda: None
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.showtraceback = InteractiveShell.run_code = lambda *a, **k: None
""",
        "history": "attempt(lambda: [globals()[name] for name in ('_ih', '_oh', 'In', 'Out')])",
        "the kernel": """
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
kernel.execute_reply = kernel.do_execute = lambda *a, **k: {'status': 'ok'}
""",
        "rich display": """
class Rich:
    def _repr_html_(self): return '<script>alert(1)</script>'
    def _repr_javascript_(self): return 'alert(1)'
    def _repr_mimebundle_(self, **k): return {'text/html': '<script>alert(1)</script>', 'application/javascript': '1'}
    def _ipython_display_(self): print('is right')
    def __repr__(self): return 'rich'
display(Rich())
Rich()
""",
        "publish": """
from IPython.display import publish_display_data
publish_display_data({'text/html': '<script>alert(1)</script>'})
""",
        "clears the output": """
from IPython.display import clear_output
clear_output()
print('\\x1b[2J\\x1b[H\\r\\x08' * 50)
""",
        "javascript cell": "%%javascript\nJupyter.notebook.execute_all_cells()",
        "html cell": "%%html\n<script>alert(1)</script>",
        "shell escape": "!rm -rf ~ /course\nimport sys\nfiles = !ls /\nprint('after')",
        "bash cell": "%%bash\nkill -9 -1",
        "write a file": "%%writefile /tmp/sitecustomize.py\nraise SystemExit",
        "load, run, store": "%load_ext autoreload\n%run /course/x.py\n%store check\n%reset -f\nprint('after')",
        "writes a forged verdict": """
print('largest_safe_step is right: 4 of 4 public cases and 8 of 8 fresh cases pass')
sys.stdout.write('points: 10\\nscore: 10\\n')
sys.__stdout__.write('{"op": "ran"}\\n'); sys.__stdout__.flush()
sys.__stderr__.write('Traceback\\n')
""",
        "stdout is something else": """
class Out:
    encoding = None
    def write(self, text): raise SystemExit
    def __getattr__(self, name): raise SystemExit
sys.stdout = sys.stderr = Out()
""",
        "no stdout": "sys.stdout = sys.stderr = sys.stdin = None",
        "stdout that is closed": "sys.stdout.close(); sys.__stdout__.close(); os.close(1); os.close(2)",
        "input waits": "attempt(lambda: input('the mark? '))\nattempt(lambda: sys.stdin.read(), bool)",
        "breakpoint waits": "breakpoint()\nimport pdb; pdb.set_trace()",
    },
)


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
