"""The package as a user has it: exact answers, the same names as the command line, errors that say what to do."""

import inspect
import threading
import time

import numpy as np
import pytest

import foamflux


def slabs(n=24):
    """Every second pair of columns solid: tau of the pore is 1 along z and y."""
    labels = np.zeros((n, n, n), np.uint8)
    labels[:, :, (np.arange(n) // 2) % 2 == 1] = 1
    return labels


def plate(depth=12, gap=8):
    labels = np.zeros((depth, 6, 6), np.uint8)
    labels[gap:] = 1
    return labels


def test_an_empty_box_has_tau_one():
    found = foamflux.transport(np.zeros((5, 6, 7), bool), phase="pore")
    for axis in "xyz":
        assert found.results["directions"][axis]["tau"] == 1.0
    assert found.maps == {}


def test_slabs_conduct_along_and_not_across():
    found = foamflux.transport(slabs(), voxel_size=(1e-6, 2e-6, 3e-6), phase="pore", maps=True)
    directions = found.results["directions"]
    assert directions["z"]["tau"] == pytest.approx(1.0, abs=1e-12)
    assert not directions["x"]["percolates"] and directions["x"]["tau"] is None
    assert found.results["volume"]["voxel_size_m_xyz"] == [1e-6, 2e-6, 3e-6]
    potential = found.maps["z"]["potential"]
    assert potential.shape == (24, 24, 24) and potential.dtype == np.float32
    # Half a voxel from the electrode, and nothing in the solid.
    np.testing.assert_allclose(potential[0, :, 0], 1 - 0.5 / 24, atol=1e-6)
    assert np.isnan(potential[:, :, 2]).all()
    flux = found.maps["z"]["flux"]
    assert flux.shape == (24, 24, 24, 3)
    np.testing.assert_allclose(flux[:, :, 0, 2], 1.0, atol=1e-5)


def test_arrays_of_any_layout_and_type_mean_the_same():
    labels = slabs()
    wanted = foamflux.measure(labels, voxel_size="1um")["phases"]
    for other in (
        np.asfortranarray(labels),
        labels.astype(bool),
        labels.astype(np.int64),
        labels.astype(np.int8),
        labels.astype(">u2"),
        labels.astype(np.float64),
        np.repeat(labels, 2, axis=2)[:, :, ::2],
        labels.tolist(),
    ):
        assert foamflux.measure(other, voxel_size="1um")["phases"] == wanted


def test_foreign_labels_by_a_map():
    labels = np.where(slabs() == 1, 200, 7).astype(np.uint8)
    found = foamflux.measure(labels, labels={"pore": 200, "fibre": 7})
    assert found["phases"]["pore"]["volume_fraction"] == pytest.approx(0.5)


def test_grey_values_are_cut():
    rng = np.random.default_rng(1)
    truth = np.zeros((40, 40, 40), bool)
    z, y, x = np.indices(truth.shape)
    truth[(y - 20) ** 2 + (x - 20) ** 2 < 64] = True
    grey = (60 + 120 * truth + rng.normal(0, 10, truth.shape)).astype(np.uint8)
    labels, results = foamflux.segment(grey, method="otsu")
    assert results["method"] == "otsu"
    assert labels.dtype == np.uint8 and (labels.astype(bool) == truth).mean() > 0.998


def test_corrections_and_alignment_reach_the_stack():
    """Options that are no method: what the command line does before the cut, and the recipe that repeats it."""
    rng = np.random.default_rng(2)
    _, y, x = np.indices((24, 40, 40))
    grey = 60 + 120 * ((y - 20) ** 2 + (x - 20) ** 2 < 64) + rng.normal(0, 5, (24, 40, 40))
    bright = grey * (1 + 0.2 * (np.arange(24) % 2))[:, None, None]
    _, results = foamflux.segment(bright, method="otsu", correct=["flicker"])
    assert [c["artefact"] for c in results["preparation"]["corrections"]] == ["flicker"]
    assert "flicker" in results["recipe_toml"]
    with pytest.raises(foamflux.UsageError, match="correct"):
        foamflux.segment(bright, correct=["scratches"])


def test_a_plate_has_the_exact_overpotential():
    found = foamflux.current(plate(), voxel_size="2um", current=10.0, maps=True)
    volt = 8.314462618 * 298.15 / 96485.33212
    # A gap of 8 voxels, kinetics on true area, and a thin plate of carbon.
    exact = 10 * 16e-6 / 1.1 + 2 * volt * np.arcsinh(10 / 5.6) + 10 * 8e-6 / 3e3
    assert found.results["overpotential_v"] == pytest.approx(exact, rel=1e-6)
    density = found.maps["current_density"]
    assert np.nanmax(density) == pytest.approx(10.0, rel=1e-5)
    spectrum = foamflux.impedance(plate(), voxel_size=2e-6, frequencies="1:100Hz", points_per_decade=2)
    assert len(spectrum["frequency_hz"]) == 5


def crossing(ball):
    """Two struts of radius 4 that cross in a ball."""
    n = 48
    z, y, x = np.indices((n, n, n)) - (n - 1) / 2
    return (x**2 + y**2 < 16) | (z**2 + y**2 < 16) | (x**2 + y**2 + z**2 < ball**2)


def test_nodes_are_tagged():
    tags, results = foamflux.tag(crossing(7), voxel_size="1um")
    assert set(np.unique(tags)) == {0, 1, 2}
    assert results["nodes"]["count"] == 1 and tags[24, 24, 24] == 2
    assert results["nodes"]["coordination_mean"] == 4


def test_what_results_warn_of_is_a_warning():
    with pytest.warns(foamflux.FoamfluxWarning, match="no node"):
        foamflux.tag(crossing(10), voxel_size="1um")


def test_files_are_read(tmp_path):
    path = tmp_path / "labels µ.npy"
    np.save(path, slabs())
    stack = foamflux.read(path, voxel_size="1.5um")
    assert (stack.data == slabs()).all() and stack.voxel_size == (1.5e-6,) * 3


@pytest.mark.parametrize(
    "call, kind, status, words",
    [
        (lambda: foamflux.measure(slabs(), voxel_sise="1um"), foamflux.UsageError, 2, "voxel-sise"),
        (lambda: foamflux.measure(slabs(), voxel_size="1"), foamflux.UsageError, 2, "voxel-size"),
        (lambda: foamflux.transport(slabs(), direction="w"), foamflux.UsageError, 2, "direction"),
        (lambda: foamflux.measure(np.zeros((3, 3))), foamflux.InputError, 3, "three dimensions"),
        (lambda: foamflux.measure(np.full((3, 3, 3), np.nan)), foamflux.InputError, 3, "NaN"),
        (lambda: foamflux.measure(np.arange(125).reshape(5, 5, 5)), foamflux.InputError, 3, "segment"),
        (lambda: foamflux.measure(np.zeros((0, 3, 3))), ValueError, None, ""),
        (lambda: foamflux.transport(slabs(), max_memory="1kB"), foamflux.NotEnoughMemory, 4, "max-memory"),
        (lambda: foamflux.transport(slabs(), device="gpu:99"), foamflux.DeviceError, 6, "gpu"),
        (lambda: foamflux.read("no such file.tif"), foamflux.InputError, 3, "no such file"),
    ],
)
def test_errors_have_a_class_a_status_and_words(call, kind, status, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
    if status is not None:
        assert error.value.exit_status == status


def test_the_lock_is_released():
    """Another thread goes on while a solve runs."""
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    rng = np.random.default_rng(0)
    foamflux.transport(rng.random((96, 96, 96)) < 0.3, phase="pore", device="cpu")
    end = time.perf_counter()
    stop.set()
    thread.join()
    inside = [t for t in ticks if begin < t < end]
    assert len(inside) > 3


def test_everything_public_is_documented_and_typed():
    for name in foamflux.__all__:
        assert inspect.getdoc(getattr(foamflux, name)), name
    for name in ("read", "segment", "tag", "measure", "transport", "current", "impedance"):
        signature = inspect.signature(getattr(foamflux, name))
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())
