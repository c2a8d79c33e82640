//! Tables, made once and rendered for pages and terminals alike.

pub(crate) mod current;
pub(crate) mod errors;
pub(crate) mod impedance;
pub(crate) mod input;
pub(crate) mod measure;
pub(crate) mod tag;
pub(crate) mod transport;

use crate::figures::wrap;
use crate::number::{Medium, Number, characters, count, plain};

/// Widest table for a terminal.
pub(crate) const TERMINAL_WIDTH: usize = 98;
/// Narrowest that a wrapped text column gets.
const NARROWEST_TEXT: usize = 16;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(Number),
    Count(u64),
    /// A word where a number would stand, such as "not estimated".
    Word(&'static str),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A number, or a word where there is none.
    pub(crate) fn number(value: Option<f64>, otherwise: &'static str) -> Self {
        value.map_or(Cell::Word(otherwise), |v| Cell::Number(Number::new(v)))
    }

    pub(crate) fn with_error(value: Option<f64>, error: Option<f64>, otherwise: &'static str) -> Self {
        value.map_or(Cell::Word(otherwise), |v| Cell::Number(Number::with_error(v, error)))
    }

    /// A small or large number with a power of ten and two digits.
    pub(crate) fn power(value: Option<f64>, otherwise: &'static str) -> Self {
        value.map_or(Cell::Word(otherwise), |v| Cell::Text(crate::number::scientific(v, 2, Medium::Page)))
    }

    pub(crate) fn yes_no(yes: bool) -> Self {
        Cell::Text(if yes { "yes" } else { "no" }.to_owned())
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) head: String,
    /// Unit; empty for none.
    pub(crate) unit: String,
    pub(crate) numeric: bool,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// Whether the row is the one to use.
    pub(crate) marked: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Sentences below.
    pub(crate) notes: Vec<String>,
}

/// A cell as it is shown on a page.
pub(crate) struct Shown {
    pub(crate) text: String,
    /// Whether it is a word instead of a number.
    pub(crate) word: bool,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Table { title: title.into(), columns: Vec::new(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a column of text.
    pub(crate) fn words(mut self, head: &str) -> Self {
        self.columns.push(Column { head: head.to_owned(), unit: String::new(), numeric: false });
        self
    }

    /// Adds a column of numbers.
    pub(crate) fn numbers(mut self, head: &str, unit: &str) -> Self {
        self.columns.push(Column { head: head.to_owned(), unit: unit.to_owned(), numeric: true });
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row { cells, marked: false });
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The cells of a column as text, numbers aligned on their decimal points with figure spaces or spaces.
    fn column_text(&self, index: usize, medium: Medium) -> Vec<Shown> {
        let cells = || self.rows.iter().map(|row| row.cells.get(index));
        let numbers = || cells().filter_map(|c| if let Some(Cell::Number(n)) = c { Some(n) } else { None });
        let fraction = numbers().filter_map(|n| n.parts().map(|(_, f)| f.len())).max().unwrap_or(0);
        let error =
            numbers().filter(|n| n.parts().is_some()).filter_map(|n| n.error().map(|e| shown_width(e, medium))).max();
        let (digit, dot) = match medium {
            Medium::Page => ('\u{2007}', '\u{2008}'),
            Medium::Terminal => (' ', ' '),
        };
        cells()
            .map(|cell| match cell {
                None => Shown { text: String::new(), word: false },
                Some(Cell::Text(text)) if medium == Medium::Terminal => {
                    Shown { text: crate::number::plain_powers(text), word: false }
                }
                Some(Cell::Text(text)) => Shown { text: text.clone(), word: false },
                Some(Cell::Word(word)) => Shown { text: (*word).to_owned(), word: true },
                Some(Cell::Count(n)) => Shown { text: count(*n, medium), word: false },
                Some(Cell::Number(n)) => {
                    let Some((_, decimals)) = n.parts() else {
                        return Shown { text: n.show(medium), word: false };
                    };
                    let mut text = characters(n.show(Medium::Terminal).split(" ±").next().unwrap_or_default(), medium);
                    if fraction > 0 && decimals.is_empty() {
                        text.push(dot);
                    }
                    text.extend(std::iter::repeat_n(digit, fraction - decimals.len()));
                    if let Some(width) = error {
                        match n.error() {
                            Some(e) => {
                                text.push_str(" ± ");
                                text.push_str(&characters(e, medium));
                                text.extend(std::iter::repeat_n(digit, width - shown_width(e, medium)));
                            }
                            None => text.extend(std::iter::repeat_n(digit, width + 3)),
                        }
                    }
                    Shown { text, word: false }
                }
            })
            .collect()
    }

    /// Rows of shown cells, for a page.
    pub(crate) fn shown_rows(&self) -> Vec<Vec<Shown>> {
        let mut rows: Vec<Vec<Shown>> = self.rows.iter().map(|_| Vec::new()).collect();
        for index in 0..self.columns.len() {
            for (row, cell) in rows.iter_mut().zip(self.column_text(index, Medium::Page)) {
                row.push(cell);
            }
        }
        rows
    }

    /// The table as aligned text, wrapped to the terminal's width.
    pub(crate) fn to_text(&self) -> String {
        let heads: Vec<String> = self
            .columns
            .iter()
            .map(
                |c| if c.unit.is_empty() { plain(&c.head) } else { format!("{} [{}]", plain(&c.head), plain(&c.unit)) },
            )
            .collect();
        let columns: Vec<Vec<String>> = (0..self.columns.len())
            .map(|k| self.column_text(k, Medium::Terminal).into_iter().map(|s| plain(&s.text)).collect())
            .collect();
        let length = |s: &String| s.chars().count();
        let mut widths: Vec<usize> =
            heads.iter().zip(&columns).map(|(h, c)| c.iter().map(length).max().unwrap_or(0).max(length(h))).collect();
        let total = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len() + 1;
        let excess = total(&widths).saturating_sub(TERMINAL_WIDTH);
        let widest = (0..widths.len()).filter(|k| !self.columns[*k].numeric).max_by_key(|k| widths[*k]);
        if let Some(k) = widest.filter(|_| excess > 0) {
            widths[k] = widths[k].saturating_sub(excess).max(NARROWEST_TEXT.min(widths[k]));
        }
        let mut out = String::new();
        if !self.title.is_empty() {
            out.push_str(&format!("{}\n", plain(&self.title)));
        }
        self.text_line(&mut out, &heads, &widths, ' ');
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = columns.iter().map(|c| c[index].clone()).collect();
            self.text_line(&mut out, &cells, &widths, if row.marked { '*' } else { ' ' });
        }
        for note in &self.notes {
            for line in wrap(&plain(note), TERMINAL_WIDTH - 2) {
                out.push_str(&format!("  {line}\n"));
            }
        }
        out
    }

    /// One line of cells, over several where text is wrapped.
    fn text_line(&self, out: &mut String, cells: &[String], widths: &[usize], mark: char) {
        let blocks: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| if cell.chars().count() > *width { wrap(cell, *width) } else { vec![cell.clone()] })
            .collect();
        for line in 0..blocks.iter().map(Vec::len).max().unwrap_or(0) {
            let mut text = String::from(if line == 0 { mark } else { ' ' });
            for ((block, width), column) in blocks.iter().zip(widths).zip(&self.columns) {
                let cell = block.get(line).map_or("", String::as_str);
                if column.numeric {
                    text.push_str(&format!(" {cell:>width$} "));
                } else {
                    text.push_str(&format!(" {cell:<width$} "));
                }
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
    }
}

fn shown_width(text: &str, medium: Medium) -> usize {
    characters(text, medium).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut t = Table::new("τ").words("axis").numbers("tau", "").numbers("n", "1/µm");
        t.row(vec![Cell::text("x"), Cell::with_error(Some(1.180_3), Some(0.01), "-"), Cell::Count(5)]);
        t.row(vec![Cell::text("y"), Cell::with_error(Some(12.0), Some(0.2), "-"), Cell::Count(12_345)]);
        t.row(vec![Cell::text("z"), Cell::Word("blocked"), Cell::power(Some(2e-8), "-")]);
        t
    }

    #[test]
    fn decimal_points_stand_in_one_column() {
        let text = table().to_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "tau");
        let column = |line: &str, what: char| line.chars().position(|c| c == what);
        assert_eq!(column(lines[2], '.'), column(lines[3], '.'), "{text}");
        assert_eq!(column(lines[2], '±'), column(lines[3], '±'), "{text}");
        assert!(lines[4].contains("blocked") && lines[4].contains("2.0e-8"), "{text}");
        let page = table().shown_rows();
        // Right-aligned cells put their points below each other if as much follows the point.
        let after = |k: usize| page[k][1].text.split_once('.').unwrap().1.chars().count();
        assert_eq!(after(0), after(1));
    }

    #[test]
    fn long_text_is_wrapped_to_the_terminal() {
        let mut t = Table::new("").words("a").words("b");
        t.row(vec![Cell::text("short"), Cell::text("word ".repeat(60))]);
        assert!(t.to_text().lines().all(|l| l.chars().count() <= TERMINAL_WIDTH));
        assert_eq!(t.to_text().matches("word").count(), 60);
    }
}
