//! From one level to the next: pieces of 2x2x2 blocks and the conductances between them.

use std::ops::Range;

use rayon::prelude::*;

use super::matrix::{Matrix, Row, Rows, Transfer, inverse, stored};
use super::parts::{Boxes, Streams};
use crate::pages::Pages;

/// A level that can be coarsened.
pub(crate) trait Fine: Rows {
    /// Calls `f(j, w)` for every neighbour of `i`.
    fn links(&self, i: usize, f: impl FnMut(usize, f32));
    /// Unknowns that are linked to an electrode, in order, with the conductance.
    fn grounds(&self) -> Vec<(u32, f32)>;
}

impl Fine for Matrix {
    fn links(&self, i: usize, mut f: impl FnMut(usize, f32)) {
        self.for_links(i, |j, w| {
            if w > 0.0 {
                f(j, w);
            }
        });
    }

    fn grounds(&self) -> Vec<(u32, f32)> {
        self.grounds.clone()
    }
}

/// The block that an unknown belongs to, and its group of conductivities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) at: [u32; 3],
    pub(crate) group: u8,
}

impl Place {
    fn halved(self) -> Self {
        Place { at: self.at.map(|x| x / 2), group: self.group }
    }
}

/// What coarsening needs to know about a level beside its operator; only needed during set-up.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) boxes: Boxes,
    pub(crate) streams: Streams,
    pub(crate) places: Vec<Place>,
    /// Number of groups of conductivities.
    pub(crate) groups: usize,
    /// Bit g is set where group g is the second of two media that exchange current at their faces.
    pub(crate) second: u16,
}

impl Layout {
    /// What becomes of a conductance between two groups on the next level: within a medium pieces are twice as long,
    /// but an exchange between media has no length.
    #[inline]
    fn scale(&self, a: u8, b: u8) -> f32 {
        if (self.second >> a ^ self.second >> b) & 1 == 0 { SCALE } else { 1.0 }
    }
}

/// A coarse level and the way to it.
#[derive(Debug)]
pub(crate) struct Coarse {
    pub(crate) matrix: Matrix,
    pub(crate) transfer: Transfer,
    pub(crate) layout: Layout,
}

/// A piece is twice as long as the Galerkin product believes.
pub(crate) const SCALE: f32 = 0.5;

/// Pieces of one colour in one slab of two planes of blocks.
#[derive(Default)]
struct Pieces {
    places: Vec<Place>,
    /// Position behind each piece's last child.
    ends: Vec<u32>,
    children: Vec<u32>,
}

/// Colour of a piece: pieces of one block are neighbours only if their groups differ.
fn colour(boxes: Boxes, groups: usize, place: Place) -> usize {
    boxes.colour(place.at) * groups + usize::from(place.group)
}

/// Joins the unknowns of every 2x2x2 blocks that are connected within it.
pub(crate) fn coarsen<F: Fine>(fine: &F, layout: &Layout) -> Coarse {
    let boxes = layout.boxes.halved();
    let colours = boxes.colours() * layout.groups;
    let planes = boxes.counts[2];
    let mut to_coarse = vec![0u32; layout.places.len()];
    // [slab][colour]
    let pieces: Vec<Vec<Pieces>> = layout
        .streams
        .split_mut(&mut to_coarse, 2)
        .into_par_iter()
        .enumerate()
        .map(|(slab, mut to_coarse)| pieces_of(fine, layout, boxes, colours, slab, &mut to_coarse))
        .collect();
    let mut counts = vec![0usize; colours * planes];
    for (slab, by_colour) in pieces.iter().enumerate() {
        for (c, p) in by_colour.iter().enumerate() {
            counts[c * planes + slab] = p.places.len();
        }
    }
    let streams = Streams::of(&counts, planes);
    layout.streams.split_mut(&mut to_coarse, 2).into_par_iter().enumerate().for_each(|(slab, parts)| {
        for (c, part) in parts.into_iter().enumerate() {
            let from = layout.streams.range(c, 2 * slab, 2 * slab + 2).start;
            for (k, place) in part.iter_mut().zip(&layout.places[from..]) {
                *k += streams.range(colour(boxes, layout.groups, place.halved()), slab, slab + 1).start as u32;
            }
        }
    });
    let mut matrix = build(&streams, |slab, writers| {
        for (c, (out, pieces)) in writers.iter_mut().zip(&pieces[slab]).enumerate() {
            merge_rows(fine, layout, pieces, &to_coarse, streams.range(c, slab, slab + 1).start, out);
        }
    });
    let mut places = Vec::with_capacity(streams.len());
    let last = *fine.bounds().iter().rev().nth(1).unwrap_or(&0);
    let mut transfer = Transfer { first: Vec::with_capacity(streams.len() + 1), ..Transfer::default() };
    transfer.first.push(0);
    for p in (0..colours).flat_map(|c| pieces.iter().map(move |by_colour| &by_colour[c])) {
        places.extend_from_slice(&p.places);
        let mut from = 0;
        for &end in &p.ends {
            let children = &p.children[from as usize..end as usize];
            transfer.children.extend(children.iter().filter(|&&i| (i as usize) < last));
            transfer.first.push(transfer.children.len() as u32);
            from = end;
        }
    }
    matrix.set_grounds(&merged(fine.grounds().into_iter().map(|(i, g)| (to_coarse[i as usize], SCALE * g)).collect()));
    transfer.edge = (last..to_coarse.len())
        .filter(|&i| layout.boxes.at_edge(layout.places[i].at))
        .map(|i| (i as u32, to_coarse[i]))
        .collect();
    to_coarse.truncate(last);
    to_coarse.shrink_to_fit();
    transfer.to_coarse = to_coarse;
    transfer.children.shrink_to_fit();
    Coarse { matrix, transfer, layout: Layout { boxes, streams, places, ..*layout } }
}

/// Pieces of one slab; `to_coarse` receives each unknown's piece, counted within slab and colour.
fn pieces_of<F: Fine>(
    fine: &F,
    layout: &Layout,
    boxes: Boxes,
    colours: usize,
    slab: usize,
    to_coarse: &mut [&mut [u32]],
) -> Vec<Pieces> {
    let mut out: Vec<Pieces> = (0..colours).map(|_| Pieces::default()).collect();
    let [nx, ny, _] = boxes.counts;
    let slab = Slab::of(&layout.streams, slab);
    let key = |i: usize| {
        let Place { at, group } = layout.places[i];
        ((at[1] / 2) as usize * nx + (at[0] / 2) as usize) * layout.groups + usize::from(group)
    };
    // Counting sort by block and group; within them by number.
    let mut starts = vec![0u32; nx * ny * layout.groups + 1];
    for i in slab.unknowns() {
        starts[key(i) + 1] += 1;
    }
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let mut sorted = vec![0u32; slab.len()];
    // Where each unknown of the slab went.
    let mut position = vec![0u32; slab.len()];
    let mut next = starts.clone();
    for (i, position) in slab.unknowns().zip(&mut position) {
        let place = &mut next[key(i)];
        sorted[*place as usize] = i as u32;
        *position = *place;
        *place += 1;
    }
    drop(next);
    let mut parent: Vec<usize> = Vec::new();
    for block in starts.windows(2) {
        let members = &sorted[block[0] as usize..block[1] as usize];
        if members.is_empty() {
            continue;
        }
        // Union-find among the members, the lowest being the root.
        parent.clear();
        parent.extend(0..members.len());
        for (m, &i) in members.iter().enumerate().take(members.len() - 1) {
            fine.links(i as usize, |j, _| {
                if j > i as usize
                    && let Some(local) = slab.local(j)
                    && let Some(n) = position[local].checked_sub(block[0])
                    && (n as usize) < members.len()
                {
                    let (a, b) = (root(&parent, m), root(&parent, n as usize));
                    parent[a.max(b)] = a.min(b);
                }
            });
        }
        for m in 0..members.len() {
            if parent[m] != m {
                continue;
            }
            let place = layout.places[members[m] as usize].halved();
            let pieces = &mut out[colour(boxes, layout.groups, place)];
            let number = pieces.places.len() as u32;
            for (k, &i) in members.iter().enumerate().skip(m) {
                if root(&parent, k) == m {
                    pieces.children.push(i);
                    let (c, at) = slab.colour_and_place(i as usize);
                    to_coarse[c][at] = number;
                }
            }
            pieces.places.push(place);
            pieces.ends.push(pieces.children.len() as u32);
        }
    }
    out
}

/// The unknowns of two planes of blocks: one range per colour.
struct Slab {
    ranges: Vec<Range<usize>>,
    /// How many unknowns come before each range.
    before: Vec<usize>,
}

impl Slab {
    fn of(streams: &Streams, slab: usize) -> Self {
        let ranges: Vec<_> = (0..streams.colours()).map(|c| streams.range(c, 2 * slab, 2 * slab + 2)).collect();
        let before = ranges
            .iter()
            .scan(0, |sum, range| {
                let before = *sum;
                *sum += range.len();
                Some(before)
            })
            .collect();
        Slab { ranges, before }
    }

    fn len(&self) -> usize {
        self.ranges.iter().map(Range::len).sum()
    }

    fn unknowns(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges.iter().cloned().flatten()
    }

    /// Number of an unknown within the slab, if it is in it.
    #[inline]
    fn local(&self, i: usize) -> Option<usize> {
        let c = self.ranges.iter().position(|range| range.contains(&i))?;
        Some(self.before[c] + i - self.ranges[c].start)
    }

    /// Colour of an unknown of the slab, and its number within the range of that colour.
    #[inline]
    fn colour_and_place(&self, i: usize) -> (usize, usize) {
        let c = self.ranges.iter().position(|range| range.contains(&i)).unwrap_or(0);
        (c, i - self.ranges[c].start)
    }
}

fn root(parent: &[usize], mut k: usize) -> usize {
    while parent[k] != k {
        k = parent[k];
    }
    k
}

/// Takes the rows of one colour and slab, in order.
pub(crate) struct Writer<'a> {
    rows: &'a mut [Row],
    inverse: &'a mut [f32],
    next: usize,
    /// Row within the slab, neighbour and conductance.
    more: Vec<(u32, u32, f32)>,
}

impl Writer<'_> {
    /// Adds one row; `links` lists each neighbour once.
    #[inline]
    pub(crate) fn push(&mut self, links: &[(u32, f32)]) {
        let (row, rest) = Row::of(links);
        let k = self.next;
        self.more.extend(rest.iter().map(|&(j, w)| (k as u32, j, stored(w))));
        let diagonal = links.iter().map(|l| stored(l.1)).sum::<f32>();
        self.rows[k] = row;
        self.inverse[k] = inverse(diagonal);
        self.next += 1;
    }
}

/// A matrix whose rows are written slab by slab: `fill(slab, writers by colour)`.
pub(crate) fn build(streams: &Streams, fill: impl Fn(usize, &mut [Writer<'_>]) + Sync) -> Matrix {
    let n = streams.len();
    let mut m = Matrix {
        bounds: streams.bounds(),
        rows: Pages::zeroed(n),
        more: Vec::new(),
        grounds: Vec::new(),
        inverse: Pages::zeroed(n),
    };
    let parts = streams.split_mut(&mut m.rows, 1).into_par_iter().zip(streams.split_mut(&mut m.inverse, 1));
    let more: Vec<Vec<_>> = parts
        .enumerate()
        .map(|(slab, (rows, inverse))| {
            let mut writers: Vec<Writer<'_>> = rows
                .into_iter()
                .zip(inverse)
                .map(|(rows, inverse)| Writer { rows, inverse, next: 0, more: Vec::new() })
                .collect();
            fill(slab, &mut writers);
            writers.into_iter().map(|w| w.more).collect()
        })
        .collect();
    for colour in 0..streams.colours() {
        for (slab, more) in more.iter().enumerate() {
            let base = streams.range(colour, slab, slab + 1).start as u32;
            m.more.extend(more[colour].iter().map(|&(i, j, w)| (base + i, j, w)));
        }
    }
    m
}

/// Sorts conductances to the electrodes by unknown and adds up those of one.
pub(crate) fn merged(mut grounds: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    // Stable: what is added is added in the order in which it came.
    grounds.sort_by_key(|g| g.0);
    grounds.dedup_by(|b, a| {
        let same = a.0 == b.0;
        if same {
            a.1 += b.1;
        }
        same
    });
    grounds
}

/// Adds `w` to the link to `to`.
#[inline]
pub(crate) fn add_link(row: &mut Vec<(u32, f32)>, to: u32, w: f32) {
    match row.iter_mut().find(|(j, _)| *j == to) {
        Some((_, sum)) => *sum += w,
        None => row.push((to, w)),
    }
}

fn merge_rows<F: Fine>(
    fine: &F,
    layout: &Layout,
    pieces: &Pieces,
    to_coarse: &[u32],
    first: usize,
    out: &mut Writer<'_>,
) {
    let media = layout.second != 0;
    let mut row = Vec::new();
    let mut from = 0;
    for (k, &end) in pieces.ends.iter().enumerate() {
        row.clear();
        for &i in &pieces.children[from as usize..end as usize] {
            fine.links(i as usize, |j, w| {
                let to = to_coarse[j];
                if to as usize != first + k {
                    let scale = if media {
                        layout.scale(layout.places[i as usize].group, layout.places[j].group)
                    } else {
                        SCALE
                    };
                    add_link(&mut row, to, scale * w);
                }
            });
        }
        out.push(&row);
        from = end;
    }
}
