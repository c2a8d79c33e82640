"""labels.nrrd in pynrrd: values, edges, and the centre of the first voxel half a voxel inside."""

import nrrd
import numpy as np
from made import FOLDER, check_labels, same, um_xyz

values, header = nrrd.read(str(FOLDER / "labels.nrrd"), index_order="C")
check_labels(values, "labels.nrrd")
edges = np.array(um_xyz())
assert np.allclose(header["space directions"], np.diag(edges), rtol=1e-12), header
assert np.allclose(header["space origin"], edges / 2, rtol=1e-12), header
same(header["space units"], ["um"] * 3, "space units")
