"""PuMA (nasa/puma, Ferguson et al. 2018): finite volumes, matrix-free conjugate gradients from SciPy.

The package `pumapy` on the Python index is another one: build PuMA's `python` folder and name it in PUMA_PYTHON.
"""
import contextlib
import io
import os
import sys
import warnings

import volume

warnings.filterwarnings("ignore")
if "PUMA_PYTHON" in os.environ:
    sys.path.insert(0, os.environ["PUMA_PYTHON"])
path, axis, options = volume.arguments(solver="cg", tolerance=1e-4)
try:
    with contextlib.redirect_stdout(io.StringIO()):
        import numpy
        import pumapy
        import pumapy.physics_models.utils.linear_solvers as linear_solvers
    if not hasattr(pumapy, "compute_continuum_tortuosity"):
        raise ImportError("pumapy has no compute_continuum_tortuosity: it is not NASA's PuMA")
except ImportError as error:
    volume.missing(error)

iterations = 0
plain = getattr(linear_solvers, options["solver"])


def counted(*arguments, **keywords):
    def count(_):
        global iterations
        iterations += 1

    return plain(*arguments, **{**keywords, "callback": count})


setattr(linear_solvers, options["solver"], counted)
phase = volume.load(path)
try:
    with volume.Clock() as clock, contextlib.redirect_stdout(io.StringIO()):
        workspace = pumapy.Workspace.from_array(phase.astype(numpy.uint16))
        tau, _, porosity, _ = pumapy.compute_continuum_tortuosity(
            workspace,
            (1, 1),
            # Its x is the first axis of the array.
            "xyz"[axis],
            side_bc="s",
            tolerance=options["tolerance"],
            solver_type=options["solver"],
            display_iter=False,
            matrix_free=True,
        )
except Exception as error:
    volume.failed(error)
volume.print_result(
    tool="PuMA",
    version=f"pumapy {getattr(pumapy, '__version__', 'of unknown version')}",
    tau=float(tau[axis]),
    planes="centres",
    length="n-1",
    porosity="whole",
    porosity_used=float(porosity),
    iterations=iterations,
    converged=True,
    seconds_solve=clock.seconds,
)
