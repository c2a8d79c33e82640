//! From a recipe to a host: geometry, labels, partial volumes, truth.

use foamflux_grid::{Label, LabelSet, Labels, Volume};
use rayon::prelude::*;

use crate::area::Estimate;
use crate::catalogue::{Model, Recipe};
use crate::dress;
use crate::error::HostError;
use crate::foam::{Arrangement, Boundary, Foam, StrutFoam};
use crate::generate::channels::{Channels, Pattern};
use crate::generate::fibres::{FibreMat, Inside, Orientation};
use crate::generate::field::{Cut, FieldParameters, FieldSolid};
use crate::generate::foil::{Foil, Relief};
use crate::generate::spheres::{Packing, Spheres};
use crate::graph::Graph;
use crate::raster;
use crate::rods::{RodSolid, Rods, Section, Swelling};
use crate::shapes::Solid;
use crate::truth::{Carbonised, Known, Method, Relation, SiteFacts, Truth};

/// Strut diameter of the precursor, BASF's filaments.
const PRECURSOR_DIAMETER_M: f64 = 6e-6;

/// The bare solid.
#[derive(Debug, Clone)]
enum Body {
    Rods { rods: Box<Rods>, solid: Box<RodSolid>, inverse: bool },
    Field { field: Box<FieldSolid>, wavelength_m: f64 },
    Foil(Box<Foil>),
    Interlayer { field: Box<FieldSolid>, wavelength_m: f64, layer_m: f64 },
}

/// A host whose geometry is made; volumes are drawn on demand.
#[derive(Debug, Clone)]
pub struct HostModel {
    recipe: Recipe,
    seed: u64,
    body: Body,
    graph: Option<Graph>,
    debris: Option<Box<RodSolid>>,
    node_zone_m: f64,
    cells: Option<(usize, f64)>,
    carbonised: Option<Carbonised>,
    relations: Vec<Relation>,
}

/// A label volume with what was measured while it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The labels.
    pub labels: Labels,
    solid_voxel_fraction: f64,
    sites: Option<SiteFacts>,
}

impl Recipe {
    /// Makes the geometry.
    ///
    /// # Errors
    /// [`HostError`] naming the parameter that cannot be had, and what it accepts.
    pub fn build(&self, seed: u64) -> Result<HostModel, HostError> {
        self.voxel_size()?;
        let floor = self.value("floor");
        let height = self.box_m()[2];
        crate::error::within("floor (in metres)", floor, 0.0, 0.9 * height, "")?;
        let mut host = HostModel {
            recipe: self.clone(),
            seed,
            body: Body::Foil(Box::new(Foil::new(self.box_m(), 0.0, Relief::Flat, 0.0, 1.0, seed))),
            graph: None,
            debris: None,
            node_zone_m: 0.0,
            cells: None,
            carbonised: None,
            relations: Vec::new(),
        };
        match self.preset().model {
            Model::Foam => host.foam()?,
            Model::Fibres => host.fibres()?,
            Model::Channels => host.channels()?,
            Model::Spinodal | Model::Sheets => host.field()?,
            Model::Spheres => host.spheres()?,
            Model::Foil => host.foil()?,
            Model::Interlayer => host.interlayer()?,
        }
        Ok(host)
    }
}

impl HostModel {
    fn foam(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let mut foam = StrutFoam {
            arrangement: match r.word("cells") {
                "kelvin" => Arrangement::Kelvin { jitter: r.value("jitter") },
                "laguerre" => Arrangement::Laguerre { spread: r.value("cell_spread") },
                _ => Arrangement::Voronoi { min_distance: r.value("min_distance"), relax: r.value("relax") as usize },
            },
            cell_size_m: r.value("cell_size"),
            boundary: if r.flag("periodic") { Boundary::Periodic } else { Boundary::Open },
            diameter_m: r.value("strut_diameter"),
            section: match r.word("section") {
                "triangle" => Section::Triangle,
                "concave-triangle" => Section::ConcaveTriangle,
                _ => Section::Round,
            },
            swelling: Swelling { ratio: r.value("swelling"), length: r.value("swelling_length") },
            node_ratio: r.value("node_ratio"),
            hollow: r.value("hollow"),
            compression: r.value("compression"),
            broken: r.value("broken"),
            gap: r.value("gap"),
            debris: r.value("debris"),
            debris_diameter_m: r.value("debris_diameter"),
            grade: r.value("grade"),
        };
        foam.check()?;
        self.carbonised = carbonise(r, &mut foam);
        let bare = foam.foam(r.box_m(), self.seed)?;
        let wanted = r.value("volume_fraction");
        if wanted > 0.0 {
            foam.diameter_m = self.solve_diameter(&foam, &bare, wanted)?;
        }
        let lambda = r.value("lambda");
        let model = foam.dress(&bare, self.seed);
        let l = foam.cell_size_m / 8f64.sqrt();
        let solid_share = 1.0 - foam.hollow * foam.hollow;
        let phi = 0.833 * (foam.diameter_m / l).powi(2) * solid_share;
        if foam.compression > 0.999 {
            self.relations.push(Relation {
                quantity: "solid_volume_fraction",
                relation: "0.833 (d / l)^2 of slender struts in Kelvin cells, l = cell_size / 2.828",
                value: phi,
            });
            if foam.hollow <= 0.0 {
                self.relations.push(Relation {
                    quantity: "area_per_volume_per_m",
                    relation: "4 phi / d times the perimeter ratio of the section, slender struts",
                    value: 4.0 * phi / foam.diameter_m * foam.section.perimeter_ratio(),
                });
            }
        }
        self.node_zone_m = lambda * foam.diameter_m;
        self.cells = Some((model.cells, model.cell_spread));
        self.debris = (!model.debris.balls.is_empty()).then(|| Box::new(model.debris.solid()));
        self.graph = Some(model.graph);
        self.body = rods(model.rods, false);
        Ok(())
    }

    /// The strut diameter that gives the wanted solid fraction, by proportion in `sqrt(phi)` within a shrinking bracket.
    fn solve_diameter(&self, foam: &StrutFoam, bare: &Foam, wanted: f64) -> Result<f64, HostError> {
        /// Relative error of the fraction that is left.
        const CLOSE: f64 = 1e-3;
        let r = &self.recipe;
        let most = 0.45 * foam.cell_size_m;
        let measure = |diameter_m: f64| -> Result<f64, HostError> {
            let model = StrutFoam { diameter_m, debris: 0.0, ..*foam }.dress(bare, self.seed);
            let solid = model.rods.solid();
            Ok(raster::fraction(r.shape(), &r.voxel_size()?, &solid).value)
        };
        let (mut low, mut high) = (0.0, most);
        let mut guess = (foam.cell_size_m / 8f64.sqrt() * (wanted / 0.833).sqrt()).min(0.5 * most);
        for _ in 0..24 {
            let found = measure(guess)?;
            if (found / wanted - 1.0).abs() < CLOSE {
                return Ok(guess);
            }
            if found < wanted {
                low = guess
            } else {
                high = guess
            }
            if low >= 0.999 * most {
                return Err(HostError::Unreachable {
                    key: "volume_fraction",
                    value: wanted,
                    why: format!(
                        "struts as thick as the cells allow ({}) give {found:.4}; lower it or swell the nodes",
                        crate::catalogue::length_text(most)
                    ),
                });
            }
            // The square root of the fraction is nearly proportional to the diameter; never leave what is known.
            let next = guess * (wanted / found.max(1e-9)).sqrt();
            guess = if next > low && next < high { next } else { (0.5 * (low + high)).max(0.9995 * low).min(most) };
            if next >= most {
                guess = most;
            }
        }
        Ok(guess)
    }

    fn fibres(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let angle = r.value("tilt").to_radians();
        let aligned = |axis| Orientation::Aligned { axis, angle_rad: angle };
        let mat = FibreMat {
            diameter_m: r.value("diameter"),
            spread: r.value("spread"),
            length_m: r.value("length"),
            orientation: match r.word("orientation") {
                "planar" => Orientation::Planar { tilt_rad: angle },
                "aligned-x" => aligned([1.0, 0.0, 0.0]),
                "aligned-y" => aligned([0.0, 1.0, 0.0]),
                "aligned-z" => aligned([0.0, 0.0, 1.0]),
                _ => Orientation::Isotropic,
            },
            persistence_m: r.value("persistence"),
            inside: match r.word("inside") {
                "hollow" => Inside::Hollow { ratio: r.value("bore") },
                "lotus" => Inside::Lotus { channels: r.value("channels") as usize, ratio: r.value("bore") },
                _ => Inside::Solid,
            },
            overlap: r.flag("overlap"),
            volume_fraction: r.value("volume_fraction"),
            periodic: r.flag("periodic"),
            grade: r.value("grade"),
        };
        let model = mat.generate(r.box_m(), self.seed)?;
        if mat.inside == Inside::Solid {
            self.relations.push(Relation {
                quantity: "area_per_volume_per_m",
                relation: "4 phi / d of slender fibres that do not overlap",
                value: 4.0 * mat.volume_fraction / mat.diameter_m,
            });
        }
        self.graph = Some(model.graph);
        self.body = rods(model.rods, false);
        Ok(())
    }

    fn channels(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let channels = Channels {
            pattern: match r.word("pattern") {
                "hexagonal" => Pattern::Hexagonal,
                "random" => Pattern::Random,
                _ => Pattern::Square,
            },
            diameter_m: r.value("diameter"),
            spread: r.value("spread"),
            pitch_m: r.value("pitch"),
            grade: r.value("grade"),
            periodic: r.flag("periodic"),
        };
        let (d, p) = (channels.diameter_m, channels.pitch_m);
        let cell = if channels.pattern == Pattern::Hexagonal { 0.75f64.sqrt() * p * p } else { p * p };
        self.relations.push(Relation {
            quantity: "solid_volume_fraction",
            relation: "1 - pi d^2 / 4 over the area of a channel, an endless lattice of equal channels",
            value: 1.0 - std::f64::consts::FRAC_PI_4 * d * d / cell,
        });
        self.relations.push(Relation {
            quantity: "area_per_volume_per_m",
            relation: "pi d over the area of a channel, walls alone",
            value: std::f64::consts::PI * d / cell,
        });
        self.body = rods(channels.generate(r.box_m(), self.seed)?, true);
        Ok(())
    }

    fn field_of(&self, cut: Cut, box_m: [f64; 3]) -> Result<FieldSolid, HostError> {
        let r = &self.recipe;
        let graded = r.preset().model == Model::Spinodal;
        let parameters = FieldParameters {
            wavelength_m: r.value("wavelength"),
            cut,
            volume_fraction: if cut == Cut::Spinodal { r.value("volume_fraction") } else { 0.0 },
            grade: if graded { r.value("grade") } else { 0.0 },
            periodic: r.flag("periodic"),
        };
        FieldSolid::generate(&parameters, box_m, self.seed)
    }

    fn field(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let wavelength_m = r.value("wavelength");
        let cut = match r.preset().model {
            Model::Sheets => {
                let thickness_m = r.value("thickness");
                // Sheets nearer to each other than their thickness are no sheets.
                crate::error::within("thickness over wavelength", thickness_m / wavelength_m, 0.0, 0.25, "")?;
                Cut::Sheets { thickness_m }
            }
            _ => Cut::Spinodal,
        };
        let field = self.field_of(cut, r.box_m())?;
        if let Some(value) = field.expected_area_per_m() {
            let relation = "Rice's formula for Gaussian random fields, on average over seeds";
            self.relations.push(Relation { quantity: "area_per_volume_per_m", relation, value });
        }
        self.body = Body::Field { field: Box::new(field), wavelength_m };
        Ok(())
    }

    fn spheres(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let spheres = Spheres {
            packing: match r.word("packing") {
                "fcc" => Packing::Fcc,
                "overlapping" => Packing::Overlapping,
                _ => Packing::Random,
            },
            diameter_m: r.value("diameter"),
            spread: r.value("spread"),
            fraction: r.value("fraction"),
            neck: r.value("neck"),
            hollow: r.value("hollow"),
            grade: r.value("grade"),
            periodic: r.flag("periodic"),
        };
        let inverse = r.flag("inverse");
        let plain = spheres.spread <= 0.0 && spheres.hollow <= 0.0 && spheres.grade == 0.0;
        if spheres.packing == Packing::Overlapping && plain {
            let n = -libm::log1p(-spheres.fraction) / (std::f64::consts::PI / 6.0 * spheres.diameter_m.powi(3));
            self.relations.push(Relation {
                quantity: "area_per_volume_per_m",
                relation: "n pi d^2 (1 - fraction) of overlapping spheres, on average",
                value: n * std::f64::consts::PI * spheres.diameter_m.powi(2) * (1.0 - spheres.fraction),
            });
        } else if plain && spheres.neck <= 1.0 {
            let value = 6.0 * spheres.fraction / spheres.diameter_m;
            let relation = "6 fraction / d of spheres that do not overlap";
            self.relations.push(Relation { quantity: "area_per_volume_per_m", relation, value });
        }
        self.body = rods(spheres.generate(r.box_m(), self.seed)?, inverse);
        Ok(())
    }

    fn foil(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let box_m = r.box_m();
        let (rms, headspace) = (r.value("rms"), r.value("headspace"));
        let relief = match r.word("relief") {
            "sinusoid" => Relief::Sinusoid,
            "random" => Relief::Random,
            _ => Relief::Flat,
        };
        let deepest = if relief == Relief::Flat { 0.0 } else { 3.0 * rms };
        let room = box_m[2] - r.value("floor") - deepest;
        crate::error::within("headspace (in metres)", headspace, deepest, room, "")?;
        self.body = Body::Foil(Box::new(Foil::new(box_m, headspace, relief, rms, r.value("wavelength"), self.seed)));
        Ok(())
    }

    fn interlayer(&mut self) -> Result<(), HostError> {
        let r = &self.recipe;
        let (box_m, layer_m) = (r.box_m(), r.value("layer"));
        crate::error::within("layer (in metres)", layer_m, 0.0, box_m[2] - r.value("floor"), "")?;
        let wavelength_m = r.value("wavelength");
        let field = Box::new(self.field_of(Cut::Spinodal, [box_m[0], box_m[1], layer_m])?);
        self.body = Body::Interlayer { field, wavelength_m, layer_m };
        Ok(())
    }

    /// The exact graph, where the host is made of struts or fibres.
    #[must_use]
    pub const fn graph(&self) -> Option<&Graph> {
        self.graph.as_ref()
    }

    /// Whether impurity particles add to its surface.
    #[must_use]
    pub const fn has_debris(&self) -> bool {
        self.debris.is_some()
    }

    /// The recipe.
    #[must_use]
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Draws the labels: host, nodes, debris, lithium, sites, collector.
    ///
    /// # Errors
    /// [`HostError::Grid`] for a grid that is not usable.
    pub fn draw(&self) -> Result<Drawn, HostError> {
        let r = &self.recipe;
        let (shape, size) = (r.shape(), r.voxel_size()?);
        let plane = shape.y * shape.x;
        let edge = r.voxel_m_xyz();
        let slice_of = |z_m: f64| (z_m / edge[2] - 0.5).ceil().clamp(0.0, shape.z as f64) as usize;
        let mut labels = match &self.body {
            Body::Rods { solid, inverse, .. } => {
                let inverse = *inverse;
                raster::mask(shape, size, solid.as_ref()).map(move |&s| u8::from(s != inverse))
            }
            Body::Field { field, .. } => field.mask(shape, size).map(|&s| u8::from(s)),
            Body::Foil(foil) => {
                raster::mask(shape, size, foil.as_ref()).map(|&s| if s { Label::Lithium as u8 } else { 0 })
            }
            Body::Interlayer { field, layer_m, .. } => {
                let solid = if r.word("material") == "lithiophilic" { Label::Lithiophilic } else { Label::Other } as u8;
                let mut labels = field.mask(shape, size).map(|&s| if s { solid } else { 0 });
                labels.as_mut_slice()[slice_of(*layer_m) * plane..].fill(Label::Lithium as u8);
                labels
            }
        };
        let bare = labels.as_slice().iter().filter(|v| **v != 0).count() as f64 / shape.len() as f64;
        if let (Some(graph), true) = (&self.graph, self.node_zone_m > 0.0) {
            crate::foam::tag_nodes(&mut labels, edge, self.node_zone_m, &graph.node_images(self.node_zone_m));
        }
        if let Some(debris) = &self.debris {
            let mask = raster::mask(shape, r.voxel_size()?, debris.as_ref());
            let pairs = labels.as_mut_slice().iter_mut().zip(mask.as_slice());
            pairs.filter(|(v, m)| **m && **v == 0).for_each(|(v, _)| *v = Label::Other as u8);
        }
        let floor = slice_of(r.box_m()[2] - r.value("floor"));
        labels.as_mut_slice()[floor * plane..].fill(Label::Collector as u8);
        match r.word("lithium") {
            "conformal" => dress::conformal(&mut labels, r.value("lithium_fraction")),
            "bottom" => dress::from_bottom(&mut labels, r.value("lithium_fraction")),
            _ => {}
        }
        let pattern = r.word("sites");
        let sites = (pattern != "none").then(|| {
            let on = match r.word("site_on") {
                "fibre" => LabelSet::of(Label::Fibre),
                "node" => LabelSet::of(Label::Node),
                _ => LabelSet::of(Label::Fibre).with(Label::Node).with(Label::Lithium),
            };
            let (fraction, size_m) = (r.value("site_fraction"), r.value("site_size"));
            dress::decorate(&mut labels, &dress::Sites { pattern, fraction, size_m, on }, self.seed)
        });
        Ok(Drawn { labels: Labels::new(labels)?, solid_voxel_fraction: bare, sites })
    }

    /// The solid fraction of each voxel of the bare host; `None` where that is not the whole host.
    ///
    /// # Errors
    /// [`HostError::Grid`] for a grid that is not usable.
    pub fn coverage(&self) -> Result<Option<Volume<f32>>, HostError> {
        let r = &self.recipe;
        let dressed = r.value("floor") > 0.0 || r.word("lithium") != "none" || r.word("sites") != "none";
        Ok(match &self.body {
            Body::Rods { solid, inverse, .. } if !dressed && self.debris.is_none() => {
                let mut volume = raster::coverage(r.shape(), r.voxel_size()?, solid.as_ref());
                if *inverse {
                    volume.as_mut_slice().par_iter_mut().for_each(|c| *c = 1.0 - *c);
                }
                Some(volume)
            }
            _ => None,
        })
    }

    /// Everything that is known about the host and these labels of it.
    ///
    /// # Errors
    /// [`HostError::Grid`] for a grid that is not usable.
    pub fn truth(&self, drawn: &Drawn) -> Result<Truth, HostError> {
        let r = &self.recipe;
        let (shape, size) = (r.shape(), r.voxel_size()?);
        let volume_m3: f64 = r.box_m().iter().product();
        let (fraction, area) = match &self.body {
            Body::Rods { rods, solid, inverse } => {
                let e = raster::fraction(shape, &size, solid.as_ref());
                let e = if *inverse { Estimate { value: 1.0 - e.value, ..e } } else { e };
                let area = rods.surface_area_m2(solid, self.seed);
                (Known::of(e, Method::PartialVolume), Known::of(area, Method::SurfaceSampling))
            }
            Body::Field { field, wavelength_m } => {
                let (f, a) = field.measure(*wavelength_m, FIELD_POINTS);
                let a = Known::of(a, Method::FieldIntegration);
                (Known::of(f, Method::FieldIntegration), a.over(1.0 / volume_m3))
            }
            Body::Foil(foil) => {
                let share = 1.0 - r.value("headspace") / r.box_m()[2];
                (Known::exact(share), Known::exact(foil.area_m2()))
            }
            Body::Interlayer { field, wavelength_m, layer_m } => {
                let (f, a) = field.measure(*wavelength_m, FIELD_POINTS);
                let share = layer_m / r.box_m()[2];
                let a = Known::of(a, Method::FieldIntegration).over(1.0 / (volume_m3 * share));
                let f = Known::of(f, Method::FieldIntegration).over(1.0 / share);
                (Known { value: f.value + 1.0 - share, ..f }, a)
            }
        };
        let counts = drawn.labels.counts();
        let total = shape.len() as f64;
        let share = |l: Label| counts[l as usize] as f64 / total;
        let graph = self.graph.as_ref().map(Graph::facts);
        Ok(Truth {
            schema: "foamflux.host-truth/1",
            name: r.preset().name,
            row: r.preset().row,
            generator: crate::random::GENERATOR,
            seed: self.seed,
            shape_zyx: [shape.z, shape.y, shape.x],
            voxel_size_m_xyz: r.voxel_m_xyz(),
            volume_m3,
            parameters: r.entries(),
            solid_volume_fraction: fraction,
            solid_voxel_fraction: drawn.solid_voxel_fraction,
            surface_area_m2: area,
            area_per_volume_per_m: area.over(volume_m3),
            orientation_tensor: graph.as_ref().map(|g| g.orientation_tensor),
            cells: self.cells.map(|c| c.0),
            cell_diameter_spread: self.cells.map(|c| c.1),
            graph,
            relations: self.relations.clone(),
            carbonised: self.carbonised.clone(),
            label_fractions: drawn.labels.present().iter().map(|l| (l.name(), share(l))).collect(),
            lithium_fraction: (share(Label::Lithium) > 0.0).then(|| share(Label::Lithium)),
            sites: drawn.sites,
            notes: self.notes(),
        })
    }

    fn notes(&self) -> Vec<String> {
        let r = &self.recipe;
        let mut notes = Vec::new();
        if !r.preset().note.is_empty() {
            notes.push(r.preset().note.to_owned());
        }
        let voxel = r.voxel_m_xyz().into_iter().fold(0.0, f64::max);
        let coarse = |what: &str, length: f64| {
            (length < 4.0 * voxel).then(|| {
                format!(
                    "{what} ({}) has fewer than four voxels across: volumes are exact, tags and areas measured on \
                         voxels are not",
                    crate::catalogue::length_text(length)
                )
            })
        };
        match r.preset().model {
            Model::Foam => {
                let d = self.carbonised.as_ref().map_or(r.value("strut_diameter"), |c| c.diameter_used_m);
                notes.extend(coarse("the strut", d));
                let cell = self.carbonised.as_ref().map_or(r.value("cell_size"), |c| c.cell_size_after_m);
                let across = r.box_m().into_iter().fold(f64::INFINITY, f64::min) / cell;
                if across < 5.0 {
                    notes.push(format!(
                        "the box is {across:.1} cells across along its shortest edge; five are needed to represent the foam"
                    ));
                }
            }
            Model::Fibres => notes.extend(coarse("the fibre", r.value("diameter"))),
            Model::Sheets => notes.extend(coarse("the sheet", r.value("thickness"))),
            Model::Spheres if r.value("hollow") > 0.0 => {
                notes.extend(coarse("the shell", 0.5 * (1.0 - r.value("hollow")) * r.value("diameter")));
            }
            _ => {}
        }
        if r.word("sites") != "none" {
            notes.push("sites are one voxel thick: their area is meant, not their volume".to_owned());
        }
        notes
    }
}

/// Points a wavelength for the truth of fields.
const FIELD_POINTS: f64 = 20.0;

fn rods(rods: Rods, inverse: bool) -> Body {
    let solid = Box::new(rods.solid());
    Body::Rods { rods: Box::new(rods), solid, inverse }
}

/// Shrinks a precursor foam: cells by the linear shrinkage; the diameter stays the stated one unless the mass balance is
/// asked for, `phi' / phi = yield / (density ratio (1 - s)^3)`.
fn carbonise(r: &Recipe, foam: &mut StrutFoam) -> Option<Carbonised> {
    let word = r.word("carbonise");
    let (_, temperature, shrinkage) =
        crate::catalogue::carbonise_table().into_iter().find(|c| c.0 == word && c.1 > 0.0)?;
    let before = foam.cell_size_m;
    let after = before * (1.0 - shrinkage);
    // phi is proportional to (d / cell)^2.
    let ratio = r.value("mass_yield") / (r.value("density_ratio") * (1.0 - shrinkage).powi(3));
    let balanced = PRECURSOR_DIAMETER_M * (1.0 - shrinkage) * ratio.sqrt();
    foam.cell_size_m = after;
    if r.flag("diameter_by_mass") {
        foam.diameter_m = balanced;
    }
    Some(Carbonised {
        temperature_celsius: temperature,
        linear_shrinkage: shrinkage,
        cell_size_before_m: before,
        cell_size_after_m: after,
        diameter_by_mass_balance_m: balanced,
        diameter_used_m: foam.diameter_m,
    })
}

/// Whether any point of the solid is known to be inside; used by tests of generators.
impl HostModel {
    /// The bare solid as signed distances, where it is made of rods and balls and not inverted.
    #[must_use]
    pub fn solid(&self) -> Option<&dyn Solid> {
        match &self.body {
            Body::Rods { solid, inverse: false, .. } => Some(solid.as_ref()),
            _ => None,
        }
    }
}
