"""Record PyTorch's side of the convention table and its gradcheck verdicts, for machines without PyTorch.

In an environment of its own, from the project's root::

    python3 -m venv torchenv
    torchenv/bin/pip install torch==2.13.0 numpy
    PYTHONPATH=. torchenv/bin/python tests/oracles/record_torch.py              # what is missing or stale
    PYTHONPATH=. torchenv/bin/python tests/oracles/record_torch.py --all        # everything
    PYTHONPATH=. torchenv/bin/python tests/oracles/record_torch.py nesterov     # rows whose name contains the word

Nothing here draws at random, except that each problem's data come from its own seed, ``numpy.random.default_rng(0)``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from conventions import CONVENTIONS
from gradchecks import EXAMPLES, torch_verdict
from schedules import SCHEDULES

RECORDED = Path(__file__).parent / "recorded"


def is_fresh(path: Path, fingerprint: str) -> bool:
    if not path.exists():
        return False
    with np.load(path) as recording:
        return bool(json.loads(str(recording["made"]))["fingerprint"] == fingerprint)


def main(words: list[str]) -> None:
    import torch

    (RECORDED / "rates").mkdir(parents=True, exist_ok=True)
    made = {"torch": torch.__version__, "script": Path(__file__).name, "seed": 0}
    for row in CONVENTIONS:
        path, fingerprint = RECORDED / f"{row.name}.npz", row.fingerprint()
        chosen = any(word in row.name for word in words if not word.startswith("-"))
        if not ("--all" in words or chosen or (not words and not is_fresh(path, fingerprint))):
            continue
        about = json.dumps({**made, "fingerprint": fingerprint}, sort_keys=True)
        np.savez_compressed(path, iterates=row.their_iterates(torch), made=np.array(about))
        print(f"recorded {path.name}")
    if not words or "--all" in words or "schedules" in words:
        rates = {row.name: row.their_rates(torch) for row in SCHEDULES}
        np.savez_compressed(RECORDED / "rates" / "schedules.npz", **rates, made=np.array(json.dumps(made)))
        print("recorded rates/schedules.npz")
    if not words or "--all" in words or any("gradcheck".startswith(word) for word in words):
        verdicts = {example.name: torch_verdict(torch, example) for example in EXAMPLES}
        text = json.dumps({"made": made, "verdicts": verdicts}, indent=1, sort_keys=True)
        (RECORDED / "gradcheck.json").write_text(text + "\n")
        print("recorded gradcheck.json")


if __name__ == "__main__":
    main(sys.argv[1:])
