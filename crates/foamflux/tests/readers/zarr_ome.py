"""volumes.ome.zarr in ome-zarr: what napari is told."""

import numpy as np
from made import OUT, close, results, same, um_xyz
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader

nodes = list(Reader(parse_url(OUT / "volumes.ome.zarr"))())
image, labels = nodes[0], [n for n in nodes if n.zarr.basename() == "labels" and n.data]
same(len(labels), 1, "label images")
edges = um_xyz()[::-1]
for name, node in [("image", image), ("labels", labels[0])]:
    same([a["name"] for a in node.metadata["axes"]], ["z", "y", "x"], f"{name} axes")
    same([a["unit"] for a in node.metadata["axes"]], ["micrometer"] * 3, f"{name} unit")
    same(list(node.data[0].shape), results()["volume"]["shape_zyx"], f"{name} shape")
    scale = node.metadata["coordinateTransformations"][0][0]["scale"]
    for got, wanted in zip(scale, edges):
        close(got, wanted, f"{name} scale")
colours = labels[0].metadata["color"]
print("colours", colours)
assert colours[0][3] == 0 and colours[1][3] == 1, "pore is clear, fibre is not"
values = np.asarray(labels[0].data[0])
fractions = results()["measure"]["phases"]
close(float((values == 2).mean()), fractions["node"]["volume_fraction"], "nodes")
potential = list(Reader(parse_url(OUT / "volumes.ome.zarr/potential_z"))())[0]
same(potential.metadata["name"][0] if isinstance(potential.metadata["name"], list) else potential.metadata["name"],
     "potential along z", "name of a field")
