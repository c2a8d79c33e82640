// tail: the cycle of the smallest levels by one workgroup, which does the steps that the host lists one after another
//
// Levels of some thousand rows cost dispatches and not bytes: a cycle visits them dozens of times, in dozens of steps each.
// Here a step costs a barrier. Levels, their transfers and the inverse of the last lie in `data`, all fields of all levels
// in `fields`; sums and the lengths of steps stay in the workgroup.
//
// Traffic: what list_relax, list_apply and their kind move for these levels, at the speed of one workgroup.

@group(0) @binding(0) var<uniform> work: Tail;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read_write> fields: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> correction: array<f32>;

var<workgroup> slots: array<f32, TAIL_SLOTS>;

fn real(at: u32) -> f32 {
    return bitcast<f32>(data[at]);
}

// The walk of links.wgsl, over the field that begins at `across`.
fn differences(level: TailLevel, across: u32, i: u32, here: f32, which: u32) -> f32 {
    var sum = 0.0;
    for (var k = 0u; k < WIDTH - 1u; k++) {
        let at = k * level.rows + i;
        sum += difference(across, i, data[level.to + at], real(level.conductance + at), here, which);
    }
    let at = (WIDTH - 1u) * level.rows + i;
    let last = data[level.to + at];
    let w = real(level.conductance + at);
    if (last & MORE) == 0u {
        return sum + difference(across, i, last, w, here, which);
    }
    let first = level.more + 2u * (last & ~MORE);
    for (var k = 0u; k < u32(w); k++) {
        sum += difference(across, i, data[first + 2u * k], real(first + 2u * k + 1u), here, which);
    }
    return sum;
}

fn difference(across: u32, i: u32, j: u32, w: f32, here: f32, which: u32) -> f32 {
    return w * select(0.0, here - fields[across + j], which == ALL || (which == BEFORE) == (j < i));
}

// Gauss-Seidel on the rows of one colour; from zero without PULL.
fn relax(step: TailStep, level: TailLevel, lane: u32) {
    var total = vec4<f32>();
    for (var i = step.start + lane; i < step.end; i += THREADS) {
        let r = fields[step.from_field + i];
        var right = r;
        if (step.flags & PULL) != 0u {
            let which = select(ALL, BEFORE, (step.flags & ONLY_BEFORE) != 0u);
            right -= differences(level, step.to_field, i, 0.0, which);
        }
        let z = right * real(level.inverse + i);
        fields[step.to_field + i] = z;
        total.x += z * r;
    }
    if (step.flags & SUM) != 0u {
        let sums = workgroup_sum(total, lane);
        if lane == 0u {
            // The last colour is swept first and begins the sum.
            slots[step.slot] = select(slots[step.slot], 0.0, step.end == level.rows) + sums.x;
        }
    }
}

// Residual of the next level, as list_restrict has it.
fn to_coarse(step: TailStep, level: TailLevel, lane: u32) {
    for (var c = lane; c < step.end; c += THREADS) {
        var sum = 0.0;
        for (var child = data[level.first + c]; child < data[level.first + c + 1u]; child++) {
            sum -= differences(level, step.from_field, data[level.children + child], 0.0, AFTER);
        }
        fields[step.to_field + c] = sum;
    }
}

// q = A p, p·q and p·v; v may be overwritten by q, as a row reads its own value of it alone.
fn apply(step: TailStep, level: TailLevel, lane: u32) {
    var total = vec4<f32>();
    for (var i = lane; i < level.rows; i += THREADS) {
        let here = fields[step.from_field + i];
        let q = real(level.ground + i) * here + differences(level, step.from_field, i, here, ALL);
        let v = fields[step.other_field + i];
        fields[step.to_field + i] = q;
        total.x += here * q;
        total.y += here * v;
    }
    let sums = workgroup_sum(total, lane);
    if lane == 0u {
        slots[step.slot] = sums.x;
        slots[step.slot + 1u] = sums.y;
    }
}

// z = A^-1 r. The inverse is symmetric, so that neighbouring threads read neighbouring words of it.
fn invert(step: TailStep, level: TailLevel, lane: u32) {
    for (var i = lane; i < level.rows; i += THREADS) {
        var sum = 0.0;
        for (var j = 0u; j < level.rows; j++) {
            sum += real(level.matrix + j * level.rows + i) * fields[step.from_field + j];
        }
        fields[step.to_field + i] = sum;
    }
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn tail(@builtin(local_invocation_index) lane: u32) {
    for (var i = lane; i < work.rows; i += THREADS) {
        fields[i] = residual[i];
    }
    for (var s = 0u; s < work.count; s++) {
        storageBarrier();
        workgroupBarrier();
        let step = work.steps[s];
        let level = work.levels[step.level];
        switch step.kind {
            case TAIL_RELAX: {
                relax(step, level, lane);
            }
            case TAIL_RESTRICT: {
                to_coarse(step, level, lane);
            }
            case TAIL_PROLONG: {
                for (var i = lane; i < step.end; i += THREADS) {
                    fields[step.to_field + i] += fields[step.from_field + data[level.parent + i]];
                }
            }
            case TAIL_APPLY: {
                apply(step, level, lane);
            }
            case TAIL_INVERT: {
                invert(step, level, lane);
            }
            case TAIL_FIRST_STEP: {
                // r -= alpha v with alpha = c·r / c·A c.
                let alpha = quotient(slots[step.slot + TAIL_CR], slots[step.slot + TAIL_CAC]);
                for (var i = lane; i < level.rows; i += THREADS) {
                    fields[step.to_field + i] -= alpha * fields[step.from_field + i];
                }
            }
            case TAIL_SECOND_STEP: {
                let factors = two_steps(
                    slots[step.slot + TAIL_CR],
                    slots[step.slot + TAIL_CAC],
                    slots[step.slot + TAIL_DR],
                    slots[step.slot + TAIL_DAD],
                    slots[step.slot + TAIL_DAC],
                );
                for (var i = lane; i < level.rows; i += THREADS) {
                    let at = step.to_field + i;
                    fields[at] = factors.x * fields[at] + factors.y * fields[step.from_field + i];
                }
            }
            default: {
            }
        }
    }
    storageBarrier();
    workgroupBarrier();
    for (var i = lane; i < work.rows; i += THREADS) {
        correction[i] = fields[work.result + i];
    }
}
