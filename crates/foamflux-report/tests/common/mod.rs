//! Results to render: full, voxel units, blocked, and as little as possible.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod current;

use std::collections::BTreeMap;

use foamflux_results::*;

pub(crate) fn volume() -> VolumeInfo {
    VolumeInfo {
        shape_zyx: [100, 120, 140],
        voxel_size_m_xyz: Some([1.3e-6, 1.3e-6, 2.6e-6]),
        voxel_size_source: "flag --voxel-size".into(),
    }
}

fn unknown(volume: VolumeInfo) -> VolumeInfo {
    VolumeInfo { voxel_size_m_xyz: None, voxel_size_source: "unknown".into(), ..volume }
}

pub(crate) fn summary(mean: f64) -> Summary {
    Summary {
        mean,
        median: 0.97 * mean,
        std: 0.21 * mean,
        p05: 0.66 * mean,
        p95: 1.42 * mean,
        count: 280_412,
        error: ErrorParts::default(),
    }
}

pub(crate) fn direction(tau: f64, eps: f64, error: f64) -> DirectionResults {
    DirectionResults {
        percolates: true,
        percolating_fraction: 0.998 * eps,
        tau: Some(tau),
        tau_minus_one: Some(tau - 1.0),
        error: ErrorParts {
            solver: Some(0.01 * error),
            resolution: Some(error),
            segmentation: None,
            sampling: None,
            total: Some(error),
        },
        tau_percolating: Some(0.998 * tau),
        tau_bounds: Some([tau - 2e-5, tau + 3e-5]),
        tau_voxel_geometry_bounds: Some([tau - 0.02, tau]),
        d_eff_relative: eps / tau,
        macmullin: Some(tau / eps),
        bruggeman_exponent: Some(1.0 - tau.ln() / eps.ln()),
        bruggeman_exponent_error: Some(error / (tau * eps.ln().abs())),
        flux_tortuosity: Some(tau.sqrt() * 0.99),
        geometric_tortuosity: Some(GeometricTortuosity {
            value: 1.0 + 0.3 * (tau - 1.0),
            error: ErrorParts {
                resolution: Some(0.03 * (tau - 1.0)),
                total: Some(0.03 * (tau - 1.0)),
                ..ErrorParts::default()
            },
            median: 1.0 + 0.28 * (tau - 1.0),
            min: 1.0 + 0.05 * (tau - 1.0),
            outlet_voxels: 13_992,
        }),
        constrictivity: Some(0.98),
        half_loss_fraction: Some(0.31),
        tau_thresholds: None,
        tau_refined: None,
        profile: None,
        electrode: None,
        blocked: None,
        residual: Some(1.26e-8),
        flux_imbalance: Some(3.1e-7),
        iterations: Some(11),
        unknowns: 1_399_211,
        device: "cpu (2 threads)".into(),
        seconds: SecondsSpent { read: 0.01, setup: 0.412, solve: 1.93, certify: 0.2, geometric: 0.3, refine: 0.0 },
        peak_bytes: 81_264_640,
    }
}

pub(crate) fn stopped() -> DirectionResults {
    DirectionResults {
        percolates: false,
        percolating_fraction: 0.0,
        tau: None,
        tau_minus_one: None,
        error: ErrorParts::default(),
        tau_percolating: None,
        tau_bounds: None,
        tau_voxel_geometry_bounds: None,
        d_eff_relative: 0.0,
        macmullin: None,
        bruggeman_exponent: None,
        bruggeman_exponent_error: None,
        flux_tortuosity: None,
        geometric_tortuosity: None,
        constrictivity: None,
        half_loss_fraction: None,
        blocked: Some(BlockedInfo {
            reason: "the solid reaches 31 of 100 slices from the first face, 40 from the last".into(),
            reach_from_inlet_slices: 31,
            reach_from_outlet_slices: 40,
            percolates_by_edges_or_corners: true,
        }),
        residual: None,
        flux_imbalance: None,
        iterations: None,
        unknowns: 0,
        ..direction(1.0, 0.5, 0.0)
    }
}

pub(crate) fn transport(name: &str, labels: Vec<u8>, eps: f64, directions: [DirectionResults; 3]) -> TransportResults {
    TransportResults {
        schema: TransportResults::SCHEMA.into(),
        volume: volume(),
        phase: PhaseInfo { name: name.into(), labels, volume_fraction: eps, conductivities: None },
        convention: TransportResults::CONVENTION.into(),
        directions: ["x", "y", "z"].map(String::from).into_iter().zip(directions).collect(),
        effective_tensor: None,
        warnings: vec![],
    }
}

fn phase(labels: Vec<u8>, fraction: f64, components: u64, percolates: bool) -> PhaseMeasure {
    let info = |percolates: bool| PercolationInfo {
        percolates,
        percolating_fraction: if percolates { 0.998 * fraction } else { 0.0 },
        percolating_share_of_phase: if percolates { 0.998 } else { 0.0 },
        breaks: (!percolates).then(|| "no connection beyond slice 31 of 100".to_owned()),
    };
    PhaseMeasure {
        labels,
        voxels: (fraction * 1.68e6) as u64,
        volume_fraction: fraction,
        error: ErrorParts::default(),
        components,
        components_26: components.div_ceil(2),
        largest_component_share: 0.998,
        percolation: BTreeMap::from([
            ("x".into(), info(true)),
            ("y".into(), info(true)),
            ("z".into(), info(percolates)),
        ]),
        face_area_per_volume_per_m: Some(1.6e5),
        face_area_per_volume_per_vox: None,
        area_per_volume_per_m: Some(1.09e5),
        area_per_volume_per_vox: None,
    }
}

fn areas(scale: f64) -> AreaMethods {
    AreaMethods {
        faces: 1.62 * scale,
        weighted_faces: 1.11 * scale,
        crofton: 1.083 * scale,
        marching_cubes: 1.094 * scale,
        recommended: 1.094 * scale,
    }
}

pub(crate) fn measure() -> MeasureResults {
    let chords = |mean: f64| {
        ["x", "y", "z"]
            .map(|a| (a.to_owned(), ChordLengths { inner: Some(summary(mean)), cut: 321 }))
            .into_iter()
            .collect()
    };
    MeasureResults {
        schema: MeasureResults::SCHEMA.into(),
        volume: volume(),
        phases: BTreeMap::from([
            ("pore".into(), phase(vec![0], 0.832_86, 3, true)),
            ("fibre".into(), phase(vec![1], 0.141_2, 420, true)),
            ("node".into(), phase(vec![2], 0.025_94, 388, false)),
            ("solid".into(), phase(vec![1, 2], 0.167_14, 12, false)),
        ]),
        surface: Some(SurfaceResults {
            phase: "solid".into(),
            area_m2: Some(8.1e-7),
            area_vox: None,
            area_per_volume_per_m: Some(areas(1e5)),
            area_per_volume_per_vox: None,
            error: ErrorParts {
                resolution: Some(3.1e3),
                segmentation: Some(4.4e3),
                total: Some(5.4e3),
                ..ErrorParts::default()
            },
            recommended_method: "marching cubes on the grey field".into(),
            recommended_reason: "the grey field places the boundary between voxels".into(),
            border_area_m2: Some(3.3e-8),
            border_area_vox: None,
            area_ratio: BTreeMap::from([("x".into(), 19.9), ("y".into(), 17.0), ("z".into(), 28.4)]),
            specific_surface_m2_per_g: Some(0.363),
            per_gram: Some(AreaPerGram {
                density_kg_per_m3: 1800.0,
                bet_m2_per_g: Some(6.27),
                roughness_factor: Some(17.3),
            }),
        }),
        components: BTreeMap::from([("solid".into(), 12), ("pore".into(), 3)]),
        euler_number: BTreeMap::from([("solid".into(), -214)]),
        euler_number_6: BTreeMap::from([("solid".into(), -180)]),
        thickness_m: Some(summary(6.2e-6)),
        thickness_vox: None,
        pore_size_m: Some(summary(41.3e-6)),
        pore_size_vox: None,
        chord_length_m: Some(BTreeMap::from([("pore".into(), chords(52e-6)), ("solid".into(), chords(8.1e-6))])),
        chord_length_vox: None,
        sampling: None,
        warnings: vec!["3 pieces of solid are smaller than 27 voxels".into()],
    }
}

pub(crate) fn segment() -> SegmentResults {
    SegmentResults {
        schema: SegmentResults::SCHEMA.into(),
        volume: volume(),
        preparation: None,
        method: "otsu".into(),
        reason: Some(
            "no threshold between levels of rare solid applies: 17 % of the volume is solid, which is not rare".into(),
        ),
        recipe: vec!["median filter, radius 1 voxel".into(), "Otsu threshold on the whole stack".into()],
        recipe_toml: None,
        thresholds: vec![117.5],
        foreground: "bright".into(),
        separability: Some(0.871),
        volume_fractions: BTreeMap::from([("pore".into(), 0.832_86), ("fibre".into(), 0.167_14)]),
        threshold_sensitivity: Some(ThresholdSensitivity {
            step: 4.0,
            step_rule: "standard deviation of the noise over four".into(),
            solid_fraction_low: 0.179,
            solid_fraction: 0.168,
            solid_fraction_high: 0.158,
            slope_per_grey: -0.002_6,
        }),
        band: None,
        score: None,
        removed_solid_voxels: 10_213,
        filled_pore_voxels: 88,
        bridges: Some(BridgeResults { count: 12, voxels: 31, hanging_solid_voxels: 2_040 }),
        warnings: vec![],
    }
}

pub(crate) fn ingest() -> IngestResults {
    IngestResults {
        schema: IngestResults::SCHEMA.into(),
        volume: volume(),
        path: "slices/".into(),
        kind: "folder of 100 TIFF slices".into(),
        sample_type: "u8".into(),
        files: (1..=100).map(|k| format!("slice_{k:04}.tif")).collect(),
        voxel_size_candidates: candidates(),
        microscope: None,
        data_bar: None,
        gaps: vec!["17".into()],
        duplicates: vec!["slice_0003.tif and slice_3.tif".into()],
        odd_sizes: vec![],
        ignored: (0..9).map(|k| format!("._slice_{k:04}.tif")).collect(),
        bad_slices: vec!["slice_0091.tif: ends after 1200 of 16800 bytes".into()],
        bytes_needed: 1_680_000,
        range: Some([0.0, 255.0]),
        notes: vec!["natural order: 2 comes before 10".into()],
        warnings: vec!["slice 17 is missing".into()],
    }
}

fn candidates() -> Vec<VoxelSizeCandidate> {
    let candidate = |source: &str, found: &str, used, reason: &str| VoxelSizeCandidate {
        source: source.into(),
        found: found.into(),
        used,
        reason: reason.into(),
    };
    vec![
        candidate("flag --voxel-size", "1.3 × 1.3 × 2.6 µm", true, "a flag beats everything else"),
        candidate("TIFF XResolution", "72 dpi", false, "a screen resolution, which no microscope writes on purpose"),
    ]
}

fn sizes(mean: f64) -> SpreadInfo {
    let parts = [0.02 * mean, 0.01 * mean, 0.025 * mean];
    SpreadInfo {
        mean,
        median: 0.98 * mean,
        std: 0.2 * mean,
        min: 0.4 * mean,
        max: 1.7 * mean,
        log_mean: mean.ln(),
        log_std: 0.2,
        count: 431,
        error: ErrorParts {
            resolution: Some(parts[0]),
            sampling: Some(parts[1]),
            total: Some(parts[2]),
            ..ErrorParts::default()
        },
    }
}

pub(crate) fn tagged() -> TagResults {
    let conduction = |tau: Option<f64>, voxel: Option<f64>| NetworkConduction {
        percolates: tau.is_some(),
        tau,
        d_eff_relative: tau.map_or(0.0, |t| 0.167 / t),
        tau_voxel: voxel,
        difference: tau.zip(voxel).map(|(t, v)| v / t - 1.0),
    };
    TagResults {
        schema: TagResults::SCHEMA.into(),
        volume: volume(),
        nodes: NodeResults {
            count: 212,
            density_per_m3: Some(5.7e13),
            density_per_vox3: None,
            error: ErrorParts { sampling: Some(3.9e12), total: Some(3.9e12), ..ErrorParts::default() },
            coordination_mean: Some(3.93),
            coordination_histogram: BTreeMap::from([("3".into(), 20), ("4".into(), 160), ("5".into(), 4)]),
            at_border: 28,
            radius_m: Some(sizes(4.6e-6)),
            radius_vox: None,
            zone: NodeZoneInfo {
                rule: "swelling".into(),
                factor: Some(1.08),
                swelling: Some(1.46),
                from_profile: true,
                node_share_by_scale: BTreeMap::from([("0.9".into(), 0.27), ("1".into(), 0.3), ("1.1".into(), 0.34)]),
            },
        },
        fibres: FibreResults {
            count: 431,
            whole: 340,
            cut: 88,
            dead_ends: 3,
            free: 0,
            diameter_m: Some(sizes(6.2e-6)),
            diameter_vox: None,
            length_m: Some(sizes(24.1e-6)),
            length_vox: None,
            length_unbiased_mean_m: Some(26.0e-6),
            length_total_m: Some(9.1e-3),
            length_total_vox: None,
            tortuosity: None,
            orientation_tensor: [[0.33, 0.0, 0.0], [0.0, 0.33, 0.0], [0.0, 0.0, 0.34]],
            order_parameter: 0.04,
            principal_direction_xyz: [0.0, 0.0, 1.0],
        },
        volume_fractions: BTreeMap::from([("pore".into(), 0.833), ("fibre".into(), 0.117), ("node".into(), 0.05)]),
        volume_fractions_error: BTreeMap::from([(
            "node".into(),
            ErrorParts { segmentation: Some(0.006), total: Some(0.006), ..ErrorParts::default() },
        )]),
        node_share_of_solid: 0.3,
        node_share_error: ErrorParts { segmentation: Some(0.036), total: Some(0.036), ..ErrorParts::default() },
        tags_of_the_file: false,
        topology: Some(TopologyInfo { components: 1, euler_number: -188 }),
        loops: 189,
        connectivity_density_per_m3: Some(5.1e13),
        connectivity_density_per_vox3: None,
        cells: Some(CellResults {
            count: 31,
            whole: 4,
            diameter_m: Some(sizes(48e-6)),
            diameter_vox: None,
            faces_mean: Some(13.5),
            face_histogram: BTreeMap::from([("13".into(), 2), ("14".into(), 2)]),
        }),
        conduction: BTreeMap::from([
            ("x".into(), conduction(Some(3.6), Some(3.412))),
            ("y".into(), conduction(Some(3.2), Some(3.097))),
            ("z".into(), conduction(None, None)),
        ]),
        kelvin_solid_fraction: Some(0.055),
        strut_like_share: 0.97,
        debris_share: 0.0,
        fringe_cut: 0,
        paths: BTreeMap::new(),
        orientation_field: None,
        wings_cut: 0,
        spurs_cut: 31,
        junctions_merged: 12,
        seconds: 1.2,
        seconds_by_step: Vec::new(),
        warnings: vec![],
    }
}

pub(crate) fn full() -> RunResults {
    RunResults {
        schema: RunResults::SCHEMA.into(),
        sample: "CMF 900 °C, piece 3".into(),
        program: Program { name: "foamflux".into(), version: "0.1.0".into() },
        finished_utc: "2026-11-22T18:04:11Z".into(),
        configuration: serde_json::json!({"transport": {"tol": 1e-3, "direction": "all"}, "segment": {"method": "otsu"}}),
        device: "cpu (2 threads)".into(),
        input: InputInfo {
            path: "slices/".into(),
            kind: "folder of 100 TIFF slices".into(),
            content: "grey".into(),
            sample_type: "u8".into(),
            files: (1..=100)
                .map(|k| InputFile { name: format!("slice_{k:04}.tif"), bytes: 17_012, sha256: format!("{k:064x}") })
                .collect(),
            voxel_size_candidates: candidates(),
            microscope: None,
            data_bar: None,
            notes: vec!["Slices in natural order; no gaps, no duplicates.".into()],
        },
        volume: volume(),
        stages: BTreeMap::from([
            ("ingest".into(), StageReport { outcome: StageOutcome::Done, reason: None, seconds: 0.31 }),
            ("segment".into(), StageReport { outcome: StageOutcome::Done, reason: None, seconds: 0.92 }),
            ("measure".into(), StageReport { outcome: StageOutcome::Done, reason: None, seconds: 4.1 }),
            ("transport".into(), StageReport { outcome: StageOutcome::Done, reason: None, seconds: 13.7 }),
            (
                "current".into(),
                StageReport {
                    outcome: StageOutcome::Skipped,
                    reason: Some("left out with --skip".into()),
                    seconds: 0.0,
                },
            ),
        ]),
        segment: Some(segment()),
        tag: Some(tagged()),
        measure: Some(measure()),
        transport: BTreeMap::from([
            (
                "pore".into(),
                transport(
                    "pore",
                    vec![0],
                    0.832_86,
                    [
                        direction(1.178_2, 0.832_86, 0.011),
                        direction(1.181_0, 0.832_86, 0.011),
                        direction(1.244_6, 0.832_86, 0.013),
                    ],
                ),
            ),
            (
                "solid".into(),
                transport(
                    "solid",
                    vec![1, 2],
                    0.167_14,
                    [direction(3.412, 0.167_14, 0.21), direction(3.097, 0.167_14, 0.19), stopped()],
                ),
            ),
        ]),
        current: None,
        doubt: None,
        error_total_rule: None,
        figures: vec![],
        files: BTreeMap::from([
            ("results.json".into(), "all numbers, SI".into()),
            ("labels.tif".into(), "labels 0, 1, 2".into()),
        ]),
        warnings: vec!["The last slice is 12 % darker than the others.".into()],
        notes: vec!["Sides of the box are closed.".into()],
        peak_memory_bytes: None,
        seconds_total: 19.4,
    }
}

/// No voxel size.
pub(crate) fn voxels() -> RunResults {
    let mut r = full();
    r.volume = unknown(r.volume);
    r.input.voxel_size_candidates.clear();
    if let Some(m) = &mut r.measure {
        m.volume = r.volume.clone();
        m.thickness_vox = m.thickness_m.take().map(|_| summary(4.8));
        m.pore_size_vox = m.pore_size_m.take().map(|_| summary(31.8));
        m.chord_length_m = None;
        for p in m.phases.values_mut() {
            (p.face_area_per_volume_per_m, p.face_area_per_volume_per_vox) = (None, Some(0.21));
            (p.area_per_volume_per_m, p.area_per_volume_per_vox) = (None, Some(0.14));
        }
        if let Some(s) = &mut m.surface {
            (s.area_m2, s.area_vox) = (None, Some(238_000.0));
            (s.border_area_m2, s.border_area_vox) = (None, Some(9_100.0));
            (s.area_per_volume_per_m, s.area_per_volume_per_vox) = (None, Some(areas(0.13)));
            s.error = ErrorParts { total: Some(0.007), resolution: Some(0.007), ..ErrorParts::default() };
            (s.specific_surface_m2_per_g, s.per_gram) = (None, None);
        }
    }
    if let Some(t) = &mut r.tag {
        t.volume = r.volume.clone();
        (t.nodes.density_per_m3, t.nodes.density_per_vox3) = (None, Some(1.2e-4));
        (t.nodes.radius_m, t.nodes.radius_vox) = (None, Some(sizes(3.5)));
        (t.fibres.diameter_m, t.fibres.diameter_vox) = (None, Some(sizes(4.8)));
        (t.fibres.length_m, t.fibres.length_vox) = (None, Some(sizes(18.5)));
        (t.fibres.length_total_m, t.fibres.length_total_vox) = (None, Some(7e3));
        t.fibres.length_unbiased_mean_m = None;
        (t.connectivity_density_per_m3, t.connectivity_density_per_vox3) = (None, Some(1.1e-4));
        if let Some(c) = &mut t.cells {
            (c.diameter_m, c.diameter_vox) = (None, Some(sizes(37.0)));
        }
    }
    for t in r.transport.values_mut() {
        t.volume = r.volume.clone();
    }
    r
}

/// As little as a run can hold.
pub(crate) fn minimal() -> RunResults {
    RunResults {
        input: InputInfo {
            path: String::new(),
            kind: String::new(),
            content: "labels".into(),
            sample_type: "u8".into(),
            files: vec![],
            voxel_size_candidates: vec![],
            microscope: None,
            data_bar: None,
            notes: vec![],
        },
        volume: VolumeInfo { shape_zyx: [1, 1, 1], voxel_size_m_xyz: None, voxel_size_source: "unknown".into() },
        stages: BTreeMap::new(),
        segment: None,
        tag: None,
        measure: None,
        transport: BTreeMap::new(),
        current: None,
        figures: vec![],
        files: BTreeMap::new(),
        warnings: vec![],
        notes: vec![],
        configuration: serde_json::Value::Null,
        ..full()
    }
}

/// An open foam whose tau says little.
pub(crate) fn open_foam() -> RunResults {
    let mut r = full();
    r.warnings.clear();
    r.transport = BTreeMap::from([(
        "pore".into(),
        transport(
            "pore",
            vec![0],
            0.987_2,
            [
                direction(1.018_9, 0.987_2, 0.001_0),
                direction(1.019_4, 0.987_2, 0.001_0),
                direction(1.020_4, 0.987_2, 0.001_0),
            ],
        ),
    )]);
    r
}
