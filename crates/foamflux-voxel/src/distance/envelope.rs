//! Lower envelope of parabolas along one line.

/// Scratch of the envelope of one line.
pub(super) struct Envelope {
    /// Squared edge of a voxel along the line.
    square: f32,
    /// Vertex of each parabola on the envelope, in voxels along the run.
    at: Vec<f32>,
    /// Height of its vertex.
    height: Vec<f32>,
    /// Where it takes over from the one before it.
    from: Vec<f32>,
}

impl Envelope {
    /// Scratch for lines of up to `length` voxels.
    pub(super) fn new(length: usize) -> Self {
        let n = length + 2;
        Envelope { square: 1.0, at: vec![0.0; n], height: vec![0.0; n], from: vec![0.0; n] }
    }

    /// Replaces the squared distances of a run of true voxels by the lower envelope over the run, with its ends
    /// (voxels from the first voxel of the run; `None` where the run leaves an open box) as parabolas of height zero.
    pub(super) fn run(&mut self, values: &mut [f32], low: Option<f32>, high: Option<f32>, edge: f32) {
        self.square = edge * edge;
        let mut count = 0;
        if let Some(s) = low {
            count = self.push(count, s, 0.0);
        }
        for (i, &v) in values.iter().enumerate() {
            if v.is_finite() {
                count = self.push(count, i as f32, v);
            }
        }
        if let Some(s) = high {
            count = self.push(count, s, 0.0);
        }
        if count == 0 {
            return;
        }
        let mut k = 0;
        for (i, v) in values.iter_mut().enumerate() {
            let i = i as f32;
            while k + 1 < count && self.from[k + 1] < i {
                k += 1;
            }
            let d = i - self.at[k];
            *v = self.height[k] + self.square * d * d;
        }
    }

    /// Adds the parabola with vertex (`at`, `height`), right of all before it; returns how many remain.
    #[inline]
    fn push(&mut self, mut count: usize, at: f32, height: f32) -> usize {
        let mut from = f32::NEG_INFINITY;
        while count > 0 {
            let k = count - 1;
            // Equal heights meet half-way; a difference moves the meeting point towards the higher one.
            let gap = at - self.at[k];
            from = 0.5 * (at + self.at[k]) + (height - self.height[k]) / (2.0 * self.square * gap);
            if from > self.from[k] {
                break;
            }
            count -= 1;
            from = f32::NEG_INFINITY;
        }
        self.at[count] = at;
        self.height[count] = height;
        self.from[count] = from;
        count + 1
    }
}
