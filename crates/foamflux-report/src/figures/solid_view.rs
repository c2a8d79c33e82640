//! A label volume seen from above and in front: what is not pore, shaded, in parallel projection.
//!
//! One ray per picture pixel walks from voxel to voxel (J. Amanatides and A. Woo, Eurographics 1987) and takes the colour of the
//! first one that is not pore. The normal that shades it is the gradient of the solid over a few voxels around, which hides
//! their steps; where the box cuts the solid it is the normal of the cut.
//! Depth z runs downwards, so that the side of the separator is on top.

use super::canvas::{Image, Rgb, mix};
use super::frame::Frame;
use super::palette::{label_colour, label_name};
use super::resample::Fit;
use super::{Drawn, FigureError};

type Vector = [f64; 3];

/// The longer side of the picture.
const SIDE: f64 = 460.0;
const BACKGROUND: Rgb = [246, 247, 249];
const EDGE: Rgb = [176, 184, 194];
/// Where the eye looks, and where the light comes from, x, y, z.
const LOOK: Vector = [0.52, 0.66, 0.54];
const LIGHT: Vector = [-0.30, -0.62, -0.72];
/// Light that reaches everything.
const AMBIENT: f64 = 0.38;
/// How much of the colour the far corner of the box loses.
const HAZE: f64 = 0.45;
/// Voxels around over which the normal is taken.
const REACH: i64 = 2;

/// A volume of labels, `[z][y][x]`, with its voxel edges in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolidView<'a> {
    /// Labels; 0 is clear.
    pub labels: &'a [u8],
    /// Voxels along z, y, x.
    pub shape_zyx: [usize; 3],
    /// Voxel edges in metres, x, y, z; all one where unknown.
    pub edges_xyz: [f64; 3],
    /// Whether the edges are metres.
    pub metres: bool,
    /// Title.
    pub title: &'a str,
}

fn dot(a: Vector, b: Vector) -> f64 {
    (0..3).map(|k| a[k] * b[k]).sum()
}

fn unit(a: Vector) -> Vector {
    let length = dot(a, a).sqrt();
    a.map(|c| c / length.max(f64::MIN_POSITIVE))
}

/// The projection: axes of the picture in space, and the scale.
struct Camera {
    look: Vector,
    right: Vector,
    down: Vector,
    /// Picture coordinates of the box's low corner, before scaling.
    low: [f64; 2],
    pixels_per_length: f64,
    size: [u32; 2],
    box_xyz: Vector,
}

impl Camera {
    fn of(box_xyz: Vector) -> Self {
        let look = unit(LOOK);
        let right = unit([-look[1], look[0], 0.0]);
        let down = [
            look[1] * right[2] - look[2] * right[1],
            look[2] * right[0] - look[0] * right[2],
            look[0] * right[1] - look[1] * right[0],
        ];
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for corner in 0..8 {
            let p: Vector = std::array::from_fn(|k| if corner >> k & 1 == 1 { box_xyz[k] } else { 0.0 });
            for (k, v) in [dot(p, right), dot(p, down)].into_iter().enumerate() {
                low[k] = low[k].min(v);
                high[k] = high[k].max(v);
            }
        }
        let pixels_per_length = (SIDE - 8.0) / (high[0] - low[0]).max(high[1] - low[1]);
        let side = |k: usize| ((high[k] - low[k]) * pixels_per_length + 8.0).round().max(1.0) as u32;
        Camera { look, right, down, low, pixels_per_length, size: [side(0), side(1)], box_xyz }
    }

    /// A point of the ray of a pixel, in the plane through the origin.
    fn start(&self, x: u32, y: u32) -> Vector {
        let u = (f64::from(x) + 0.5 - 4.0) / self.pixels_per_length + self.low[0];
        let v = (f64::from(y) + 0.5 - 4.0) / self.pixels_per_length + self.low[1];
        std::array::from_fn(|k| u * self.right[k] + v * self.down[k])
    }

    fn project(&self, p: Vector) -> [f64; 2] {
        [
            (dot(p, self.right) - self.low[0]) * self.pixels_per_length + 4.0,
            (dot(p, self.down) - self.low[1]) * self.pixels_per_length + 4.0,
        ]
    }
}

/// A voxel that a ray meets.
struct Hit {
    voxel: [i64; 3],
    /// Axis of the face through which it was entered.
    axis: usize,
    /// Whether that face is one of the box.
    cut: bool,
    distance: f64,
}

struct Scene<'a> {
    view: &'a SolidView<'a>,
    n: [i64; 3],
}

impl Scene<'_> {
    /// Label of a voxel x, y, z; clear outside.
    fn label(&self, [x, y, z]: [i64; 3]) -> u8 {
        let inside = (0..3).all(|k| (0..self.n[k]).contains(&[x, y, z][k]));
        if !inside {
            return 0;
        }
        self.view.labels[((z * self.n[1] + y) * self.n[0] + x) as usize]
    }

    fn trace(&self, camera: &Camera, start: Vector) -> Option<Hit> {
        let (mut enter, mut leave, mut axis) = (f64::NEG_INFINITY, f64::INFINITY, 0);
        for k in 0..3 {
            // The eye looks along no axis, so that no component is zero.
            let (a, b) = (-start[k] / camera.look[k], (camera.box_xyz[k] - start[k]) / camera.look[k]);
            if a.min(b) > enter {
                (enter, axis) = (a.min(b), k);
            }
            leave = leave.min(a.max(b));
        }
        if enter >= leave {
            return None;
        }
        let edges = self.view.edges_xyz;
        let at: Vector = std::array::from_fn(|k| start[k] + enter * camera.look[k]);
        let mut voxel: [i64; 3] = std::array::from_fn(|k| ((at[k] / edges[k]).floor() as i64).clamp(0, self.n[k] - 1));
        let step: [i64; 3] = std::array::from_fn(|k| if camera.look[k] > 0.0 { 1 } else { -1 });
        let mut next: Vector = std::array::from_fn(|k| {
            let face = if step[k] > 0 { voxel[k] + 1 } else { voxel[k] };
            (face as f64 * edges[k] - start[k]) / camera.look[k]
        });
        let mut distance = enter;
        let mut cut = true;
        while (0..3).all(|k| (0..self.n[k]).contains(&voxel[k])) {
            if self.label(voxel) != 0 {
                return Some(Hit { voxel, axis, cut, distance });
            }
            axis = (0..3).min_by(|&a, &b| next[a].total_cmp(&next[b])).unwrap_or(0);
            distance = next[axis];
            voxel[axis] += step[axis];
            next[axis] += edges[axis] / camera.look[axis].abs();
            cut = false;
        }
        None
    }

    fn normal(&self, hit: &Hit, look: Vector) -> Vector {
        let mut face = [0.0; 3];
        face[hit.axis] = -look[hit.axis].signum();
        if hit.cut {
            return face;
        }
        let mut sum = [0.0; 3];
        let range = || -REACH..=REACH;
        for dz in range() {
            for dy in range() {
                for dx in range() {
                    let at = [hit.voxel[0] + dx, hit.voxel[1] + dy, hit.voxel[2] + dz];
                    if self.label(at) != 0 {
                        for (k, d) in [dx, dy, dz].into_iter().enumerate() {
                            sum[k] -= d as f64 * self.view.edges_xyz[k];
                        }
                    }
                }
            }
        }
        let length = dot(sum, sum).sqrt();
        if length > 0.0 && dot(sum, look) < 0.0 { sum.map(|c| c / length) } else { face }
    }
}

/// Draws the volume.
///
/// # Errors
/// [`FigureError`] where it is empty or the labels do not fit the shape.
pub fn solid_view(view: &SolidView<'_>) -> Result<Drawn, FigureError> {
    let [nz, ny, nx] = view.shape_zyx;
    let title = || view.title.to_owned();
    if nx * ny * nz == 0 {
        return Err(FigureError::Empty { title: title(), width: nx, height: ny * nz });
    }
    if view.labels.len() != nx * ny * nz {
        let (width, height) = (nx, ny * nz);
        let (found, expected) = (view.labels.len(), nx * ny * nz);
        return Err(FigureError::Length { title: title(), what: "the volume", width, height, found, expected });
    }
    let n = [nx as i64, ny as i64, nz as i64];
    let box_xyz: Vector = std::array::from_fn(|k| n[k] as f64 * view.edges_xyz[k]);
    let camera = Camera::of(box_xyz);
    let scene = Scene { view, n };
    let mut image = Image::filled(camera.size[0], camera.size[1], BACKGROUND);
    draw_box(&mut image, &camera);
    let light = unit(LIGHT.map(|c| -c));
    let across = dot(box_xyz, camera.look);
    let mut present = [false; 256];
    for y in 0..camera.size[1] {
        for x in 0..camera.size[0] {
            let Some(hit) = scene.trace(&camera, camera.start(x, y)) else { continue };
            let label = scene.label(hit.voxel);
            present[usize::from(label)] = true;
            let shade = AMBIENT + (1.0 - AMBIENT) * (-dot(scene.normal(&hit, camera.look), light)).max(0.0);
            let lit = label_colour(label).map(|c| (f64::from(c) * shade).round().clamp(0.0, 255.0) as u8);
            let haze = HAZE * (hit.distance / across).clamp(0.0, 1.0);
            image.set(x, y, mix(lit, BACKGROUND, haze as f32));
        }
    }
    let fit = Fit {
        width: camera.size[0],
        height: camera.size[1],
        per_unit_x: camera.pixels_per_length,
        metres: view.metres,
    };
    let legend = (0..=u8::MAX).filter(|l| present[usize::from(*l)]).map(|l| (label_colour(l), label_name(l))).collect();
    let frame = Frame { title: view.title, picture: image, fit, axes: ["", ""], colour_bar: None, legend };
    let (image, scale_bar) = frame.compose();
    let caption = format!(
        "{nx} by {ny} by {nz} voxels (x, y, z) in parallel projection, depth z downwards; pore is clear, faces of the box cut \
         the solid flat; the scale bar holds across the line of sight."
    );
    Ok(Drawn { image, caption, scale_bar })
}

/// The edges of the box, behind everything.
fn draw_box(image: &mut Image, camera: &Camera) {
    let corner =
        |bits: usize| -> Vector { std::array::from_fn(|k| if bits >> k & 1 == 1 { camera.box_xyz[k] } else { 0.0 }) };
    for bits in 0..8usize {
        for k in (0..3).filter(|k| bits >> k & 1 == 0) {
            let (a, b) = (camera.project(corner(bits)), camera.project(corner(bits | 1 << k)));
            let steps = ((b[0] - a[0]).hypot(b[1] - a[1])).ceil().max(1.0) as u32;
            for s in 0..=steps {
                let t = f64::from(s) / f64::from(steps);
                let at = |i: usize| (a[i] + t * (b[i] - a[i])).round().max(0.0) as u32;
                image.set(at(0), at(1), EDGE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(labels: &[u8], shape_zyx: [usize; 3]) -> SolidView<'_> {
        SolidView { labels, shape_zyx, edges_xyz: [1.0; 3], metres: false, title: "t" }
    }

    #[test]
    fn the_picture_is_not_mirrored() {
        // A unit vector to the right, one down and one away form a right-handed frame, as x, y, z of an image do.
        let c = Camera::of([1.0; 3]);
        let cross = [
            c.right[1] * c.down[2] - c.right[2] * c.down[1],
            c.right[2] * c.down[0] - c.right[0] * c.down[2],
            c.right[0] * c.down[1] - c.right[1] * c.down[0],
        ];
        assert!((0..3).all(|k| (cross[k] - c.look[k]).abs() < 1e-12), "{cross:?}");
        // Depth runs down the picture.
        assert!(c.down[2] > 0.0 && c.right[2].abs() < 1e-12);
    }

    #[test]
    fn a_ray_meets_what_a_fine_march_meets() {
        let shape = [5usize, 6, 7];
        let mut state = 3u32;
        let labels: Vec<u8> = (0..shape.iter().product())
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                u8::from(state >> 30 == 0) * (1 + (state >> 20 & 1) as u8)
            })
            .collect();
        let v = SolidView { edges_xyz: [1.0, 0.7, 2.0], ..view(&labels, shape) };
        let scene = Scene { view: &v, n: [7, 6, 5] };
        let camera = Camera::of([7.0, 0.7 * 6.0, 10.0]);
        let mut met = 0;
        for (x, y) in (0..400).step_by(23).flat_map(|y| (0..440).step_by(19).map(move |x| (x, y))) {
            let start = camera.start(x, y);
            let found = scene.trace(&camera, start).map(|h| scene.label(h.voxel));
            // The first of all voxels that the ray enters, by slabs.
            let plain = (0..labels.len())
                .filter(|i| labels[*i] != 0)
                .filter_map(|i| {
                    let voxel = [i % 7, i / 7 % 6, i / 42];
                    let (mut enter, mut leave) = (f64::NEG_INFINITY, f64::INFINITY);
                    for k in 0..3 {
                        let face = |n: usize| (n as f64 * v.edges_xyz[k] - start[k]) / camera.look[k];
                        let (a, b) = (face(voxel[k]), face(voxel[k] + 1));
                        (enter, leave) = (enter.max(a.min(b)), leave.min(a.max(b)));
                    }
                    // Rays that touch an edge are nobody's.
                    (leave - enter > 1e-9).then_some((enter, labels[i]))
                })
                .min_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, label)| label);
            assert_eq!(found, plain, "{x} {y}");
            met += usize::from(found.is_some());
        }
        assert!(met > 50);
    }

    #[test]
    fn colours_are_those_of_the_labels_and_odd_input_is_refused() {
        let drawn = solid_view(&view(&[3; 8], [2, 2, 2])).unwrap();
        // The middle of a full block of lithium is yellow, however shaded: red and green far above blue.
        let (w, h) = (drawn.image.width(), drawn.image.height());
        let [r, g, b] = drawn.image.pixel(w / 2, h / 2).unwrap();
        assert!(r > b && g > b, "{r} {g} {b}");
        assert!(solid_view(&view(&[], [0, 1, 1])).is_err());
        assert!(solid_view(&view(&[0; 7], [2, 2, 2])).is_err());
        assert!(solid_view(&view(&[0; 8], [2, 2, 2])).is_ok());
    }
}
