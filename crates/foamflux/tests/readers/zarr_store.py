"""volumes.ome.zarr in zarr: every level of every image, its scale and place, and its values."""

import numpy as np
import tifffile
import zarr
from made import OUT, STACK, VOXELS, check_labels, close, results, same, um_xyz

found = results()
shape = found["volume"]["shape_zyx"]
edges = um_xyz()[::-1]


def check_levels(group, name, edges, unit, shape=shape):
    """Scale, place and unit of each level; returns the arrays."""
    [scales] = group.attrs["multiscales"]
    same(scales["version"], "0.4", f"{name} version")
    same([a["name"] for a in scales["axes"]], ["z", "y", "x"], f"{name} axes")
    same([a.get("unit") for a in scales["axes"]], [unit] * 3, f"{name} units")
    arrays = []
    for dataset in scales["datasets"]:
        array = group[dataset["path"]]
        scale, place = dataset["coordinateTransformations"]
        factors = [round(s / e) for s, e in zip(scale["scale"], edges)]
        same(list(array.shape), [-(-n // f) for n, f in zip(shape, factors)], f"{name}/{dataset['path']} shape")
        for a, axis in enumerate("zyx"):
            close(scale["scale"][a], edges[a] * factors[a], f"{name}/{dataset['path']} scale {axis}")
            # The centre of a voxel is the middle of the centres it was made of, the first being at zero.
            middle = edges[a] * np.mean(range(factors[a]))
            assert abs(place["translation"][a] - middle) <= 1e-12 * edges[a], (place, middle)
        arrays.append(array[:])
    return scales, arrays


def halved(array, ratio, merge):
    """Merges blocks of `ratio` voxels, those at the far end as they are."""
    out = np.empty([-(-n // r) for n, r in zip(array.shape, ratio)], array.dtype)
    for index in np.ndindex(out.shape):
        block = array[tuple(slice(i * r, (i + 1) * r) for i, r in zip(index, ratio))]
        out[index] = merge(block)
    return out


def ratios(arrays):
    return [[round(a / b) for a, b in zip(x.shape, y.shape)] for x, y in zip(arrays, arrays[1:])]


def mode_of_solid(block):
    counts = np.bincount(block.ravel(), minlength=9)
    solid = counts[1:].sum()
    return 0 if 4 * solid < block.size or solid == 0 else 1 + counts[1:].argmax()


def mean(block):
    values = block[~np.isnan(block.astype(float))]
    return np.float64(values.mean()) if values.size else np.nan


root = zarr.open_group(OUT / "volumes.ome.zarr", mode="r")
scales, grey = check_levels(root, "grey", edges, "micrometer")
same(scales["name"], "grey", "name of the image")
stack = np.stack([tifffile.imread(f) for f in sorted(STACK.glob("*.tif"))])[: shape[0], : shape[1], : shape[2]]
assert grey[0].dtype == stack.dtype and (grey[0] == stack).all(), "level 0 is the stack"
same(len(grey), 3, "levels of the image")
window = root.attrs["omero"]["channels"][0]["window"]
same([window["start"], window["end"]], [float(stack.min()), float(stack.max())], "range of grey values")
for a, b, ratio in zip(grey, grey[1:], ratios(grey)):
    wanted = halved(a.astype(float), ratio, mean)
    assert np.abs(b - wanted).max() <= 0.5, "means, rounded to whole grey values"

labels_group = root["labels"]
same(labels_group.attrs["labels"], ["labels"], "labels")
scales, labels = check_levels(labels_group["labels"], "labels", edges, "micrometer")
check_labels(labels[0], "labels level 0")
assert (labels[0] == tifffile.imread(OUT / "labels.tif")).all(), "labels as in labels.tif"
for a, b, ratio in zip(labels, labels[1:], ratios(labels)):
    assert (b == halved(a, ratio, mode_of_solid)).all(), "the most frequent label of the solid"
about = labels_group["labels"].attrs["image-label"]
present = sorted(int(v) for v in np.unique(labels[0]))
same([c["label-value"] for c in about["colors"]], present, "labels with a colour")
same({p["label-value"]: p["name"] for p in about["properties"]}[2], "node", "name of label 2")

_, potential = check_levels(root["potential_z"], "potential", edges, "micrometer")
reached = np.isfinite(potential[0])
print("potential of", reached.sum(), "voxels, from", np.nanmin(potential[0]), "to", np.nanmax(potential[0]))
assert 0 <= np.nanmin(potential[0]) and np.nanmax(potential[0]) <= 1
means = np.nanmean(np.where(reached, potential[0], np.nan), axis=(1, 2))
assert (np.diff(means) < 0).all(), "the potential falls from the first slice to the last"
for a, b, ratio in zip(potential, potential[1:], ratios(potential)):
    assert np.allclose(b, halved(a.astype(float), ratio, mean), rtol=1e-5, equal_nan=True)

_, density = check_levels(root["current_density_a_per_m2"], "current density", edges, "micrometer")
most = found["current"]["current_density_a_per_m2"]["max"]
print("largest current density", np.nanmax(density[0]), "of", most)
assert 0.5 * most < np.nanmax(density[0]) <= most * (1 + 1e-6)

voxels = zarr.open_group(VOXELS / "volumes.ome.zarr", mode="r")
shape = results(VOXELS)["volume"]["shape_zyx"]
scales, image = check_levels(voxels, "labels as image", [1.0] * 3, None, shape)
assert "unknown" in scales["metadata"]["voxel_size"]
check_labels(image[0], "labels as image", VOXELS)
check_labels(voxels["labels/labels/0"][:], "labels without a voxel size", VOXELS)
# A wall of one voxel is in every level.
same(int(image[1].shape[2]), 35, "voxels of level 1 along x")
assert (voxels["labels/labels/1"][:][:, :, 16] == 1).all(), "the wall of one voxel is still there"
