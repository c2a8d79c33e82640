//! Kernels against the machine's own bandwidth: `cargo bench -p foamflux-bench --bench kernels`.
//!
//! Criterion prints bytes per second for each; read them next to those of `bandwidth/copy` in the same run.
#![allow(missing_docs, reason = "criterion_group makes public functions without docs")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foamflux_bench::bandwidth::{Arrays, ELEMENTS};
use foamflux_bench::case::Case;
use foamflux_grid::Shape;

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

criterion_group!(kernels, bandwidth, cases);
criterion_main!(kernels);
