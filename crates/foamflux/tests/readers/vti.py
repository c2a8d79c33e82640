"""fields.vti in VTK, as ParaView reads it: origin, spacing, arrays and their values."""

import numpy as np
from made import OUT, check_labels, close, results, same, um_xyz
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLImageDataReader

reader = vtkXMLImageDataReader()
reader.SetFileName(str(OUT / "fields.vti"))
reader.Update()
image = reader.GetOutput()
same(image.GetOrigin(), (0.0, 0.0, 0.0), "origin")
for got, wanted, axis in zip(image.GetSpacing(), um_xyz(), "xyz"):
    close(got, wanted, f"spacing {axis}")
shape = results()["volume"]["shape_zyx"]
same([n - 1 for n in image.GetDimensions()], shape[::-1], "cells x, y, z")
same(image.GetFieldData().GetAbstractArray("LengthUnit").GetValue(0), "um", "unit")
cells = image.GetCellData()
names = [cells.GetArrayName(i) for i in range(cells.GetNumberOfArrays())]
print("arrays", names)


def array(name):
    values = vtk_to_numpy(cells.GetArray(name))
    return values.reshape(shape + list(values.shape[1:]))


check_labels(array("labels"), "labels of fields.vti")
flux = np.nan_to_num(array("flux_z_relative"))
found = results()["transport"]["pore"]["directions"]["z"]
pore = array("labels") == 0
# What flows through each slice is what flows through the box; the solver leaves a part of the tolerance.
through = np.where(pore, flux[..., 2], 0).mean(axis=(1, 2))
close(float(through.mean()), found["d_eff_relative"], "mean flux along z", relative=2e-3)
print("flux by slice from", through.min(), "to", through.max())
density = array("current_density_a_per_m2")
most = results()["current"]["current_density_a_per_m2"]["max"]
print("largest current density", np.nanmax(density), "of", most)
assert 0.5 * most < np.nanmax(density) <= most * (1 + 1e-6)
