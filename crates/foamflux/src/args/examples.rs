//! Examples below the help of every command; a test parses each line with the parser that users meet.

pub(super) const PROGRAM: &str = "\
Examples:
  foamflux run slices/ --voxel-size 19.5um -o out
  foamflux run stack.tif --voxel-size 25nm,25nm,50nm -o out
  foamflux measure labels.tif --labels pore=0,fibre=255
  foamflux transport labels.npy --phase pore --direction all --json
  foamflux current labels.tif --current 1mA/cm2 --i0 node=0.056mA/cm2 -o current.vti
  foamflux plate labels.tif --capacity 10mAh/cm2 --current 1mA/cm2 --strip -o plated
  foamflux demo
  foamflux view out
  foamflux devices

Exit status: 0 done, 1 internal error, 2 wrong usage or an output that cannot be written, 3 unreadable input,
4 does not fit in memory, 5 not converged, 6 device absent or failed, 130 stopped by Ctrl-C. A phase that does not percolate is a result, not an error.";

pub(super) const RUN: &str = "\
Examples:
  foamflux run slices/ --voxel-size 25nm,25nm,50nm -o out
  foamflux run stack.tif --recipe recipe.toml -o out
  foamflux run sem/ --slice-thickness 20nm --tilt-correction 52 --align drift -o out
  foamflux run labels.tif --labels pore=0,fibre=255 --skip current -o out --dry-run";

pub(super) const INGEST: &str = "\
Examples:
  foamflux ingest slices/
  foamflux ingest stack.tif --crop 0:256,0:256,0:128 --bin 2 -o small.nrrd
  foamflux ingest volume.raw --shape 100,200,300 --dtype u16 --voxel-size 1um";

pub(super) const SEGMENT: &str = "\
Examples:
  foamflux segment slices/ -o labels.tif --save-recipe recipe.toml
  foamflux segment slices/ --threshold 90 --denoise none -o labels.tif
  foamflux segment slices/ --train painted.tif -o labels.tif
  foamflux segment grey.tif --truth labels.tif --truth-tau z";

pub(super) const TAG: &str = "\
Examples:
  foamflux tag labels.tif -o tags.tif
  foamflux tag labels.tif -o tags.tif --network graph --node-factor 1.2
  foamflux tag labels.tif --orientation directions.vti";

pub(super) const MEASURE: &str = "\
Examples:
  foamflux measure labels.tif
  foamflux measure labels.npy --voxel-size 1.3um --density 1.8 --bet 6.27
  foamflux measure electrode.tiff --labels pore=0,fibre=85,other=170 --json";

pub(super) const TRANSPORT: &str = "\
Examples:
  foamflux transport labels.tif --phase pore --direction all
  foamflux transport labels.tif --phase solid --direction z --certify --refine --geometric
  foamflux transport tags.tif --conductivity fibre=1,node=0.3 --direction z -o maps.vti
  foamflux transport labels.tif --phase pore --electrode --json";

pub(super) const CURRENT: &str = "\
Examples:
  foamflux current labels.tif --current 3mA/cm2 -o current.vti
  foamflux current labels.tif --i0 8A/m2 --kappa 1.2S/m --sigma 500S/m --film 50ohm*cm2
  foamflux current labels.tif --current 3mA/cm2 --electrolyte concentrated
  foamflux current labels.tif --current 3mA/cm2 --sand";

pub(super) const IMPEDANCE: &str = "\
Examples:
  foamflux impedance labels.tif --frequencies 10mHz:1MHz -o spectrum.csv
  foamflux impedance labels.tif --capacitance 0.1F/m2 --points-per-decade 10 -o spectrum.svg";

pub(super) const PLATE: &str = "\
Examples:
  foamflux plate labels.tif --capacity 10mAh/cm2 --current 1mA/cm2 --strip -o plated
  foamflux plate labels.tif --capacity 10mAh/cm2 --strip -o plated --resume
  foamflux plate labels.tif --capacity 20mAh/cm2 --overflow --stages 1,5,10,20 -o plated";

pub(super) const HOST: &str = "\
Examples:
  foamflux host --list
  foamflux host --explain cmf-sem
  foamflux host cmf-sem --size 256 --grey=fib-sem --seed 2 -o host
  foamflux host laguerre-foam --set strut_diameter=6.2um --set cell_size=60um -o host
  foamflux host grey labels.tif --mode ct -o slices
  foamflux host --gallery -o gallery";

pub(super) const COMPARE: &str = "\
Examples:
  foamflux compare host:cmf-sem host:fibre-mat -o side-by-side
  foamflux compare out/ slices/ host:cnf-mat,diameter=300nm --voxel-size 1um -o side-by-side
  foamflux compare host:cmf-sem host:ni-foam --quality full --seeds 5 -o side-by-side";

pub(super) const DEMO: &str = "\
Examples:
  foamflux demo
  foamflux demo --seed 2 -o another";

pub(super) const VIEW: &str = "\
Examples:
  foamflux view out
  foamflux view out --port 8000 --no-browser";

pub(super) const DIFF: &str = "\
Examples:
  foamflux diff out/ other/
  foamflux diff before.json after.json --all";

pub(super) const REPRODUCE: &str = "\
Examples:
  foamflux reproduce out/
  foamflux reproduce results.json --input /data/slices --threads 4";

pub(super) const DEVICES: &str = "\
Examples:
  foamflux devices
  foamflux devices --json";

pub(super) const BENCH: &str = "\
Examples:
  foamflux bench --quick
  foamflux bench current --sizes 64,128
  foamflux bench --device gpu:0 --json
  foamflux bench --compare before.json file:labels.tif";

pub(super) const INIT: &str = "\
Examples:
  foamflux init
  foamflux init settings.toml --overwrite";

pub(super) const COMPLETIONS: &str = "\
Examples:
  foamflux completions bash
  foamflux completions powershell";

pub(super) const MAN: &str = "\
Examples:
  foamflux man man1";

pub(super) const SCHEMA: &str = "\
Examples:
  foamflux schema transport
  foamflux schema -o schemas";

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::args::Cli;

    /// Lines of examples in a help.
    fn examples(help: &str) -> Vec<&str> {
        let part = help.split("Examples:\n").nth(1).unwrap_or_default();
        part.lines().take_while(|l| l.starts_with("  ")).map(str::trim).collect()
    }

    #[test]
    fn every_command_has_examples_and_each_is_accepted() {
        let mut root = Cli::command();
        root.build();
        let own = root.get_after_help().unwrap().to_string();
        let mut all: Vec<(String, String)> = examples(&own).iter().map(|e| (String::new(), (*e).to_owned())).collect();
        for command in root.get_subcommands().filter(|c| c.get_name() != "help") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let found = examples(&help);
            assert!(!found.is_empty(), "{} has no examples", command.get_name());
            all.extend(found.iter().map(|e| (command.get_name().to_owned(), (*e).to_owned())));
        }
        for (name, example) in all {
            assert!(example.starts_with(&format!("foamflux {name}")), "'{example}' below the help of {name}");
            if let Err(error) = Cli::try_parse_from(example.split_whitespace()) {
                panic!("{example}\n{error}");
            }
        }
    }
}
