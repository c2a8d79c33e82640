""".npy and .raw in numpy, the latter by what stands in the file beside it."""

import json

import numpy as np
from made import FOLDER, check_labels, results, same

npy = np.load(FOLDER / "labels.npy")
assert npy.flags.c_contiguous
check_labels(npy, "labels.npy")

beside = json.loads((FOLDER / "labels.raw.json").read_text(encoding="utf-8"))
same(beside["voxel_size_m_xyz"], results()["volume"]["voxel_size_m_xyz"], "voxel size beside labels.raw")
# The name is that of --dtype, bits behind the letter; numpy would take "u8" for eight bytes.
same(beside["dtype"], "u8", "dtype beside labels.raw")
same(beside["numpy_dtype"], "|u1", "numpy's beside labels.raw")
raw = np.fromfile(FOLDER / beside["file"], dtype=beside["numpy_dtype"]).reshape(beside["shape_zyx"])
check_labels(raw, "labels.raw")
assert (raw == npy).all()
