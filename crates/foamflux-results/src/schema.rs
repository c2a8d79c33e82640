//! JSON Schemas of everything that is printed, made from the types themselves.

use serde_json::Value;

use crate::{
    CompareResults, CurrentResults, GalleryResults, ImpedanceResults, IngestResults, MeasureResults, PlateResults,
    RunResults, SegmentResults, TagResults, TransportResults,
};

/// Name (`foamflux.run/1`, what the key `schema` of the JSON holds) and JSON Schema, draft 2020-12, of every kind of results.
///
/// Descriptions are those of the fields in Rust.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Value)> {
    macro_rules! of {
        ($($results:ty),*) => {
            vec![$((<$results>::SCHEMA, named(<$results>::SCHEMA, schemars::schema_for!($results).to_value()))),*]
        };
    }
    of!(
        RunResults,
        IngestResults,
        SegmentResults,
        TagResults,
        MeasureResults,
        TransportResults,
        CurrentResults,
        ImpedanceResults,
        PlateResults,
        CompareResults,
        GalleryResults
    )
}

/// The file that a schema is published in: `foamflux.run.1.schema.json`.
#[must_use]
pub fn schema_file(name: &str) -> String {
    format!("{}.schema.json", name.replace('/', "."))
}

/// The schema, which also says which version it is of.
fn named(name: &str, mut schema: Value) -> Value {
    if let Some(properties) = schema.pointer_mut("/properties/schema") {
        properties["const"] = Value::from(name);
    }
    schema["title"] = Value::from(name);
    schema
}
