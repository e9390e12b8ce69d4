"""Fetch what the pages load, so that they load nothing from elsewhere.

MathJax, require.js, the widget manager, anywidget and (for the tests) axe-core come from npm and from the installed
Python packages, each checked against a hash written here. Nothing is fetched twice: a second run, or one without a
network, is a no-op.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "_build" / "vendor"
CACHE = ROOT / ".cache" / "npm"


class Package(NamedTuple):
    """One npm package: which of its files go where."""

    name: str
    version: str
    sha256: str
    files: dict[str, str]  # pattern inside the package → folder below the vendor folder (or a file name)


# The typefaces (SIL Open Font License), named in book/assets/book.css.
SCRIPTS = ("latin", "latin-ext", "greek")
STYLES = ("normal", "italic")

PACKAGES = [
    Package(
        "mathjax",
        "3.2.2",
        "1b9c0a1c44df864e915690558e72adb9cc5203360daefd385084ced3b6c64c09",
        {"es5/tex-chtml.js": "mathjax/", "es5/output/chtml/fonts/woff-v2/*": "mathjax/output/chtml/fonts/woff-v2/"},
    ),
    Package(
        "requirejs",
        "2.3.7",
        "31f3330c978fb28684622fe71165dc946432cf0210b2ea8a1ca0233e70f2737d",
        {"require.js": "widgets/"},
    ),
    Package(
        "@jupyter-widgets/html-manager",
        "1.0.14",
        "9d647396585ef74da93f87f645c5dcc14bebf5784192c577f72b199597614e81",
        {"dist/embed-amd.js": "widgets/", "dist/*.woff2": "widgets/@jupyter-widgets/html-manager/dist/"},
    ),
    Package(
        "@fontsource-variable/source-serif-4",
        "5.3.1",
        "8c452853c74be1e43e9fbfe76321c26f4678a2d431e93209ff1d9faec03fd96f",
        {f"files/source-serif-4-{script}-wght-{style}.woff2": "fonts/" for script in SCRIPTS for style in STYLES},
    ),
    Package(
        "@fontsource-variable/source-sans-3",
        "5.3.1",
        "dfa23bee63f9cc5c2871149a453215093bd8f1b694a5c1d999ecdc7560435fcf",
        {f"files/source-sans-3-{script}-wght-{style}.woff2": "fonts/" for script in SCRIPTS for style in STYLES},
    ),
    Package(
        "@fontsource-variable/source-code-pro",
        "5.3.1",
        "1dcc7f2c5f4cae190ed582852a0180eebe87084cac9d06de7429e44c31a39a38",
        {f"files/source-code-pro-{script}-wght-normal.woff2": "fonts/" for script in SCRIPTS},
    ),
    Package(
        "axe-core",
        "4.11.0",
        "39bed7d72308f6d620789c169d699bfd7e8da80f65b545821a6b2215c3e83107",
        {"axe.min.js": "../test-assets/"},
    ),
]

# anywidget's own AMD bundle, as its wheel installs it for the classic notebook.
ANYWIDGET = "share/jupyter/nbextensions/anywidget/index.js"
ANYWIDGET_SHA256 = "b257c384632cd992e1758322ccaeeb6de8af7d57c0173efd462fc93041f9f5b6"

# Loaded between require.js and the widget manager: modules are found beside the page's own files, whatever its folder.
BASE_JS = """\
// Where require.js finds the widget modules: in this folder, wherever the site is served from. It waits for them as
// long as they take: after the seven seconds that are its habit, a page on a slow network stayed without figures.
require.config({
  baseUrl: document.currentScript.src.replace(/[^/]*$/, ""),
  paths: { anywidget: "anywidget-amd" },
  waitSeconds: 0,
});
"""
# An anonymous bundle must be asked for by name: this makes it known before the widget manager looks for it.
ANYWIDGET_JS = 'require(["anywidget"], () => {});\n'


def check(what: str, file: Path, sha256: str) -> None:
    """Stop if the file is not, byte for byte, the one whose hash is written here."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != sha256:
        sys.exit(f"vendor: {what} has sha256 {digest}, expected {sha256}; not used")


def fetch(package: Package) -> Path:
    """Return the package's tarball, from the cache or from npm, checked."""
    kept = CACHE / f"{package.name.replace('/', '-').lstrip('@')}-{package.version}.tgz"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        if shutil.which("npm") is None:
            sys.exit("vendor: npm is needed to fetch the site's JavaScript libraries: install Node.js (with npm)")
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            found = list(Path(folder).glob("*.tgz"))
            if done.returncode or not found:
                sys.exit(f"vendor: `{' '.join(command)}` failed:\n{done.stderr.strip()}")
            found[0].replace(kept)
    try:
        check(f"{package.name} {package.version}", kept, package.sha256)
    except SystemExit:
        kept.unlink()
        raise
    return kept


def unpack(package: Package, tarball: Path) -> None:
    """Write the wanted files of a package to their places."""
    with tarfile.open(tarball) as archive:
        for member in archive.getmembers():
            inside = member.name.partition("/")[2]
            for pattern, folder in package.files.items():
                if member.isfile() and fnmatch(inside, pattern):
                    target = VENDOR / folder / Path(inside).name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    content = archive.extractfile(member)
                    assert content is not None
                    target.write_bytes(content.read())


def main() -> bool:
    """Bring the vendor folder up to date; return whether it was not."""
    bundle = Path(sysconfig.get_path("data")) / ANYWIDGET
    check(f"the installed anywidget's {bundle.name}", bundle, ANYWIDGET_SHA256)
    key = hashlib.sha256(Path(__file__).read_bytes() + bundle.read_bytes()).hexdigest()
    stamp = VENDOR / ".key"
    if stamp.exists() and stamp.read_text() == key:
        return False
    print("vendor: fetching MathJax, fonts, require.js, the widget manager, axe-core", flush=True)
    shutil.rmtree(VENDOR, ignore_errors=True)
    for package in PACKAGES:
        unpack(package, fetch(package))
    widgets = VENDOR / "widgets"
    shutil.copyfile(bundle, widgets / "anywidget-amd.js")
    (widgets / "base.js").write_text(BASE_JS)
    (widgets / "anywidget.js").write_text(ANYWIDGET_JS)
    stamp.write_text(key)
    return True


if __name__ == "__main__":
    main()
