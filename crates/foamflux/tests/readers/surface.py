"""surface.ply and surface.stl in VTK: where they lie, their area against the morphology's, open on the box alone."""

import numpy as np
from made import CLOSED, OUT, VOXELS, close, results, same, um_xyz
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersCore import vtkCleanPolyData, vtkFeatureEdges, vtkMassProperties
from vtkmodules.vtkIOGeometry import vtkSTLReader
from vtkmodules.vtkIOPLY import vtkPLYReader


def opened(reader, path):
    reader.SetFileName(str(path))
    reader.Update()
    return reader


def area(reader):
    properties = vtkMassProperties()
    properties.SetInputConnection(reader.GetOutputPort())
    return properties.GetSurfaceArea()


found = results()
shape = np.array(found["volume"]["shape_zyx"][::-1])
size = shape * um_xyz()
surface = found["measure"]["surface"]["area_per_volume_per_m"]
# Per metre times the box in cubic micrometres, in square micrometres.
wanted = surface["marching_cubes"] * 1e-6 * size.prod()
ply, stl = opened(vtkPLYReader(), OUT / "surface.ply"), opened(vtkSTLReader(), OUT / "surface.stl")
for name, reader in [("PLY", ply), ("STL", stl)]:
    # Points are single precision.
    close(area(reader), wanted, f"{name} area in um2 (marching cubes)", relative=1e-4)
    low, high = np.array(reader.GetOutput().GetBounds()).reshape(3, 2).T
    print(name, "bounds", low, high, "of a box of", size)
    # A foam fills its box.
    assert (low >= -1e-4).all() and (high <= size + 1e-3).all() and (high - low > 0.9 * size).all()
triangles = ply.GetOutput().GetNumberOfCells()
head = (OUT / "surface.stl").read_bytes()[:84]
same(int.from_bytes(head[80:], "little"), triangles, "triangles stated in the STL file")
assert b"lengths in um" in head
# VTK's reader of STL drops triangles two of whose corners are one point in single precision.
points = vtk_to_numpy(ply.GetOutput().GetPoints().GetData())
corners = points[vtk_to_numpy(ply.GetOutput().GetPolys().GetConnectivityArray()).reshape(-1, 3)]
flat = sum((corners[:, i] == corners[:, i - 1]).all(axis=1) for i in range(3)).astype(bool).sum()
same(stl.GetOutput().GetNumberOfCells(), triangles - int(flat), "triangles that VTK finds in it")
# Stated normals are those of the corners.
stated = np.frombuffer((OUT / "surface.stl").read_bytes()[84:], dtype=[("v", "<f4", (4, 3)), ("n", "<u2")])["v"]
turned = np.cross(stated[:, 2] - stated[:, 1], stated[:, 3] - stated[:, 1])
length = np.linalg.norm(turned, axis=1)
along = np.einsum("ij,ij->i", turned, stated[:, 0])
assert np.allclose(along[length > 1e-4], length[length > 1e-4], rtol=1e-3), "normals of the STL file"
print("recommended area is", surface["recommended"] / surface["marching_cubes"], "of the mesh's")

# The surface lies between voxels of the solid and others: 1 and 2 alone have their colours.
colours = vtk_to_numpy(ply.GetOutput().GetPointData().GetArray("RGB"))
same(sorted(map(tuple, np.unique(colours, axis=0).tolist())), [(86, 180, 233), (213, 94, 0)], "colours of fibre and node")

def open_edges(reader):
    """Edges that only one triangle has, once points of one place are one."""
    cleaned = vtkCleanPolyData()
    cleaned.SetInputConnection(reader.GetOutputPort())
    cleaned.ToleranceIsAbsoluteOn()
    cleaned.SetAbsoluteTolerance(0)
    edges = vtkFeatureEdges()
    edges.SetInputConnection(cleaned.GetOutputPort())
    edges.BoundaryEdgesOn()
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.NonManifoldEdgesOff()
    edges.Update()
    return edges.GetOutput()


edges = open_edges(ply)
ends = vtk_to_numpy(edges.GetPoints().GetData())
on_box = np.isclose(ends, 0, atol=1e-4) | np.isclose(ends, size, rtol=1e-6)
print("open edges", edges.GetNumberOfCells())
assert len(ends) and on_box.any(axis=1).all(), "open on the box alone"

voxels = opened(vtkPLYReader(), VOXELS / "surface.ply")
per_voxel = results(VOXELS)["measure"]["surface"]["area_per_volume_per_vox"]["marching_cubes"]
close(area(voxels), per_voxel * np.prod(results(VOXELS)["volume"]["shape_zyx"]), "area in voxels", relative=1e-4)
assert b"lengths in voxels" in (VOXELS / "surface.ply").read_bytes()[:200]

# With caps it is watertight in both files, and holds what the voxels hold; mesh edges are cut half-way between voxels.
inside = results(CLOSED)["measure"]["phases"]["fibre"]["volume_fraction"] * np.prod(results(CLOSED)["volume"]["shape_zyx"])
for reader, name in [(vtkPLYReader(), "surface.ply"), (vtkSTLReader(), "surface.stl")]:
    closed = opened(reader, CLOSED / name)
    same(open_edges(closed).GetNumberOfCells(), 0, f"open edges of {name} with caps")
    properties = vtkMassProperties()
    properties.SetInputConnection(closed.GetOutputPort())
    close(properties.GetVolume(), inside, f"volume in {name} with caps", relative=0.02)
assert b"comment closed where the box cuts the solid" in (CLOSED / "surface.ply").read_bytes()[:300]
