"""pybamm.json in PyBaMM: taken as it stands, and the efficiencies of both kinds of model are those of the results."""

import json

import pybamm
from made import OUT, close, results

table = json.loads((OUT / "pybamm.json").read_text(encoding="utf-8"))
found = results()
pore, solid = (found["transport"][p]["directions"]["z"] for p in ["pore", "solid"])
print(json.dumps(table, indent=1))
alone = pybamm.ParameterValues(table)
close(alone["Negative electrode tortuosity factor (electrolyte)"], pore["tau"], "tau")
# Nothing but pore and solid is in the box.
close(alone["Negative electrode tortuosity factor (electrode)"], solid["tau"], "tau of the solid", relative=1e-9)
close(alone["Negative electrode thickness [m]"], 66 * 1.5e-6, "thickness")
close(alone["Negative electrode conductivity [S.m-1]"], 500, "conductivity of the bulk")

others = {
    "Separator tortuosity factor (electrolyte)": 1.5,
    "Positive electrode tortuosity factor (electrolyte)": 1.5,
    "Positive electrode tortuosity factor (electrode)": 1.5,
}
for options in [{"transport efficiency": "tortuosity factor"}, {"transport efficiency": "Bruggeman"}]:
    values = pybamm.ParameterValues("Chen2020")
    values.update({**table, **others}, check_already_exists=False)
    # A second of a discharge: what the solved model says it used.
    solution = pybamm.Simulation(pybamm.lithium_ion.DFN(options), parameter_values=values).solve([0, 1])
    for name, wanted in [("electrolyte", pore), ("electrode", solid)]:
        got = float(solution[f"X-averaged negative {name} transport efficiency"].entries[0])
        close(got, wanted["d_eff_relative"], f"{options['transport efficiency']}: efficiency of {name}", relative=1e-9)
