// Up to four sums over a workgroup, pairwise: the order is fixed, and pairwise f32 is accurate enough (f64 dot products
// changed neither the number of iterations nor the accuracy reached). 16 bytes of workgroup memory per thread.

var<workgroup> lanes: array<vec4<f32>, THREADS>;

// The sums of `value` over the workgroup, for lane 0. Every thread has to arrive here, those outside of the box with 0.
fn workgroup_sum(value: vec4<f32>, lane: u32) -> vec4<f32> {
    lanes[lane] = value;
    workgroupBarrier();
    for (var span = THREADS / 2u; span > 0u; span = span / 2u) {
        if lane < span {
            lanes[lane] = lanes[lane] + lanes[lane + span];
        }
        workgroupBarrier();
    }
    return lanes[0];
}
