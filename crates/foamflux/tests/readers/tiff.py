"""labels.tif in tifffile: shape, values, and the voxel size that Fiji shows."""

import tifffile
from made import OUT, VOXELS, check_labels, close, same, um_xyz

with tifffile.TiffFile(OUT / "labels.tif") as tif:
    assert tif.is_imagej
    about, page = tif.imagej_metadata, tif.pages[0]
    x, y, z = um_xyz()
    same(about["unit"], "um", "unit")
    close(about["spacing"], z, "spacing")
    # Pixels per unit are a fraction of whole numbers.
    for tag, edge in [("XResolution", x), ("YResolution", y)]:
        above, below = page.tags[tag].value
        close(below / above, edge, tag, relative=1e-9)
    same(int(page.tags["ResolutionUnit"].value), 1, "ResolutionUnit, none but ImageJ's")
    same(tif.series[0].axes, "ZYX", "axes")
    check_labels(tif.asarray(), "labels.tif")

with tifffile.TiffFile(VOXELS / "labels.tif") as tif:
    assert "unit" not in tif.imagej_metadata and "spacing" not in tif.imagej_metadata
    check_labels(tif.asarray(), "labels.tif without a voxel size", VOXELS)
