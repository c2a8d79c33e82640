//! The working memory of the thinning, in slabs of slices.
//!
//! A slab holds three bits for each of its voxels and for one slice beyond it on either side: *object*, *open* (it may be
//! deleted: object of a level that has begun, and no anchor) and *ready* (open, and not yet noted for the next round).
//! Slabs of one parity have no neighbouring voxels, so they are peeled side by side; between the parities each
//! slab learns what its neighbours deleted, and looks at the voxels around it again. The slabs are the same for every
//! number of threads, and so is the result.
//!
//! A periodic box is one slab, whose margin holds copies of the opposite side that every deletion keeps up to date.

use foamflux_grid::Volume;
use foamflux_voxel::bits::{Bits, runs};
use foamflux_voxel::simple::{self, Class};

use super::Ridge;
use super::bitcube::BitCube;
use crate::cells::{MAX_LEVEL, Pad, STEPS};

pub(super) struct Slab {
    pad: Pad,
    /// Slices of the box, without the margin.
    slices: std::ops::Range<usize>,
    object: BitCube,
    open: BitCube,
    ready: BitCube,
    /// Voxels by ascending level and place, without anchors.
    order: Vec<u32>,
    /// Where in `order` each level begins.
    first: Vec<u32>,
    /// Levels that have begun.
    begun: usize,
    /// Voxels to be looked at.
    active: Vec<u32>,
    /// Memory distances of [`STEPS`].
    around: [isize; 26],
}

impl Slab {
    /// `level` of the true voxels by linear index; `anchors` (padded indices, ascending) and `core` stay.
    pub(super) fn new(
        pad: Pad,
        slices: std::ops::Range<usize>,
        bits: &Bits,
        level: impl Fn(usize) -> u16,
        anchors: &[u32],
        core: Option<&Volume<bool>>,
    ) -> Self {
        let strides = [pad.stride[1], pad.stride[2]];
        let empty = BitCube::new((slices.len() + 2) * pad.stride[2], strides);
        let around = STEPS
            .map(|s| s[0] as isize + s[1] as isize * pad.stride[1] as isize + s[2] as isize * pad.stride[2] as isize);
        let mut slab = Slab {
            pad,
            object: empty.clone(),
            open: empty.clone(),
            ready: empty,
            order: Vec::new(),
            first: Vec::new(),
            begun: 0,
            active: Vec::new(),
            around,
            slices,
        };
        for z in slab.slices.start.saturating_sub(1)..(slab.slices.end + 1).min(pad.n[2]) {
            for y in 0..pad.n[1] {
                let at = slab.local(pad.at([0, y, z]));
                slab.object.set_row(at, bits.row(z * pad.n[1] + y));
            }
        }
        if pad.periodic {
            slab.copy_sides();
        }
        slab.sort(bits, level, anchors, core);
        slab
    }

    /// Place in the slab of a padded index.
    #[inline]
    fn local(&self, padded: u32) -> usize {
        padded as usize - self.slices.start * self.pad.stride[2]
    }

    #[inline]
    fn padded(&self, local: u32) -> u32 {
        local + (self.slices.start * self.pad.stride[2]) as u32
    }

    /// Runs `each` on the place in the slab and the linear index of every voxel of `bits`.
    fn visit(&self, bits: &Bits, mut each: impl FnMut(u32, usize)) {
        for z in self.slices.clone() {
            for y in 0..self.pad.n[1] {
                let to = self.local(self.pad.at([0, y, z]));
                let from = self.pad.unpadded([0, y, z]);
                for x in runs(bits.row(z * self.pad.n[1] + y)).flatten() {
                    each((to + x) as u32, from + x);
                }
            }
        }
    }

    /// Counting sort by level; within a level by place.
    fn sort(&mut self, bits: &Bits, level: impl Fn(usize) -> u16, anchors: &[u32], core: Option<&Volume<bool>>) {
        let mut found: Vec<(u32, u16)> = Vec::new();
        let begin = anchors.partition_point(|&a| self.pad.xyz(a)[2] < self.slices.start);
        let mut anchors = anchors[begin..].iter().map(|&a| self.local(a) as u32).peekable();
        self.visit(bits, |at, i| {
            let anchored = anchors.next_if_eq(&at).is_some();
            if !anchored && core.is_none_or(|c| !c.as_slice()[i]) {
                found.push((at, level(i).min(MAX_LEVEL)));
            }
        });
        let most = found.iter().map(|&(_, l)| usize::from(l)).max().map_or(0, |m| m + 1);
        let mut first = vec![0u32; most + 1];
        for &(_, l) in &found {
            first[usize::from(l) + 1] += 1;
        }
        for l in 1..first.len() {
            first[l] += first[l - 1];
        }
        let mut place = first.clone();
        let mut order = vec![0u32; found.len()];
        for (at, l) in found {
            let slot = &mut place[usize::from(l)];
            order[*slot as usize] = at;
            *slot += 1;
        }
        self.order = order;
        self.first = first;
    }

    /// Voxels of the box in its slices.
    pub(super) fn voxels(&self) -> usize {
        self.slices.len() * self.pad.n[1] * self.pad.n[0]
    }

    /// Number of levels.
    pub(super) fn levels(&self) -> usize {
        self.first.len() - 1
    }

    /// Voxels to be looked at once `levels` levels have begun.
    pub(super) fn work(&self, levels: usize) -> usize {
        let new = self.first[levels.min(self.levels())] - self.first[self.begun];
        self.active.len() + new as usize
    }

    /// Deletes what can be deleted of the first `levels` levels.
    pub(super) fn peel(&mut self, levels: usize, ridge: &Ridge<'_>) {
        let mut active = std::mem::take(&mut self.active);
        self.end_wait(&active);
        while self.begun < levels.min(self.levels()) {
            let these = self.first[self.begun] as usize..self.first[self.begun + 1] as usize;
            for &at in &self.order[these.clone()] {
                self.open.set(at as usize);
                self.ready.set(at as usize);
            }
            active.extend_from_slice(&self.order[these]);
            self.begun += 1;
        }
        let mut next = Vec::new();
        let mut turns: [Vec<u32>; 26] = Default::default();
        let mut turn = Vec::new();
        while !active.is_empty() {
            // Most voxels are exposed to few directions: those are noted once, and looked at again when their turn comes.
            // What becomes exposed in between had a neighbour deleted, and comes back in the next round.
            for &at in &active {
                if !self.open.get(at as usize) {
                    continue;
                }
                let mut exposed = simple::exposed(self.object.hood(at as usize));
                while exposed != 0 {
                    turns[DIRECTION[exposed.trailing_zeros() as usize]].push(at);
                    exposed &= exposed - 1;
                }
            }
            for direction in 0..26 {
                turn.clear();
                let step = self.around[direction];
                turn.extend(turns[direction].drain(..).filter(|&at| {
                    let at = at as usize;
                    self.open.get(at)
                        && !self.object.get(at.wrapping_add_signed(step))
                        && self.object.get(at.wrapping_add_signed(-step))
                }));
                for &at in &turn {
                    self.examine(at, ridge, &mut next);
                }
            }
            std::mem::swap(&mut active, &mut next);
            next.clear();
            self.end_wait(&active);
        }
    }

    /// What is looked at now can be noted again.
    fn end_wait(&mut self, active: &[u32]) {
        for &at in active {
            if self.open.get(at as usize) {
                self.ready.set(at as usize);
            }
        }
    }

    #[inline]
    fn examine(&mut self, at: u32, ridge: &Ridge<'_>, next: &mut Vec<u32>) {
        let hood = self.object.hood(at as usize);
        match simple::class(hood) {
            Class::Simple if simple::neighbours(hood) == 1 && ridge.holds(self.padded(at)) => self.anchor(at),
            Class::Simple => self.delete(at, next),
            Class::Bridge => self.anchor(at),
            Class::Other => {}
        }
    }

    fn anchor(&mut self, at: u32) {
        self.open.clear(at as usize);
        self.ready.clear(at as usize);
    }

    fn delete(&mut self, at: u32, next: &mut Vec<u32>) {
        self.anchor(at);
        if self.pad.periodic {
            return self.delete_images(at, next);
        }
        self.object.clear(at as usize);
        let mut ready = self.ready.hood(at as usize);
        while ready != 0 {
            let to = at.wrapping_add_signed(self.around[DIRECTION[ready.trailing_zeros() as usize]] as i32);
            ready &= ready - 1;
            self.ready.clear(to as usize);
            next.push(to);
        }
    }

    /// Deletes a voxel of a periodic box with its images in the margin.
    fn delete_images(&mut self, at: u32, next: &mut Vec<u32>) {
        let xyz = self.pad.xyz(at);
        for image in images(self.pad, xyz) {
            self.object.clear(image);
        }
        for position in (0..27).filter(|&p| p != 13) {
            let Some(to) = self.pad.step(xyz, STEPS[DIRECTION[position]]) else { continue };
            let to = self.pad.at(to);
            if self.ready.get(to as usize) {
                self.ready.clear(to as usize);
                next.push(to);
            }
        }
    }

    /// Copies the sides of a periodic box to its margin.
    fn copy_sides(&mut self) {
        let n = self.pad.n;
        for z in 0..n[2] {
            for y in 0..n[1] {
                let inner = z > 0 && z + 1 < n[2] && y > 0 && y + 1 < n[1];
                let mut copy = |x: usize| {
                    if self.object.get(self.pad.at([x, y, z]) as usize) {
                        for image in images(self.pad, [x, y, z]) {
                            self.object.set(image);
                        }
                    }
                };
                if inner {
                    copy(0);
                    copy(n[0] - 1);
                } else {
                    (0..n[0]).for_each(copy);
                }
            }
        }
    }

    /// Tells this slab and the one that follows what became of their slices side by side.
    pub(super) fn exchange(&mut self, above: &mut Slab) {
        let plane = self.pad.stride[2];
        let last = self.slices.len();
        above.learn(0, self.object.bytes(last * plane..(last + 1) * plane));
        self.learn(last + 1, above.object.bytes(plane..2 * plane));
    }

    /// Takes over a slice of the margin; voxels beside what was deleted are looked at again.
    fn learn(&mut self, slice: usize, new: &[u8]) {
        /// Bytes that are compared at once: most are as they were.
        const CHUNK: usize = 64;
        let plane = self.pad.stride[2];
        let range = slice * plane..(slice + 1) * plane;
        let own = if slice == 0 { plane as isize } else { -(plane as isize) };
        for (c, new) in new.chunks(CHUNK).enumerate() {
            let begin = range.start + 8 * CHUNK * c;
            let bits = begin..begin + 8 * new.len();
            if self.object.bytes(bits.clone()) == new {
                continue;
            }
            for (i, &byte) in new.iter().enumerate() {
                let mut gone = self.object.bytes(bits.clone())[i] & !byte;
                while gone != 0 {
                    self.wake(begin + 8 * i + gone.trailing_zeros() as usize, own);
                    gone &= gone - 1;
                }
            }
            self.object.bytes_mut(bits).copy_from_slice(new);
        }
    }

    /// Notes the voxels around a place in the margin, one slice of `own` away from it, for the next peeling.
    fn wake(&mut self, beside: usize, own: isize) {
        for k in 0..9isize {
            let step = own + (k / 3 - 1) * self.pad.stride[1] as isize + k % 3 - 1;
            let at = beside.wrapping_add_signed(step);
            if self.ready.get(at) {
                self.ready.clear(at);
                self.active.push(at as u32);
            }
        }
    }

    /// Padded indices of what is left of `bits`, ascending, of linear indices to `keep`.
    pub(super) fn left(&self, bits: &Bits, keep: impl Fn(usize) -> bool) -> Vec<u32> {
        let mut found = Vec::new();
        self.visit(bits, |at, i| {
            if self.object.get(at as usize) && keep(i) {
                found.push(self.padded(at));
            }
        });
        found
    }

    /// Clears the voxels of the slab's part of a mask that are gone.
    pub(super) fn clear_gone(&self, bits: &Bits, mask: &mut [bool]) {
        let begin = self.pad.unpadded([0, 0, self.slices.start]);
        self.visit(bits, |at, i| mask[i - begin] &= self.object.get(at as usize));
    }
}

/// Places of a voxel of a periodic box of one slab and of its images in the margin.
fn images(pad: Pad, xyz: [usize; 3]) -> impl Iterator<Item = usize> {
    // Along each axis: where it is, and where its images in the margin are (a box of one voxel has two).
    let places: [[Option<isize>; 3]; 3] = std::array::from_fn(|k| {
        let (low, high) = (xyz[k] + 1 == pad.n[k], xyz[k] == 0);
        [Some(xyz[k] as isize), low.then_some(-1), high.then_some(pad.n[k] as isize)]
    });
    let [xs, ys, zs] = places;
    zs.into_iter().flatten().flat_map(move |z| {
        ys.into_iter().flatten().flat_map(move |y| {
            xs.into_iter()
                .flatten()
                .map(move |x| ((x + 1) + (y + 1) * pad.stride[1] as isize + (z + 1) * pad.stride[2] as isize) as usize)
        })
    })
}

/// Number among [`STEPS`] of the step to each position of a neighbourhood (the middle has none).
const DIRECTION: [usize; 27] = {
    let mut table = [0; 27];
    let mut step = 0;
    while step < 26 {
        table[simple::bit(STEPS[step]).trailing_zeros() as usize] = step;
        step += 1;
    }
    table
};
