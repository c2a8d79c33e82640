"""PoreSpy's `tortuosity_fd` (PMEAL/porespy, Gostick et al. 2019): a cubic OpenPNM network, solved by pyamg by default."""
import warnings

import volume

warnings.filterwarnings("ignore")
path, axis, options = volume.arguments()
try:
    import openpnm  # noqa: F401  (tortuosity_fd imports it late; its absence has to show here)
    import porespy
    import pyamg
except ImportError as error:
    volume.missing(error)
porespy.settings.tqdm["disable"] = True
phase = volume.load(path).astype(bool)

# The network solver does not say how many iterations it took; pyamg's residuals do.
iterations = 0
plain = pyamg.multilevel.MultilevelSolver.solve


def counted(self, *arguments, **keywords):
    global iterations
    residuals = keywords.setdefault("residuals", [])
    solution = plain(self, *arguments, **keywords)
    iterations += max(len(residuals) - 1, 0)
    return solution


pyamg.multilevel.MultilevelSolver.solve = counted
try:
    with volume.Clock() as clock:
        found = porespy.simulations.tortuosity_fd(phase, axis=axis)
except Exception as error:
    volume.failed(error)
volume.print_result(
    tool="PoreSpy",
    version=volume.version("porespy", "openpnm", "pyamg"),
    tau=float(found.tortuosity),
    planes="centres",
    length="n-1",
    porosity="percolating",
    porosity_used=float(found.effective_porosity),
    iterations=iterations,
    converged=bool(found.converged),
    seconds_solve=clock.seconds,
)
