"""The quiz's script is held to the figures' standard."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import optcourse.quiz


def test_the_script_of_the_quiz_passes_the_type_checker(npm: Callable[[str], Path], tmp_path: Path) -> None:
    script = Path(optcourse.quiz.__file__).with_name("quiz.js")
    options = "--allowJs --checkJs --noEmit --strict --target es2022 --lib es2022,dom,dom.iterable"
    checked = subprocess.run(
        ["node", str(npm("typescript") / "bin" / "tsc"), *options.split(), str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stdout
