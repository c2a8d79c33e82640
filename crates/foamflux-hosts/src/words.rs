//! Words that users mistype.

/// Similarity by Jaro and Winkler from which a word is taken for a misspelling of another: `cmf-sen` and `cmf-sem` have 0.97,
/// `melamine` and `melamine-foam` 0.92, `voxelsize` and `voxel-size` 0.98, `nickel` and `ni-foam` 0.62.
const ALIKE: f64 = 0.84;

/// The known word that somebody meant, if one is near enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|k| (k, strsim::jaro_winkler(&word, k)))
        .filter(|(_, alike)| *alike >= ALIKE)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(k, _)| k)
}

/// The same as a question to put into a message: `did you mean 'cmf-sem'? `, or nothing.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |k| format!("did you mean '{k}'? "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_recognised_and_other_words_are_not() {
        let hosts = ["cmf-demo", "cmf-sem", "cmf-free", "melamine-foam", "ni-foam", "foil"];
        for (word, meant) in [
            ("cmf-sen", Some("cmf-sem")),
            ("CMF-SEM", Some("cmf-sem")),
            ("melamine", Some("melamine-foam")),
            ("cmfdemo", Some("cmf-demo")),
            ("fiol", Some("foil")),
            ("nickel", None),
            ("", None),
            ("labels.tif", None),
        ] {
            assert_eq!(nearest(word, hosts), meant, "{word}");
        }
        assert_eq!(did_you_mean("cmf-sen", hosts), "did you mean 'cmf-sem'? ");
        assert_eq!(did_you_mean("nickel", hosts), "");
    }
}
