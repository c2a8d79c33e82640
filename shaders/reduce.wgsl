// Sum over a workgroup, pairwise: the order is fixed, and pairwise f32 is accurate enough (f64 dot products changed
// neither the number of iterations nor the accuracy reached). 4 bytes of workgroup memory per thread.

var<workgroup> lanes: array<f32, THREADS>;

// The sum of `value` over the workgroup. Every thread has to arrive here, those outside of the box with 0.
fn workgroup_sum(value: f32, lane: u32) -> f32 {
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
