"""bpx.json in bpx, without a warning: a partial set whose numbers are those of the results."""

import warnings

import bpx
from made import OUT, VOXELS, close, results, same, um_xyz

warnings.simplefilter("error")
parsed = bpx.parse_bpx_file(OUT / "bpx.json")
same(parsed.header.model, "Partial", "model")
assert parsed.parameterisation.negative_electrode is None, "there is no electrode that is none"
table = parsed.parameterisation.user_defined.model_dump()
found = results()
shape = found["volume"]["shape_zyx"]
pore, solid = (found["transport"][p]["directions"]["z"] for p in ["pore", "solid"])
phases, surface = found["measure"]["phases"], found["measure"]["surface"]
for key, value in {
    "Thickness [m]": shape[0] * found["volume"]["voxel_size_m_xyz"][2],
    "Porosity": phases["pore"]["volume_fraction"],
    "Porosity error": phases["pore"]["error"]["total"],
    "Transport efficiency": phases["pore"]["volume_fraction"] / pore["tau"],
    "Transport efficiency (solid)": 1 / solid["macmullin"],
    "Tortuosity factor (pore)": pore["tau"],
    "Tortuosity factor (pore) error": pore["error"]["total"],
    "Surface area per unit volume [m-1]": surface["area_per_volume_per_m"]["recommended"],
    "Surface area per unit volume error [m-1]": surface["error"]["total"],
    "Conductivity [S.m-1]": 500 * solid["d_eff_relative"],
}.items():
    close(table[f"Host: {key}"], value, key)
print(parsed.header.description)

# Without a voxel size there is no length, and nothing was solved.
parsed = bpx.parse_bpx_file(VOXELS / "bpx.json")
table = parsed.parameterisation.user_defined.model_dump()
same([k for k in table if "[" in k or "efficiency" in k], [], "keys that need a length or a solution")
close(table["Host: Porosity"], results(VOXELS)["measure"]["phases"]["pore"]["volume_fraction"], "porosity in voxels")
