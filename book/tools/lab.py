"""Open JupyterLab on work/: every chapter and every exercise as a ready notebook, made from the text sources.

    python book/tools/lab.py [--only-make] [options of `jupyter lab`, e.g. --no-browser]

What the learner has edited is never written over: if its source has changed since, the newer one is laid beside it
as `name.new.ipynb`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = ".made.json"
# A chapter's text opens as a notebook on double click.
SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Jupytext Notebook"}},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


def sources(root: Path) -> dict[str, bytes]:
    """Map a path below work/ to the content that it should have."""
    import jupytext  # slow to import, and not needed for `settle`

    made: dict[str, bytes] = {}
    for chapter in sorted((root / "book").glob("*.md")):
        notebook = jupytext.read(chapter)
        notebook.metadata.pop("jupytext", None)  # else saving would look for a paired .md
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"  # not a random one, so that the same text gives the same bytes
        made[f"book/{chapter.stem}.ipynb"] = jupytext.writes(notebook, fmt="ipynb").encode()
    for folder, pattern in ((root / "book" / "assets", "*"), (root / "exercises", "*")):
        for file in sorted(folder.rglob(pattern)):
            if file.is_file() and ".ipynb_checkpoints" not in file.parts:
                made[file.relative_to(root).as_posix()] = file.read_bytes()
    return made


def digest(content: bytes) -> str:
    """Return the content's SHA-256."""
    return hashlib.sha256(content).hexdigest()


def settle(work: Path, wanted: dict[str, bytes]) -> list[str]:
    """Write `wanted` into `work`, keep every edit of the learner's, and return what there is to say about that."""
    record = work / RECORD
    written: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    said = []
    for name, content in wanted.items():
        file = work / name
        if file.exists():
            there = digest(file.read_bytes())
            edited = there not in (written.get(name), digest(content))
            if edited:
                if written.get(name) != digest(content):
                    said.append(_lay_beside(file, content, written, name))
                continue
        if not file.exists() or there != digest(content):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        written[name] = digest(content)
    work.mkdir(parents=True, exist_ok=True)
    unfinished = record.with_suffix(".part")
    unfinished.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    unfinished.replace(record)
    return said


def _lay_beside(file: Path, content: bytes, written: dict[str, str], name: str) -> str:
    """Write the newer version beside an edited file, under the first name that holds no edits either."""
    number = 1
    while True:
        suffix = ".new" if number == 1 else f".new{number}"
        beside = file.with_name(f"{file.stem}{suffix}{file.suffix}")
        key = str(Path(name).with_name(beside.name).as_posix())
        if not beside.exists() or digest(beside.read_bytes()) in (written.get(key), digest(content)):
            break
        number += 1
    beside.write_bytes(content)
    written[key] = digest(content)
    return f"{name} has your edits and stays as it is; its newer version is {beside.name}"


def install_settings(prefix: Path) -> None:
    """Set JupyterLab's defaults in the environment at `prefix`."""
    file = prefix / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    there = json.loads(file.read_text()) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(there | SETTINGS, indent=2) + "\n")


def main() -> None:
    """Make the folder, then open it."""
    arguments = sys.argv[1:]
    if "--help" in arguments:
        sys.exit(__doc__)
    work = ROOT / "work"
    for line in settle(work, sources(ROOT)):
        print(f"lab: {line}")
    install_settings(Path(sys.prefix))
    print("lab: your notebooks are in work/ (never committed, never overwritten)", flush=True)
    if "--only-make" in arguments:
        return
    lab = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={work}", *arguments]
    with subprocess.Popen(lab) as process:
        while True:
            try:
                sys.exit(process.wait())
            except KeyboardInterrupt:  # JupyterLab has it too, asks, and ends by itself
                continue


if __name__ == "__main__":
    main()
