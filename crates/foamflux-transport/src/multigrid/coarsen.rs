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
        if self.same_medium(a, b) { SCALE } else { 1.0 }
    }

    #[inline]
    fn same_medium(&self, a: u8, b: u8) -> bool {
        (self.second >> a ^ self.second >> b) & 1 == 0
    }

    /// Whether a group has a poorer conductor in its medium; groups are numbered from the poorest on.
    fn has_poorer(&self, group: u8) -> bool {
        (0..group).any(|other| self.same_medium(group, other))
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
                let place = Place { group: (*k >> GROUP_AT) as u8, ..place.halved() };
                let first = streams.range(colour(boxes, layout.groups, place), slab, slab + 1).start as u32;
                *k = first + (*k & !(u32::MAX << GROUP_AT));
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

/// Bit from which the group of an unknown's piece stands above its number within slab and colour, of which there are never
/// as many.
const GROUP_AT: u32 = 28;

/// Pieces of one slab; `to_coarse` receives each unknown's piece, counted within slab and colour, and the piece's group.
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
    let islands = Islands { layout, joins: (0..layout.groups as u8).map(|g| layout.has_poorer(g)).collect() };
    for block in starts.chunks_exact(layout.groups).zip(starts[layout.groups..].iter().step_by(layout.groups)) {
        let (first, end) = (block.0[0], *block.1);
        let members = &sorted[first as usize..end as usize];
        if members.is_empty() {
            continue;
        }
        // Union-find among the members, the lowest being the root.
        parent.clear();
        parent.extend(0..members.len());
        let local = |j: usize| {
            let n = position[slab.local(j)?].checked_sub(first)?;
            ((n as usize) < members.len()).then_some(n as usize)
        };
        for (m, &i) in members.iter().enumerate().take(members.len() - 1) {
            let group = layout.places[i as usize].group;
            fine.links(i as usize, |j, _| {
                if j > i as usize
                    && layout.places[j].group == group
                    && let Some(n) = local(j)
                {
                    join(&mut parent, m, n);
                }
            });
        }
        islands.join(fine, members, &mut parent, local);
        for m in 0..members.len() {
            if parent[m] != m {
                continue;
            }
            let place = layout.places[members[m] as usize].halved();
            let pieces = &mut out[colour(boxes, layout.groups, place)];
            let number = pieces.places.len() as u32 | u32::from(place.group) << GROUP_AT;
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

/// Pieces that the rest of their group does not reach, such as the first voxels of a metal on carbon.
///
/// By themselves they would never grow from level to level: thousands of them, each linked to the poorer conductor that
/// carries it and to nothing else, would stay for the last level, which is then not solved but swept (on a cell of 64^3
/// with its first lithium 890 iterations instead of 20). What is linked to one conductor alone follows it, so that joining
/// both costs nothing.
struct Islands<'a> {
    layout: &'a Layout,
    /// Whether pieces of a group may join another one.
    joins: Vec<bool>,
}

impl Islands<'_> {
    /// Joins the islands among the members of a block, which come by group and within a group by number, to the poorer group
    /// that they are linked to most.
    fn join<F: Fine>(&self, fine: &F, members: &[u32], parent: &mut [usize], local: impl Fn(usize) -> Option<usize>) {
        let group = |m: usize| self.layout.places[members[m] as usize].group;
        // From the best conductor down, so that what an island joins is complete when its own turn comes.
        for m in (0..members.len()).rev() {
            let own = group(m);
            if parent[m] != m || !self.joins[usize::from(own)] {
                continue;
            }
            // One unknown, which a sweep brings to its neighbours' potential. Of two that are linked well the sum is out of a
            // sweep's reach: they are a piece of the next level before they join anything.
            if (m + 1..members.len()).any(|k| root(parent, k) == m) {
                continue;
            }
            let mut alone = true;
            let mut pull = [0f32; 16];
            fine.links(members[m] as usize, |j, w| {
                let other = self.layout.places[j].group;
                if other == own {
                    alone = false;
                } else if other < own && self.layout.same_medium(own, other) && local(j).is_some() {
                    pull[usize::from(other & 15)] += w;
                }
            });
            let strongest = (0..own & 15).max_by(|&a, &b| pull[usize::from(a)].total_cmp(&pull[usize::from(b)]));
            let Some(to) = strongest.filter(|&to| alone && pull[usize::from(to)] > 0.0) else { continue };
            // All that is of this group by now: two pieces of one group in one block must not be neighbours.
            fine.links(members[m] as usize, |j, _| {
                if let Some(n) = local(j)
                    && group(root(parent, n)) == to
                {
                    join(parent, m, n);
                }
            });
        }
    }
}

fn join(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b)] = a.min(b);
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
