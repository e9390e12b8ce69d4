"""`make lab` and `make serve`: a learner's edits are never lost, a port in use gives way."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "tools"))
import lab  # noqa: E402
import serve  # noqa: E402


def test_an_untouched_notebook_follows_its_source(tmp_path: Path) -> None:
    assert lab.settle(tmp_path, {"book/a.ipynb": b"old"}) == []
    assert lab.settle(tmp_path, {"book/a.ipynb": b"new"}) == []
    assert (tmp_path / "book/a.ipynb").read_bytes() == b"new"


def test_an_edited_notebook_stays_and_nothing_is_said_while_its_source_is_the_same(tmp_path: Path) -> None:
    lab.settle(tmp_path, {"a.ipynb": b"old"})
    (tmp_path / "a.ipynb").write_bytes(b"mine")
    assert lab.settle(tmp_path, {"a.ipynb": b"old"}) == []
    assert (tmp_path / "a.ipynb").read_bytes() == b"mine"
    assert not (tmp_path / "a.new.ipynb").exists()


def test_an_edited_notebook_gets_the_newer_one_beside_it_and_edits_of_that_are_kept_too(tmp_path: Path) -> None:
    lab.settle(tmp_path, {"a.ipynb": b"1"})
    (tmp_path / "a.ipynb").write_bytes(b"mine")
    (said,) = lab.settle(tmp_path, {"a.ipynb": b"2"})
    assert "a.new.ipynb" in said
    (tmp_path / "a.new.ipynb").write_bytes(b"mine too")
    lab.settle(tmp_path, {"a.ipynb": b"3"})
    kept = {file.name: file.read_bytes() for file in tmp_path.glob("*.ipynb")}
    assert kept == {"a.ipynb": b"mine", "a.new.ipynb": b"mine too", "a.new2.ipynb": b"3"}


def test_a_file_that_was_there_before_the_first_run_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(b"mine")
    assert len(lab.settle(tmp_path, {"a.ipynb": b"1"})) == 1
    assert (tmp_path / "a.ipynb").read_bytes() == b"mine"


def test_a_deleted_notebook_comes_back(tmp_path: Path) -> None:
    lab.settle(tmp_path, {"a.ipynb": b"1"})
    (tmp_path / "a.ipynb").unlink()
    lab.settle(tmp_path, {"a.ipynb": b"1"})
    assert (tmp_path / "a.ipynb").read_bytes() == b"1"


def test_every_chapter_becomes_a_notebook_and_always_the_same_one() -> None:
    made = lab.sources(ROOT)
    assert {name for name in made if name.startswith("book/") and name.endswith(".ipynb")} >= {
        f"book/{chapter.stem}.ipynb" for chapter in (ROOT / "book").glob("*.md")
    }
    assert made == lab.sources(ROOT)


def test_the_settings_join_those_already_there(tmp_path: Path) -> None:
    file = tmp_path / "share/jupyter/lab/settings/overrides.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"other": 1}')
    lab.install_settings(tmp_path)
    settings = json.loads(file.read_text())
    assert settings["other"] == 1
    assert settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]["markdown"] == "Jupytext Notebook"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "html" / "empty").mkdir(parents=True)
    (tmp_path / "html" / "index.html").write_text("<p>the book</p>")
    (tmp_path / "html" / "core.js").write_text("1")
    (tmp_path / "private").write_text("not for serving")
    return tmp_path / "html"


def test_a_port_in_use_gives_way_to_the_next_free_one(site: Path) -> None:
    with serve.server(site, 0) as first, serve.server(site, first.server_address[1]) as second:
        assert second.server_address[1] > first.server_address[1]


def test_the_server_gives_files_with_their_type_and_nothing_else(site: Path) -> None:
    with serve.server(site, 0) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        home = f"http://127.0.0.1:{httpd.server_address[1]}"
        with urllib.request.urlopen(f"{home}/core.js") as answer:
            assert answer.headers.get_content_type() == "text/javascript"
        for path in ("/empty/", "/../private", "/%2e%2e/private"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(home + path)
            assert refused.value.code == 404
            refused.value.close()
        httpd.shutdown()


@pytest.mark.site
def test_ctrl_c_ends_the_server_cleanly() -> None:
    command = [sys.executable, str(ROOT / "book/tools/serve.py"), "--port", "0"]
    # Tests that a script runs in the background are deaf to Ctrl-C, and so would the server be.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    hears = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, preexec_fn=hears, **pipes) as process:
        try:
            assert process.stdout is not None
            assert "http://localhost:" in process.stdout.readline()
            os.kill(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()  # one that does not end would be waited for
    assert (process.returncode, errors) == (0, "")


def test_every_chapter_carries_the_full_header_without_which_nothing_runs() -> None:
    for chapter in (ROOT / "book").glob("*.md"):
        head = chapter.read_text(encoding="utf8").split("---")[1]
        for line in ("extension: .md", "format_name: myst", "name: python3"):
            assert line in head, f"{chapter.name} lacks {line!r}"
