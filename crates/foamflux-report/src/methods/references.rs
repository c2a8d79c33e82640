//! The works that methods come from, once each, as text and as BibTeX.

/// A work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    /// Key in BibTeX.
    pub(super) key: &'static str,
    /// Authors as BibTeX wants them.
    pub(super) authors: &'static str,
    pub(super) title: &'static str,
    /// Journal, proceedings or publisher.
    pub(super) place: &'static str,
    pub(super) volume: &'static str,
    pub(super) pages: &'static str,
    pub(super) year: u16,
    pub(super) doi: &'static str,
}

impl Work {
    /// Initials before names, as lists of references have them.
    pub(super) fn text(&self) -> String {
        let authors: Vec<String> = self
            .authors
            .split(" and ")
            .map(|a| a.split_once(", ").map_or_else(|| a.to_owned(), |(name, first)| format!("{first} {name}")))
            .collect();
        let volume = if self.volume.is_empty() { String::new() } else { format!(" {}", self.volume) };
        let pages = if self.pages.is_empty() { String::new() } else { format!(", {}", self.pages) };
        format!("{}: {}. {}{volume} ({}){pages}.", authors.join(", "), self.title, self.place, self.year)
    }

    /// An entry for reference managers.
    pub(super) fn bibtex(&self) -> String {
        let kind = if self.volume.is_empty() { "book" } else { "article" };
        let place = if kind == "book" { "publisher" } else { "journal" };
        let mut fields = vec![
            ("author", self.authors.to_owned()),
            ("title", format!("{{{}}}", self.title)),
            (place, self.place.to_owned()),
            ("volume", self.volume.to_owned()),
            ("pages", self.pages.replace('–', "--")),
            ("year", self.year.to_string()),
            ("doi", self.doi.to_owned()),
        ];
        fields.retain(|(_, value)| !value.is_empty());
        let body: Vec<String> = fields.iter().map(|(key, value)| format!("  {key} = {{{}}}", tex(value))).collect();
        format!("@{kind}{{{},\n{}\n}}", self.key, body.join(",\n"))
    }
}

/// Letters beyond ASCII as TeX spells them.
fn tex(text: &str) -> String {
    [
        ("é", "{\\'e}"),
        ("è", "{\\`e}"),
        ("ü", "{\\\"u}"),
        ("ö", "{\\\"o}"),
        ("ä", "{\\\"a}"),
        ("ê", "{\\^e}"),
        ("&", "\\&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (letter, spelled)| text.replace(letter, spelled))
}

macro_rules! works {
    ($($name:ident: $key:literal, $authors:literal, $title:literal, $place:literal, $volume:literal, $pages:literal, $year:literal, $doi:literal;)*) => {
        $(pub(super) const $name: Work = Work {
            key: $key, authors: $authors, title: $title, place: $place, volume: $volume, pages: $pages, year: $year, doi: $doi,
        };)*
        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[Work] = &[$($name),*];
    };
}

works! {
    OTSU: "otsu1979", "Otsu, N.", "A threshold selection method from gray-level histograms",
        "IEEE Transactions on Systems, Man, and Cybernetics", "9", "62–66", 1979, "10.1109/TSMC.1979.4310076";
    MULTI_OTSU: "liao2001", "Liao, P.-S. and Chen, T.-S. and Chung, P.-C.", "A fast algorithm for multilevel thresholding",
        "Journal of Information Science and Engineering", "17", "713–727", 2001, "";
    LI: "li1993", "Li, C. H. and Lee, C. K.", "Minimum cross entropy thresholding",
        "Pattern Recognition", "26", "617–625", 1993, "10.1016/0031-3203(93)90115-D";
    TRIANGLE: "zack1977", "Zack, G. W. and Rogers, W. E. and Latt, S. A.",
        "Automatic measurement of sister chromatid exchange frequency",
        "Journal of Histochemistry & Cytochemistry", "25", "741–753", 1977, "10.1177/25.7.70454";
    MINIMUM_ERROR: "kittler1986", "Kittler, J. and Illingworth, J.", "Minimum error thresholding",
        "Pattern Recognition", "19", "41–47", 1986, "10.1016/0031-3203(86)90030-0";
    SAUVOLA: "sauvola2000", "Sauvola, J. and Pietikäinen, M.", "Adaptive document image binarization",
        "Pattern Recognition", "33", "225–236", 2000, "10.1016/S0031-3203(99)00055-2";
    MARKOV: "besag1986", "Besag, J.", "On the statistical analysis of dirty pictures",
        "Journal of the Royal Statistical Society: Series B", "48", "259–302", 1986, "10.1111/j.2517-6161.1986.tb01412.x";
    FOREST: "breiman2001", "Breiman, L.", "Random forests", "Machine Learning", "45", "5–32", 2001, "10.1023/A:1010933404324";
    CANNY: "canny1986", "Canny, J.", "A computational approach to edge detection",
        "IEEE Transactions on Pattern Analysis and Machine Intelligence", "8", "679–698", 1986, "10.1109/TPAMI.1986.4767851";
    KUGLIN: "kuglin1975", "Kuglin, C. D. and Hines, D. C.", "The phase correlation image alignment method",
        "Proceedings of the IEEE International Conference on Cybernetics and Society", "1975", "163–165", 1975, "";
    THICKNESS: "hildebrand1997", "Hildebrand, T. and Rüegsegger, P.",
        "A new method for the model-independent assessment of thickness in three-dimensional images",
        "Journal of Microscopy", "185", "67–75", 1997, "10.1046/j.1365-2818.1997.1340694.x";
    MARCHING_CUBES: "lorensen1987", "Lorensen, W. E. and Cline, H. E.",
        "Marching cubes: a high resolution 3D surface construction algorithm",
        "ACM SIGGRAPH Computer Graphics", "21", "163–169", 1987, "10.1145/37402.37422";
    CROFTON: "legland2007", "Legland, D. and Kiêu, K. and Devaux, M.-F.",
        "Computation of Minkowski measures on 2D and 3D binary images",
        "Image Analysis & Stereology", "26", "83–92", 2007, "10.5566/ias.v26.p83-92";
    NORMALS: "lachaud2016", "Lachaud, J.-O. and Thibert, B.",
        "Properties of Gauss digitized shapes and digital surface integration",
        "Journal of Mathematical Imaging and Vision", "54", "162–180", 2016, "10.1007/s10851-015-0595-7";
    RANGE: "lantuejoul1991", "Lantuéjoul, C.", "Ergodicity and integral range",
        "Journal of Microscopy", "161", "387–403", 1991, "10.1111/j.1365-2818.1991.tb03099.x";
    THINNING: "pudney1998", "Pudney, C.",
        "Distance-ordered homotopic thinning: a skeletonization algorithm for 3D digital images",
        "Computer Vision and Image Understanding", "72", "404–413", 1998, "10.1006/cviu.1998.0680";
    SIMPLE: "bertrand1994", "Bertrand, G. and Malandain, G.", "A new characterization of three-dimensional simple points",
        "Pattern Recognition Letters", "15", "169–175", 1994, "10.1016/0167-8655(94)90046-9";
    TORTUOSITY: "tjaden2018", "Tjaden, B. and Brett, D. J. L. and Shearing, P. R.",
        "Tortuosity in electrochemical devices: a review of calculation approaches",
        "International Materials Reviews", "63", "47–67", 2018, "10.1080/09506608.2016.1249995";
    GRADIENTS: "hestenes1952", "Hestenes, M. R. and Stiefel, E.", "Methods of conjugate gradients for solving linear systems",
        "Journal of Research of the National Bureau of Standards", "49", "409–436", 1952, "10.6028/jres.049.044";
    MULTIGRID: "notay2008", "Notay, Y. and Vassilevski, P. S.", "Recursive Krylov-based multigrid cycles",
        "Numerical Linear Algebra with Applications", "15", "473–487", 2008, "10.1002/nla.542";
    BOUNDS: "prager1947", "Prager, W. and Synge, J. L.",
        "Approximations in elasticity based on the concept of function space",
        "Quarterly of Applied Mathematics", "5", "241–269", 1947, "10.1090/qam/25902";
    ELEMENTS: "raviart1977", "Raviart, P. A. and Thomas, J. M.", "A mixed finite element method for 2nd order elliptic problems",
        "Lecture Notes in Mathematics", "606", "292–315", 1977, "10.1007/BFb0064470";
    MARCHING: "sethian1996", "Sethian, J. A.", "A fast marching level set method for monotonically advancing fronts",
        "Proceedings of the National Academy of Sciences", "93", "1591–1595", 1996, "10.1073/pnas.93.4.1591";
    ELECTRODE: "nguyen2020", "Nguyen, T.-T. and Demortière, A. and Fleutot, B. and Delobel, B. and Delacourt, C. and Cooper, S. J.",
        "The electrode tortuosity factor: why the conventional tortuosity factor is not well suited for quantifying transport in porous Li-ion battery electrodes and what to use instead",
        "npj Computational Materials", "6", "123", 2020, "10.1038/s41524-020-00386-4";
    IMPEDANCE: "landesfeind2016", "Landesfeind, J. and Hattendorff, J. and Ehrl, A. and Wall, W. A. and Gasteiger, H. A.",
        "Tortuosity determination of battery electrodes and separators by impedance spectroscopy",
        "Journal of The Electrochemical Society", "163", "A1373–A1387", 2016, "10.1149/2.1141607jes";
    POROUS: "newman1962", "Newman, J. S. and Tobias, C. W.", "Theoretical analysis of current distribution in porous electrodes",
        "Journal of The Electrochemical Society", "109", "1183–1191", 1962, "10.1149/1.2425269";
    SYSTEMS: "newman2004", "Newman, J. and Thomas-Alyea, K. E.", "Electrochemical Systems, 3rd edition",
        "John Wiley & Sons", "", "", 2004, "";
    MARCUS: "chidsey1991", "Chidsey, C. E. D.",
        "Free energy and temperature dependence of electron transfer at the metal-electrolyte interface",
        "Science", "251", "919–922", 1991, "10.1126/science.251.4996.919";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_is_whole_and_has_its_own_key() {
        for (i, work) in ALL.iter().enumerate() {
            assert!(ALL[i + 1..].iter().all(|other| other.key != work.key), "{}", work.key);
            assert!(work.key.ends_with(&work.year.to_string()), "{}", work.key);
            assert!(work.doi.is_empty() || work.doi.starts_with("10."), "{}", work.key);
            let entry = work.bibtex();
            assert_eq!(entry.matches('{').count(), entry.matches('}').count(), "{entry}");
            assert!(entry.is_ascii(), "{entry}");
        }
    }

    #[test]
    fn a_work_reads_as_references_do() {
        assert_eq!(
            OTSU.text(),
            "N. Otsu: A threshold selection method from gray-level histograms. IEEE Transactions on Systems, Man, and Cybernetics 9 (1979), 62–66."
        );
        assert!(
            THICKNESS
                .bibtex()
                .starts_with("@article{hildebrand1997,\n  author = {Hildebrand, T. and R{\\\"u}egsegger, P.},")
        );
        assert!(
            SYSTEMS.bibtex().starts_with("@book{newman2004")
                && SYSTEMS.bibtex().contains("publisher = {John Wiley \\& Sons}")
        );
    }
}
