//! The order of slices, from their names.
//!
//! Names are split into digits and the rest. Names whose rest is the same form one group, whatever the padding
//! (`a_9` and `a_10`, `a_1` and `a_01`). In a group one run of digits is the slice number: the one with the most
//! distinct values; among equals the one with the fewest gaps, then the last. If that number occurs repeatedly while
//! another run of digits differs (`t0_z1`, `t1_z1`), the other runs divide the group into series.
//!
//! Nothing is guessed. A folder with several series is refused with a list, with one exception:
//! images that stand alone beside a series of at least three slices (previews, overviews), at most one for every
//! ten slices or one, are left out, and the report names them.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Gap;

/// One run of slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    /// Indices into the names given, in slice order, with the slice number where the names have one.
    pub(super) slices: Vec<(usize, Option<u64>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Text(String),
    Number(u64),
}

/// Splits a file name without its extension.
fn tokens(stem: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = stem;
    while let Some(c) = rest.chars().next() {
        let digit = c.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        tokens.push(match run.parse() {
            // More than 19 digits are no slice number.
            Ok(n) if digit => Token::Number(n),
            _ => Token::Text(run.to_lowercase()),
        });
        rest = tail;
    }
    tokens
}

/// The name without folder and extension.
pub(super) fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// Names of one pattern: their indices and their numbers.
type Group = Vec<(usize, Vec<u64>)>;

/// Groups names into series, the longest first.
pub(super) fn series(names: &[&str]) -> Vec<Series> {
    let mut groups: BTreeMap<Vec<Option<String>>, Group> = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        let tokens = tokens(stem(name));
        let pattern = tokens.iter().map(|t| if let Token::Text(s) = t { Some(s.clone()) } else { None }).collect();
        let numbers = tokens.iter().filter_map(|t| if let Token::Number(n) = t { Some(*n) } else { None }).collect();
        groups.entry(pattern).or_default().push((index, numbers));
    }
    let mut all: Vec<Series> = groups.into_values().flat_map(split).collect();
    all.sort_by_key(|s| std::cmp::Reverse(s.slices.len()));
    all
}

/// Divides names of one pattern into series.
fn split(members: Group) -> Vec<Series> {
    let columns = members.first().map_or(0, |(_, numbers)| numbers.len());
    let distinct = |c: usize| members.iter().map(|(_, n)| n[c]).collect::<BTreeSet<u64>>();
    let Some(column) = (0..columns).max_by_key(|&c| {
        let values = distinct(c);
        (values.len(), std::cmp::Reverse(gaps_of(&values).len()), c)
    }) else {
        return members.into_iter().map(|(i, _)| Series { slices: vec![(i, None)] }).collect();
    };
    let unique = distinct(column).len() == members.len();
    let mut parts: BTreeMap<Vec<u64>, Vec<(u64, usize)>> = BTreeMap::new();
    for (index, numbers) in members {
        let others = if unique {
            Vec::new()
        } else {
            numbers.iter().enumerate().filter(|&(c, _)| c != column).map(|(_, &n)| n).collect()
        };
        parts.entry(others).or_default().push((numbers[column], index));
    }
    parts
        .into_values()
        .map(|mut part| {
            part.sort_unstable();
            Series { slices: part.into_iter().map(|(n, i)| (i, Some(n))).collect() }
        })
        .collect()
}

/// Slice numbers that occur more than once, with the indices of their names.
pub(super) fn duplicates(series: &Series) -> Vec<Vec<usize>> {
    let mut by_number: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for &(index, number) in &series.slices {
        if let Some(number) = number {
            by_number.entry(number).or_default().push(index);
        }
    }
    by_number.into_values().filter(|v| v.len() > 1).collect()
}

/// Numbers missing in a series, and the step from slice to slice where it is not 1.
pub(super) fn gaps(series: &Series) -> (Vec<Gap>, Option<u64>) {
    let numbers: BTreeSet<u64> = series.slices.iter().filter_map(|&(_, n)| n).collect();
    let step = step_of(&numbers);
    (gaps_of(&numbers), (step > 1).then_some(step))
}

/// The most common difference of neighbours; 1 unless more than half of them agree on another.
fn step_of(numbers: &BTreeSet<u64>) -> u64 {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for (a, b) in numbers.iter().zip(numbers.iter().skip(1)) {
        *counts.entry(b - a).or_default() += 1;
    }
    let pairs = numbers.len().saturating_sub(1);
    // Two slices alone may be neighbours with a gap or a step: call it a gap, which is the warning.
    counts.into_iter().find(|&(_, n)| pairs > 1 && 2 * n > pairs).map_or(1, |(step, _)| step)
}

fn gaps_of(numbers: &BTreeSet<u64>) -> Vec<Gap> {
    let step = step_of(numbers);
    let pairs = numbers.iter().zip(numbers.iter().skip(1));
    pairs
        .filter(|(a, b)| *b - *a > step)
        .map(|(a, b)| Gap { first: a + step, last: (b - step).max(a + step) })
        .collect()
}

/// Compares names as people do: runs of digits by value.
pub(super) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    tokens(a).cmp(&tokens(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Vec<Vec<String>> {
        series(names).iter().map(|s| s.slices.iter().map(|&(i, _)| names[i].to_owned()).collect()).collect()
    }

    #[test]
    fn numbers_count_not_characters() {
        assert_eq!(order(&["s10.tif", "s9.tif", "s1.tif"]), [["s1.tif", "s9.tif", "s10.tif"]]);
        assert_eq!(order(&["0010.TIF", "2.tif", "1.Tif"]), [["1.Tif", "2.tif", "0010.TIF"]]);
        assert_eq!(natural("a2b", "a10b"), std::cmp::Ordering::Less);
    }

    #[test]
    fn the_number_that_varies_is_the_slice() {
        // A constant number after, and one before, the slice number.
        assert_eq!(order(&["x1_010_8bit.tif", "x1_009_8bit.tif"]), [["x1_009_8bit.tif", "x1_010_8bit.tif"]]);
        // A time stamp that varies too, even against the order.
        let fib = ["s_002_20240101.tif", "s_001_20240305.tif", "s_003_20231212.tif"];
        assert_eq!(order(&fib), [[fib[1], fib[0], fib[2]]]);
        // Zeiss Atlas: the depth in the name is a number too.
        let atlas = ["slice_00001_z=0.0100um.tif", "slice_00002_z=0.0200um.tif", "slice_00010_z=0.1000um.tif"];
        assert_eq!(order(&atlas), [atlas]);
    }

    #[test]
    fn another_number_makes_another_series() {
        let names = ["t0_z0.tif", "t0_z1.tif", "t0_z2.tif", "t1_z0.tif", "t1_z1.tif"];
        assert_eq!(order(&names), [names[..3].to_vec(), names[3..].to_vec()]);
        assert_eq!(order(&["a1.tif", "b1.tif", "a2.tif"]), [vec!["a1.tif", "a2.tif"], vec!["b1.tif"]]);
    }

    #[test]
    fn duplicates_and_gaps_are_found() {
        let all = series(&["a_1.tif", "a_01.tif", "a_2.png", "a_5.tif", "a_6.tif", "a_9.tif", "a_2.tif"]);
        assert_eq!(all.len(), 1);
        assert_eq!(duplicates(&all[0]), [vec![0, 1], vec![2, 6]]);
        let (gaps, step) = gaps(&all[0]);
        assert_eq!(gaps, [Gap { first: 3, last: 4 }, Gap { first: 7, last: 8 }]);
        assert_eq!(step, None);
    }

    #[test]
    fn a_constant_step_is_no_gap() {
        let all = series(&["a0.tif", "a10.tif", "a20.tif", "a40.tif", "a50.tif"]);
        let (gaps, step) = gaps(&all[0]);
        assert_eq!((gaps, step), (vec![Gap { first: 30, last: 30 }], Some(10)));
    }

    #[test]
    fn names_without_numbers_stand_alone() {
        assert_eq!(series(&["top.tif", "bottom.tif"]).len(), 2);
        let long = "9".repeat(60);
        assert_eq!(series(&[&format!("{long}.tif")]).len(), 1);
    }
}
