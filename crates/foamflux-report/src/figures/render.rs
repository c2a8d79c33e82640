//! The solid in three dimensions, seen from a corner of the box.
//!
//! Parallel projection, so that the scale bar holds everywhere in the plane of the picture.
//! Rays walk from voxel to voxel, over empty blocks at once; the shade comes from the direction in which the solid thins
//! out around the voxel that is hit, so that surfaces look as smooth as they are and not like steps.

use super::canvas::{Image, Rgb, Weight, mix};
use super::frame::Frame;
use super::palette::{label_colour, label_name};
use super::resample::Fit;
use super::{Drawn, FigureError};
use crate::number::percent;

/// Longer side of the picture in pixels.
const SIDE: f64 = 720.0;
/// Rays per pixel along each axis.
const SAMPLES: u32 = 2;
/// Edge of a block that is skipped where it is empty, in voxels.
const BLOCK: usize = 8;
/// Voxels around a hit, each way, that tell the direction of the surface.
const AROUND: isize = 2;
const GROUND: Rgb = [250, 251, 252];
const BOX: Rgb = [150, 158, 168];
/// How far the far corner fades into the ground.
const FADE: f64 = 0.55;
const AMBIENT: f64 = 0.38;
/// Separator and collector would hide everything else.
const HIDDEN: [u8; 2] = [5, 6];

type Vec3 = [f64; 3];

fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn scaled(a: Vec3, s: f64) -> Vec3 {
    a.map(|v| v * s)
}

fn plus(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn unit(a: Vec3) -> Vec3 {
    let n = dot(a, a).sqrt();
    if n > 0.0 { scaled(a, 1.0 / n) } else { a }
}

/// A volume of labels to look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scene<'a> {
    /// Labels, x fastest.
    pub labels: &'a [u8],
    /// Voxels along z, y, x.
    pub shape_zyx: [usize; 3],
    /// Edges of a voxel along x, y, z in metres; `None` where unknown.
    pub edges_m: Option<[f64; 3]>,
    /// Title strip.
    pub title: &'a str,
}

/// Which way the camera looks: right, down and into the picture, in x, y, z. The z axis points down, as in the slices, and the
/// three are right-handed as x, y and z of a stack are (y runs down a slice): otherwise the picture would be a mirror image.
fn camera() -> [Vec3; 3] {
    let (azimuth, elevation) = (32f64.to_radians(), 24f64.to_radians());
    let right = [-azimuth.cos(), azimuth.sin(), 0.0];
    let level = [azimuth.sin(), azimuth.cos(), 0.0];
    let into = plus(scaled(level, elevation.cos()), [0.0, 0.0, elevation.sin()]);
    let down = plus(scaled(level, -elevation.sin()), [0.0, 0.0, elevation.cos()]);
    [right, down, into]
}

struct Volume<'a> {
    labels: &'a [u8],
    /// Voxels and edges along x, y, z.
    n: [usize; 3],
    edges: Vec3,
    blocks: Vec<bool>,
    nb: [usize; 3],
}

impl<'a> Volume<'a> {
    fn new(labels: &'a [u8], n: [usize; 3], edges: Vec3) -> Self {
        let nb = n.map(|v| v.div_ceil(BLOCK));
        let mut blocks = vec![false; nb.iter().product()];
        for (row, line) in labels.chunks_exact(n[0]).enumerate() {
            let (y, z) = (row % n[1], row / n[1]);
            let first = (z / BLOCK * nb[1] + y / BLOCK) * nb[0];
            for (b, part) in line.chunks(BLOCK).enumerate() {
                if part.iter().any(|&l| shown(l)) {
                    blocks[first + b] = true;
                }
            }
        }
        Volume { labels, n, edges, blocks, nb }
    }

    fn at(&self, v: [isize; 3]) -> u8 {
        if (0..3).any(|k| v[k] < 0 || v[k] >= self.n[k] as isize) {
            return 0;
        }
        self.labels[(v[2] as usize * self.n[1] + v[1] as usize) * self.n[0] + v[0] as usize]
    }

    /// The first shown voxel on a ray in voxel coordinates, and the way to it.
    fn hit(&self, from: Vec3, along: Vec3) -> Option<([isize; 3], f64, bool)> {
        let (mut enter, mut leave) = (0f64, f64::INFINITY);
        for k in 0..3 {
            if along[k].abs() < 1e-12 {
                if from[k] < 0.0 || from[k] >= self.n[k] as f64 {
                    return None;
                }
                continue;
            }
            let (a, b) = (-from[k] / along[k], (self.n[k] as f64 - from[k]) / along[k]);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        /// Past the wall between two cells, in units of the ray.
        const STEP_IN: f64 = 1e-6;
        let mut t = enter + STEP_IN;
        while t < leave {
            let p = plus(from, scaled(along, t));
            let voxel: [isize; 3] = std::array::from_fn(|k| (p[k] as isize).clamp(0, self.n[k] as isize - 1));
            let block = voxel.map(|v| v as usize / BLOCK);
            let full = self.blocks[(block[2] * self.nb[1] + block[1]) * self.nb[0] + block[0]];
            if full && shown(self.at(voxel)) {
                return Some((voxel, t, t <= enter + 2.0 * STEP_IN));
            }
            let size = if full { 1 } else { BLOCK };
            let mut out = f64::INFINITY;
            for k in 0..3 {
                let cell = (voxel[k] as usize / size * size) as f64;
                if along[k] > 0.0 {
                    out = out.min((cell + size as f64 - from[k]) / along[k]);
                } else if along[k] < 0.0 {
                    out = out.min((cell - from[k]) / along[k]);
                }
            }
            t = out.max(t) + STEP_IN;
        }
        None
    }

    /// Outward direction of the surface at a voxel.
    fn normal(&self, v: [isize; 3]) -> Vec3 {
        let mut sum = [0.0; 3];
        for dz in -AROUND..=AROUND {
            for dy in -AROUND..=AROUND {
                for dx in -AROUND..=AROUND {
                    let inside = (0..3).all(|k| (0..self.n[k] as isize).contains(&(v[k] + [dx, dy, dz][k])));
                    // Beyond the box nothing is known, so that a cut does not look like an edge.
                    if inside && !shown(self.at([v[0] + dx, v[1] + dy, v[2] + dz])) {
                        for (s, (d, e)) in sum.iter_mut().zip([dx, dy, dz].into_iter().zip(self.edges)) {
                            *s += d as f64 * e;
                        }
                    }
                }
            }
        }
        unit(sum)
    }
}

fn shown(label: u8) -> bool {
    label != 0 && !HIDDEN.contains(&label)
}

/// The picture of a volume.
///
/// # Errors
/// [`FigureError`] where the volume is empty or the array does not fit its size.
pub fn render(scene: &Scene<'_>) -> Result<Drawn, FigureError> {
    let [nz, ny, nx] = scene.shape_zyx;
    let title = || scene.title.to_owned();
    if nx * ny * nz == 0 {
        return Err(FigureError::Empty { title: title(), width: nx, height: ny * nz });
    }
    if scene.labels.len() != nx * ny * nz {
        return Err(FigureError::Length {
            title: title(),
            what: "the label volume",
            width: nx,
            height: ny * nz,
            found: scene.labels.len(),
            expected: nx * ny * nz,
        });
    }
    let metric = scene.edges_m.filter(|e| e.iter().all(|v| v.is_finite() && *v > 0.0));
    let edges = metric.unwrap_or([1.0; 3]);
    let volume = Volume::new(scene.labels, [nx, ny, nz], edges);
    let size: Vec3 = std::array::from_fn(|k| volume.n[k] as f64 * edges[k]);
    let [right, down, into] = camera();
    let corner = |c: usize| -> Vec3 { std::array::from_fn(|k| if c >> k & 1 == 1 { size[k] } else { 0.0 }) };
    let range = |axis: Vec3| {
        (0..8).map(|c| dot(corner(c), axis)).fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)])
    };
    let (u, v, w) = (range(right), range(down), range(into));
    let margin = 0.05 * (u[1] - u[0]).max(v[1] - v[0]);
    let (left, top) = (u[0] - margin, v[0] - margin);
    let per_unit = SIDE / ((u[1] - u[0]).max(v[1] - v[0]) + 2.0 * margin);
    let pixels = |low: f64, high: f64| ((high - low + 2.0 * margin) * per_unit).round().max(1.0) as u32;
    let (width, height) = (pixels(u[0], u[1]), pixels(v[0], v[1]));

    let mut image = Image::filled(width, height, GROUND);
    let place = |p: Vec3| [(dot(p, right) - left) * per_unit, (dot(p, down) - top) * per_unit];
    wire(&mut image, &corner, &place, into, false);
    let light = unit(plus(plus(scaled(into, -1.0), scaled(right, -0.55)), scaled(down, -0.75)));
    let along: Vec3 = std::array::from_fn(|k| into[k] / edges[k]);
    let colour = |x: f64, y: f64| -> Option<[f64; 3]> {
        let from = plus(plus(scaled(right, left + x / per_unit), scaled(down, top + y / per_unit)), scaled(into, w[0]));
        let from: Vec3 = std::array::from_fn(|k| from[k] / edges[k]);
        let (voxel, way, cut) = volume.hit(from, along)?;
        let base = label_colour(volume.at(voxel));
        let normal = if cut { cut_face(plus(from, scaled(along, way)), volume.n) } else { volume.normal(voxel) };
        let shade = (AMBIENT + (1.0 - AMBIENT) * dot(normal, light).max(0.0)) * if cut { 0.8 } else { 1.0 };
        let fade = FADE * (way / (w[1] - w[0])).clamp(0.0, 1.0);
        Some(std::array::from_fn(|k| {
            let lit = f64::from(base[k]) * (0.25 + 0.85 * shade).min(1.0);
            lit + fade * (f64::from(GROUND[k]) - lit)
        }))
    };
    for y in 0..height {
        for x in 0..width {
            let below = image.pixel(x, y).unwrap_or(GROUND);
            let mut sum = [0.0; 3];
            for s in 0..SAMPLES * SAMPLES {
                let offset = |k: u32| (f64::from(k) + 0.5) / f64::from(SAMPLES);
                let (sx, sy) = (f64::from(x) + offset(s % SAMPLES), f64::from(y) + offset(s / SAMPLES));
                let seen = colour(sx, sy).unwrap_or(below.map(f64::from));
                sum = plus(sum, seen);
            }
            let mean = scaled(sum, 1.0 / f64::from(SAMPLES * SAMPLES));
            image.set(x, y, mean.map(|c| c.round().clamp(0.0, 255.0) as u8));
        }
    }
    wire(&mut image, &corner, &place, into, true);
    // Names at the far ends of the edges that leave the upper front corner.
    let origin = front_upper(&corner, into, down);
    for (k, name) in ["x", "y", "z"].into_iter().enumerate() {
        let [x, y] = place(corner(origin ^ (1 << k)));
        let [ox, oy] = place(corner(origin));
        let (dx, dy) = (x - ox, y - oy);
        let l = dx.hypot(dy).max(1.0);
        let at = [x + 12.0 * dx / l - 4.0, y + 12.0 * dy / l - 9.0].map(|c| c.max(0.0) as u32);
        image.text(name, at, [27, 34, 43], Weight::Bold);
    }

    let fit = Fit { width, height, per_unit_x: per_unit, metres: metric.is_some() };
    let present: Vec<(u8, usize)> = (1..=8u8)
        .filter(|l| shown(*l))
        .map(|l| (l, scene.labels.iter().filter(|v| **v == l).count()))
        .filter(|(_, n)| *n > 0)
        .collect();
    let solid = present.iter().map(|(_, n)| *n).sum::<usize>().max(1) as f64;
    let entry = |l: u8, n: usize| format!("{} {}", label_name(l), percent(n as f64 / solid));
    let names: Vec<String> = present.iter().map(|&(l, n)| entry(l, n)).collect();
    let mut frame = Frame { title: scene.title, picture: image, fit, axes: ["", ""], colour_bar: None, legend: vec![] };
    frame.legend = present.iter().map(|&(l, n)| (label_colour(l), entry(l, n))).collect();
    let caption = format!(
        "The solid from a corner of the box in parallel projection, z downwards; darker flat faces are where the box cuts \
         it. Shares of what is shown: {}. {nx} by {ny} by {nz} voxels (x, y, z).",
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    );
    let (image, scale_bar) = frame.compose();
    Ok(Drawn { image, caption, scale_bar })
}

/// Normal of the face of the box that a point lies on.
fn cut_face(p: Vec3, n: [usize; 3]) -> Vec3 {
    let mut best = (f64::INFINITY, [0.0; 3]);
    for k in 0..3 {
        for (away, sign) in [(p[k].abs(), -1.0), ((n[k] as f64 - p[k]).abs(), 1.0)] {
            if away < best.0 {
                let mut face = [0.0; 3];
                face[k] = sign;
                best = (away, face);
            }
        }
    }
    best.1
}

/// The corner nearest to the eye among the upper four.
fn front_upper(corner: &impl Fn(usize) -> Vec3, into: Vec3, down: Vec3) -> usize {
    let depth = |c: usize| dot(corner(c), into) + dot(corner(c), down);
    (0..8).min_by(|&a, &b| depth(a).total_cmp(&depth(b))).unwrap_or(0)
}

/// Edges of the box: those behind the solid, or the three that meet in front.
fn wire(
    image: &mut Image,
    corner: &impl Fn(usize) -> Vec3,
    place: &impl Fn(Vec3) -> [f64; 2],
    into: Vec3,
    front: bool,
) {
    let nearest = (0..8).min_by(|&a, &b| dot(corner(a), into).total_cmp(&dot(corner(b), into))).unwrap_or(0);
    for a in 0..8usize {
        for k in 0..3 {
            let b = a | 1 << k;
            if a == b || front != (a == nearest || b == nearest) {
                continue;
            }
            let ([x0, y0], [x1, y1]) = (place(corner(a)), place(corner(b)));
            let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0);
            for s in 0..=steps as u32 {
                let t = f64::from(s) / steps;
                let (x, y) = ((x0 + t * (x1 - x0)).round() as u32, (y0 + t * (y1 - y0)).round() as u32);
                if let Some(below) = image.pixel(x, y) {
                    image.set(x, y, mix(below, BOX, if front { 0.55 } else { 1.0 }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(labels: &[u8], shape_zyx: [usize; 3]) -> Scene<'_> {
        Scene { labels, shape_zyx, edges_m: None, title: "t" }
    }

    #[test]
    fn a_ray_meets_the_first_voxel_in_its_way() {
        let mut labels = vec![0u8; 20 * 20 * 20];
        labels[(10 * 20 + 17) * 20 + 10] = 1;
        labels[(10 * 20 + 4) * 20 + 10] = 2;
        let volume = Volume::new(&labels, [20, 20, 20], [1.0; 3]);
        let (voxel, way, cut) = volume.hit([10.5, -5.0, 10.5], [0.0, 1.0, 0.0]).expect("a hit");
        assert_eq!(voxel, [10, 4, 10]);
        assert!((way - 9.0).abs() < 1e-4 && !cut, "{way}");
        assert!(volume.hit([11.5, -5.0, 10.5], [0.0, 1.0, 0.0]).is_none());
        // The other way it is the other voxel.
        assert_eq!(volume.hit([10.5, 25.0, 10.5], [0.0, -1.0, 0.0]).map(|h| h.0), Some([10, 17, 10]));
    }

    #[test]
    fn the_picture_is_no_mirror_image() {
        let [r, d, i] = camera();
        let cross = [r[1] * d[2] - r[2] * d[1], r[2] * d[0] - r[0] * d[2], r[0] * d[1] - r[1] * d[0]];
        assert!((dot(cross, i) - 1.0).abs() < 1e-12, "{cross:?} {i:?}");
    }

    #[test]
    fn colours_of_what_is_there_are_seen_and_no_others() {
        let ball = |label: u8| -> Vec<u8> {
            (0..16 * 16 * 16)
                .map(|i| {
                    let p = [i % 16, i / 16 % 16, i / 256].map(|v| f64::from(v) - 7.5);
                    if dot(p, p) < 25.0 { label } else { 0 }
                })
                .collect()
        };
        // Blue over red is more for fibres (blue) and less for nodes (orange).
        let middle = |label: u8| {
            let drawn = render(&scene(&ball(label), [16; 3])).expect("a picture");
            let (w, h) = (drawn.image.width(), drawn.image.height());
            drawn.image.pixel(w / 2, h / 2).expect("inside")
        };
        let (fibre, node) = (middle(1), middle(2));
        assert!(fibre[2] > fibre[0] && node[0] > node[2], "{fibre:?} {node:?}");
    }

    #[test]
    fn odd_input_is_refused_or_drawn() {
        assert!(render(&scene(&[], [0, 1, 1])).is_err());
        assert!(render(&scene(&[1, 1], [1, 1, 1])).is_err());
        assert!(render(&scene(&[0], [1, 1, 1])).is_ok());
        assert!(render(&scene(&[1; 40], [1, 1, 40])).is_ok());
    }
}
