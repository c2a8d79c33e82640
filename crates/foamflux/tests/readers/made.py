"""What the readers share: the folder that was made, and what its results say."""

import json
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
STACK = Path(sys.argv[2])
OUT = FOLDER / "out"
VOXELS = FOLDER / "voxels"
CLOSED = FOLDER / "closed"


def results(out=OUT):
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


def um_xyz(out=OUT):
    return [edge * 1e6 for edge in results(out)["volume"]["voxel_size_m_xyz"]]


def close(got, wanted, what, relative=1e-12):
    """Numbers that went through decimal text or a change of unit are equal but for rounding."""
    print(f"{what}: {got}")
    assert abs(got - wanted) <= relative * max(abs(wanted), 1e-300), f"{what}: got {got}, expected {wanted}"


def same(got, wanted, what):
    print(f"{what}: {got}")
    assert got == wanted, f"{what}: got {got}, expected {wanted}"


def check_labels(array, what, out=OUT):
    """Shape, and voxels of each label, against the morphology."""
    import numpy as np

    found = results(out)
    same(list(array.shape), found["volume"]["shape_zyx"], f"{what} shape (z, y, x)")
    same(str(array.dtype), "uint8", f"{what} type")
    counts = {int(v): int(n) for v, n in zip(*np.unique(array, return_counts=True))}
    phases = [p for name, p in found["measure"]["phases"].items() if name != "solid"]
    wanted = {p["labels"][0]: p["voxels"] for p in phases if p["voxels"]}
    same(counts, wanted, f"{what} voxels by label")
