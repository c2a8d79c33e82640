"""OpenImpala (BASE-Laboratory/OpenImpala, Le Houx et al. 2021): AMReX and HYPRE, here its Python wheel.

solver, preconditioner: as its `tortuosity` takes them. It needs MPI; a single process is enough.
"""
import os
import tempfile

import volume

os.environ.setdefault("OMPI_MCA_ess_singleton_isolated", "1")
path, axis, options = volume.arguments(solver="flexgmres", preconditioner="pfmg")
try:
    import numpy
    import openimpala
except (ImportError, OSError) as error:
    volume.missing(error)
phase = volume.load(path)
try:
    with openimpala.Session(), tempfile.TemporaryDirectory() as folder:
        info = (openimpala.build_info if hasattr(openimpala, "build_info") else openimpala.facade.build_info)()
        # Without MPI the wheel falls back to a solver in Python that names the axes in another order.
        if info.get("backend") == "python":
            volume.print_result(missing="the compiled core is not usable (no MPI?): the wheel fell back to Python")
            raise SystemExit(0)
        with volume.Clock() as clock:
            found = openimpala.tortuosity(
                phase.astype(numpy.int32),
                phase=1,
                direction="zyx"[axis],
                solver=options["solver"],
                preconditioner=options["preconditioner"],
                max_grid_size=32,
                verbose=0,
                results_path=folder,
            )
except Exception as error:
    volume.failed(error)
volume.print_result(
    tool="OpenImpala",
    version=volume.version("openimpala"),
    tau=float(found.tortuosity),
    planes="centres",
    length="n",
    porosity="percolating",
    porosity_used=float(found.active_volume_fraction),
    iterations=int(found.iterations),
    converged=bool(found.solver_converged),
    seconds_solve=clock.seconds,
)
