//! Kernels against the machine's own bandwidth: `cargo bench -p foamflux-bench --bench kernels`.
//!
//! Criterion prints bytes per second for each; read them next to those of `bandwidth/copy` in the same run.
#![allow(missing_docs, reason = "criterion_group makes public functions without docs")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foamflux_bench::bandwidth::{Arrays, ELEMENTS};
use foamflux_bench::case::Case;
use foamflux_grid::{LabelSet, Shape, Silent};
use foamflux_voxel::components::{self, Connectivity};
use foamflux_voxel::distance::{self, Border};
use foamflux_voxel::{euler, filter, surface, thickness};

fn bandwidth(c: &mut Criterion) {
    let mut group = c.benchmark_group("bandwidth");
    group.sample_size(20);
    let mut arrays = Arrays::new(ELEMENTS);
    group.throughput(Throughput::Bytes(8 * ELEMENTS as u64));
    group.bench_function("copy", |b| b.iter(|| arrays.copy()));
    group.throughput(Throughput::Bytes(12 * ELEMENTS as u64));
    group.bench_function("triad", |b| b.iter(|| arrays.triad()));
    black_box(arrays.checksum());
    group.finish();
}

fn cases(c: &mut Criterion) {
    let mut group = c.benchmark_group("make");
    group.sample_size(10);
    let Ok(shape) = Shape::cube(128) else { return };
    group.throughput(Throughput::Elements(shape.len() as u64));
    for case in [Case::Percolation { probability: 0.34 }, Case::Blobs { porosity: 0.5, correlation_voxel: 4.0 }] {
        group.bench_with_input(BenchmarkId::from_parameter(case), &case, |b, case| b.iter(|| case.make(shape, 1)));
    }
    group.finish();
}

/// The voxel algorithms on half-filled blobs, per voxel.
fn voxel_algorithms(c: &mut Criterion) {
    let mut group = c.benchmark_group("voxel");
    group.sample_size(10);
    let Ok(shape) = Shape::cube(128) else { return };
    group.throughput(Throughput::Elements(shape.len() as u64));
    let labels = Case::Blobs { porosity: 0.5, correlation_voxel: 4.0 }.make(shape, 1);
    let Ok(labels) = labels else { return };
    let (mask, grey) = (labels.mask(LabelSet::PORE), labels.volume().map(|&v| 200 * v));
    group.bench_function("median", |b| b.iter(|| filter::median(&grey, 1, &Silent)));
    group.bench_function("gaussian", |b| b.iter(|| filter::gaussian(&grey, 1.0, &Silent)));
    group.bench_function("components", |b| b.iter(|| components::label(&mask, Connectivity::Face6)));
    group.bench_function("euler", |b| b.iter(|| euler::euler_number(&mask, Connectivity::Full26)));
    group.bench_function("distance", |b| b.iter(|| distance::distance(&mask, Border::Open)));
    group.bench_function("thickness", |b| b.iter(|| thickness::local_thickness(&mask, &Silent)));
    group.bench_function("crofton", |b| b.iter(|| surface::crofton(&mask)));
    group.bench_function("weighted_faces", |b| b.iter(|| surface::weighted_faces(&mask)));
    group.bench_function("marching_cubes", |b| b.iter(|| surface::marching_cubes_mask(&mask)));
    group.finish();
}

criterion_group!(kernels, bandwidth, cases, voxel_algorithms);
criterion_main!(kernels);
