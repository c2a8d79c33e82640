"""TauFactor 2 (tldr-group/taufactor, Kench et al. 2023): red-black SOR in single precision on torch, here on the CPU.

criterion: its `conv_crit`, the spread of the flux over the layers (its own default 1e-2). threads: of torch.
"""
import contextlib
import io

import volume

path, axis, options = volume.arguments(criterion=1e-2, limit=10_000, threads=0)
try:
    import numpy
    import taufactor
    import torch
except ImportError as error:
    volume.missing(error)
if options["threads"] > 0:
    torch.set_num_threads(options["threads"])
# It solves along the first axis.
phase = numpy.ascontiguousarray(numpy.moveaxis(volume.load(path), axis, 0))
try:
    with volume.Clock() as clock, contextlib.redirect_stdout(io.StringIO()):
        solver = taufactor.Solver(phase, device="cpu")
        solver.solve(iter_limit=options["limit"], conv_crit=options["criterion"], verbose=False)
except Exception as error:
    volume.failed(error)


def first(value):
    """Newer versions return one value per volume of a batch."""
    return float(numpy.ravel(value)[0])


volume.print_result(
    tool="TauFactor",
    version=volume.version("taufactor", "torch"),
    tau=first(solver.tau),
    planes="faces",
    length="n",
    porosity="whole",
    porosity_used=float(phase.mean()),
    iterations=int(solver.iter),
    converged=bool(solver.converged),
    seconds_solve=clock.seconds,
)
