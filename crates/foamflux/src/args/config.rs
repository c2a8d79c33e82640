//! From the flags that were typed to a configuration: what was left out stays open.

use foamflux_pipeline::Config;

use super::{Command, CommonArgs, InputArgs, MeasurementArgs, NodeArgs, SegmentationArgs, SolveArgs};

impl CommonArgs {
    /// Whether a device was named.
    pub(crate) fn names_device(&self) -> bool {
        self.device.is_some()
    }

    pub(super) fn set(&self, config: &mut Config) {
        config.device.clone_from(&self.device);
        config.threads = self.threads;
        config.max_memory.clone_from(&self.max_memory);
        config.seed = self.seed;
    }
}

impl InputArgs {
    pub(super) fn set(&self, config: &mut Config) {
        config.voxel_size.clone_from(&self.voxel_size);
        config.slice_thickness.clone_from(&self.slice_thickness);
        config.tilt_correction.clone_from(&self.tilt_correction);
        config.data_bar.clone_from(&self.data_bar);
        config.labels.clone_from(&self.labels);
        config.content.clone_from(&self.content);
        config.crop.clone_from(&self.crop);
        config.bin = self.bin;
        config.odd_sizes.clone_from(&self.odd_sizes);
        config.bad_slices.clone_from(&self.bad_slices);
        config.shape.clone_from(&self.shape);
        config.dtype.clone_from(&self.dtype);
        config.byte_order.clone_from(&self.byte_order);
        config.offset = self.offset;
    }
}

impl SegmentationArgs {
    pub(super) fn set(&self, config: &mut Config) {
        // A threshold, or a pair of them, says which method is meant.
        let implied = match (self.threshold, self.low.or(self.high)) {
            (Some(_), None) => Some("fixed".to_owned()),
            (None, Some(_)) => Some("hysteresis".to_owned()),
            _ => self.train.as_ref().map(|_| "classifier".to_owned()),
        };
        config.correct.clone_from(&self.correct);
        config.align.clone_from(&self.align);
        config.method = self.method.clone().or(implied);
        config.threshold = self.threshold;
        config.low = self.low;
        config.high = self.high;
        config.classes = self.classes;
        config.radius = self.radius;
        config.sauvola_k = self.sauvola_k;
        config.beta = self.beta;
        config.train.clone_from(&self.train);
        config.foreground.clone_from(&self.foreground);
        config.denoise.clone_from(&self.denoise);
        config.min_solid.clone_from(&self.min_solid);
        config.fill_holes.clone_from(&self.fill_holes);
        config.doubt = self.no_doubt.then_some(false);
    }
}

impl NodeArgs {
    fn set(&self, config: &mut Config) {
        config.node_factor = self.node_factor;
        config.node_lambda = self.node_lambda;
        config.spur = self.spur;
        config.tag_debris = self.tag_debris.then_some(true);
    }
}

impl MeasurementArgs {
    pub(super) fn set(&self, config: &mut Config) {
        config.density = self.density;
        config.bet = self.bet;
        config.sampling_goal.clone_from(&self.sampling_goal);
    }
}

impl SolveArgs {
    fn set(&self, config: &mut Config) {
        config.direction.clone_from(&self.direction);
        config.tol.clone_from(&self.tol);
        config.sides.clone_from(&self.sides);
        config.max_iterations = self.max_iterations;
        config.refine = self.refine.then_some(true);
        config.tensor = self.tensor.then_some(true);
        config.collector.clone_from(&self.collector);
    }
}

impl Command {
    /// Flags that every command has.
    pub(crate) fn common(&self) -> &CommonArgs {
        match self {
            Command::Run(args) => &args.common,
            Command::Ingest(args) => &args.common,
            Command::Segment(args) => &args.common,
            Command::Tag(args) => &args.common,
            Command::Measure(args) => &args.common,
            Command::Transport(args) => &args.common,
            Command::Current(args) => &args.common,
            Command::Impedance(args) => &args.common,
            Command::Plate(args) => &args.common,
            Command::Host(args) => &args.common,
            Command::Compare(args) => &args.common,
            Command::Demo(args) => &args.common,
            Command::View(args) => &args.common,
            Command::Diff(args) => &args.common,
            Command::Reproduce(args) => &args.common,
            Command::Devices(args) => &args.common,
            Command::Bench(args) => &args.common,
        }
    }

    /// The segmentation recipe that was named.
    pub(crate) fn recipe(&self) -> Option<&std::path::Path> {
        match self {
            Command::Run(args) => args.segmentation.recipe.as_deref(),
            Command::Segment(args) => args.segmentation.recipe.as_deref(),
            _ => None,
        }
    }

    /// What the flags alone say.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        self.common().set(&mut config);
        match self {
            Command::Run(args) => {
                args.input.set(&mut config);
                args.segmentation.set(&mut config);
                args.measurement.set(&mut config);
                args.solve.set(&mut config);
                args.cell.set(&mut config);
                args.node.set(&mut config);
                config.tag_grey = args.tag_grey.then_some(true);
                config.skip.clone_from(&args.skip);
                config.only.clone_from(&args.only);
                config.sample.clone_from(&args.sample);
                config.phase.clone_from(&args.phase);
                config.fields.clone_from(&args.fields);
                config.export.clone_from(&args.export);
                config.surface_ends.clone_from(&args.surface_ends);
            }
            Command::Ingest(args) => args.input.set(&mut config),
            Command::Segment(args) => {
                args.input.set(&mut config);
                config.direction.clone_from(&args.truth_tau);
                args.segmentation.set(&mut config);
            }
            Command::Tag(args) => {
                args.input.set(&mut config);
                args.node.set(&mut config);
                config.sides.clone_from(&args.sides);
            }
            Command::Measure(args) => {
                args.input.set(&mut config);
                args.measurement.set(&mut config);
            }
            Command::Transport(args) => {
                args.input.set(&mut config);
                args.solve.set(&mut config);
                config.phase = args.phase.clone().map(|phase| vec![phase]);
                config.conductivity.clone_from(&args.conductivity);
                config.certify = args.certify.then_some(true);
                config.geometric = args.geometric.then_some(true);
                config.electrode = args.electrode.then_some(true);
                config.wall_area.clone_from(&args.wall_area);
                config.layout.clone_from(&args.layout);
            }
            Command::Current(args) => args.set(&mut config),
            Command::Impedance(args) => args.set(&mut config),
            Command::Plate(args) => args.set(&mut config),
            Command::Host(args) => {
                config.voxel_size.clone_from(&args.voxel_size);
                config.labels.clone_from(&args.label_map);
            }
            Command::Compare(args) => args.set(&mut config),
            Command::Demo(_)
            | Command::View(_)
            | Command::Diff(_)
            | Command::Reproduce(_)
            | Command::Devices(_)
            | Command::Bench(_) => {}
        }
        config
    }
}
