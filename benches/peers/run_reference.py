"""Reference values: an assembled finite-volume matrix, solved in double precision by pyamg (Bell, Olson, Schroder 2022).

Cell-centred finite volumes, conductance 1 between conducting neighbours, no-flux sides, conjugate gradients with
smoothed aggregation, stopped when the true residual is below 1e-10 of the right-hand side.
planes=faces: potentials 1 and 0 on the outer faces, half a voxel from the first and last centres (conductance 2).
planes=centres: at the centres of the first and last layers, over n - 1 edges, as several tools do.
Nothing is shared with foamflux but the equation.
"""
import volume

path, axis, options = volume.arguments(planes="faces", residual=1e-10)
try:
    import numpy
    import pyamg
    import scipy.sparse
    from scipy import ndimage
except ImportError as error:
    volume.missing(error)

if options["planes"] not in ("faces", "centres"):
    raise SystemExit("planes is faces or centres")


def percolating(phase):
    """The clusters (joined by faces) that touch the first and the last layer."""
    names, _ = ndimage.label(phase)
    both = numpy.intersect1d(names[0], names[-1])
    return numpy.isin(names, both[both > 0])


def neighbours(index):
    """Pairs of unknowns that share a face, all three directions."""
    pairs = []
    for k in range(3):
        low = index[tuple(slice(None, -1) if axis == k else slice(None) for axis in range(3))]
        high = index[tuple(slice(1, None) if axis == k else slice(None) for axis in range(3))]
        joined = (low >= 0) & (high >= 0)
        pairs.append((low[joined], high[joined]))
    return [numpy.concatenate(side) for side in zip(*pairs)]


def solve(matrix, right):
    """Restarted until the true residual is small, as the one of the recursion drifts away from it."""
    hierarchy = pyamg.smoothed_aggregation_solver(
        matrix, symmetry="symmetric", strength=("symmetric", {"theta": 0.0}), max_coarse=500, smooth=("jacobi", {"omega": 4 / 3})
    )
    potential, iterations = numpy.zeros(len(right)), 0
    for _ in range(8):
        residual = numpy.linalg.norm(right - matrix @ potential) / numpy.linalg.norm(right)
        if residual <= options["residual"]:
            break
        history = []
        # Relative to the start's residual where there is one: aim at half of what is wanted.
        potential = hierarchy.solve(
            right, x0=potential, tol=0.5 * options["residual"], accel="cg", maxiter=300, residuals=history
        )
        iterations += len(history) - 1
    return potential, iterations, float(residual)


phase = numpy.moveaxis(volume.load(path), axis, 0).astype(bool)
shape_zyx = numpy.load(path, mmap_mode="r").shape
with volume.Clock() as clock:
    active = percolating(phase)
    whole, part = float(phase.mean()), float(active.mean())
    if part == 0:
        volume.print_result(tool="reference", version=volume.version("pyamg", "scipy"), tau=None, porosity_used=whole,
                            iterations=0, converged=True, seconds_solve=0.0)
        raise SystemExit(0)
    index = numpy.full(phase.shape, -1, numpy.int64)
    index[active] = numpy.arange(active.sum())
    i, j = neighbours(index)
    count = int(active.sum())
    one = numpy.ones(len(i))
    adjacency = scipy.sparse.coo_matrix((one, (i, j)), shape=(count, count)).tocsr()
    adjacency = adjacency + adjacency.T
    degree = numpy.asarray(adjacency.sum(axis=1)).ravel()
    first, last = (layer[layer >= 0] for layer in (index[0], index[-1]))
    layers, area = phase.shape[0], phase.shape[1] * phase.shape[2]
    if options["planes"] == "faces":
        right = numpy.zeros(count)
        right[first] = 2.0
        degree[first] += 2.0
        # A volume of one layer meets both planes in the same voxels.
        numpy.add.at(degree, last, 2.0)
        matrix = (scipy.sparse.diags(degree) - adjacency).tocsr()
        potential, iterations, residual = solve(matrix, right)
        inlet, outlet = 2.0 * (1.0 - potential[first]).sum(), 2.0 * potential[last].sum()
        length = layers
    else:
        matrix = (scipy.sparse.diags(degree) - adjacency).tocsr()
        potential = numpy.zeros(count)
        potential[first] = 1.0
        held = numpy.zeros(count, bool)
        held[first] = held[last] = True
        free = numpy.flatnonzero(~held)
        right = -(matrix @ potential)[free]
        potential[free], iterations, residual = solve(matrix[free][:, free].tocsr(), right)
        flux = matrix @ potential
        inlet, outlet = flux[first].sum(), -flux[last].sum()
        length = layers - 1
    conductivity = 0.5 * (inlet + outlet) * length / area

volume.print_result(
    tool="reference",
    version=volume.version("pyamg", "scipy"),
    tau=whole / conductivity,
    tau_percolating=part / conductivity,
    planes=options["planes"],
    length="n" if options["planes"] == "faces" else "n-1",
    porosity="whole",
    porosity_used=whole,
    porosity_percolating=part,
    iterations=iterations,
    converged=residual <= options["residual"],
    residual=residual,
    flux_mismatch=abs(inlet - outlet) / abs(inlet),
    unknowns=count,
    conducting_voxels=int(phase.sum()),
    shape_zyx=list(shape_zyx),
    seconds_solve=clock.seconds,
)
