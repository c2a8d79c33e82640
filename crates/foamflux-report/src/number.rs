//! How numbers are written: digits follow the error, units suit the reader.
//!
//! - An error has two significant digits if the first is 1 or 2, otherwise one; its number ends at the same decimal.
//! - A number without an error has four significant digits.
//! - At most seven significant digits are ever shown, however small the error.
//! - Outside 0.001 to 100 000 numbers are written with a power of ten.

/// Significant digits where no error is known.
const DIGITS_WITHOUT_ERROR: i32 = 4;
/// Most significant digits that are shown.
const DIGITS_AT_MOST: i32 = 7;

/// Where a number is shown, which decides its characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A page: true minus signs and superscripts.
    Page,
    /// A terminal: plain ASCII, but for ± and µ.
    Terminal,
}

/// A number as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Digits with an ASCII minus sign, without the power of ten.
    value: String,
    /// Error with the same power of ten taken out; its own power follows it where it is far smaller.
    error: Option<String>,
    /// Power of ten.
    exponent: i32,
}

impl Number {
    /// A number without an error, with four significant digits.
    pub fn new(value: f64) -> Self {
        Self::significant(value, DIGITS_WITHOUT_ERROR)
    }

    /// A number with so many significant digits.
    pub fn significant(value: f64, digits: i32) -> Self {
        if !value.is_finite() {
            return Self::not_finite();
        }
        if value == 0.0 {
            return Number { value: "0".to_owned(), error: None, exponent: 0 };
        }
        let exponent = power(value.abs());
        let scaled = value / 10f64.powi(exponent);
        Number { value: fixed(scaled, digits - 1 - decade(scaled)), error: None, exponent }
    }

    /// A number and its error, which decides the digits; without an error the same as [`Number::new`].
    pub fn with_error(value: f64, error: Option<f64>) -> Self {
        let Some(error) = error.filter(|e| e.is_finite()).map(f64::abs) else {
            return Self::new(value);
        };
        if !value.is_finite() {
            return Self::not_finite();
        }
        if error == 0.0 {
            return Number { error: Some("0".to_owned()), ..Self::new(value) };
        }
        let exponent = power(value.abs().max(error));
        let (value, error) = (value / 10f64.powi(exponent), error / 10f64.powi(exponent));
        let decimals = error_digits(error) - 1 - decade(error);
        let most = DIGITS_AT_MOST - 1 - decade(value);
        if value != 0.0 && decimals > most {
            return Number { value: fixed(value, most), error: Some(scientific(error, 1, Medium::Terminal)), exponent };
        }
        Number { value: fixed(value, decimals), error: Some(fixed(error, decimals)), exponent }
    }

    fn not_finite() -> Self {
        Number { value: "not finite".to_owned(), error: None, exponent: 0 }
    }

    /// Digits before and after the decimal point, if the number has no power of ten and can be aligned by it.
    pub(crate) fn parts(&self) -> Option<(&str, &str)> {
        (self.exponent == 0).then(|| self.value.split_once('.').unwrap_or((self.value.as_str(), "")))
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The number as text, with its error after a ±.
    pub fn show(&self, medium: Medium) -> String {
        let ten = match (self.exponent, medium) {
            (0, _) => String::new(),
            (e, Medium::Page) => format!("×10{}", superscript(e)),
            (e, Medium::Terminal) => format!("e{e}"),
        };
        let body = match &self.error {
            None => format!("{}{ten}", self.value),
            Some(error) if self.exponent == 0 => format!("{} ± {error}", self.value),
            Some(error) => format!("({} ± {error}){ten}", self.value),
        };
        match medium {
            Medium::Terminal => body,
            // No line break may part a number from its error.
            Medium::Page => characters(&body, medium).replace(" ± ", "\u{a0}±\u{a0}"),
        }
    }
}

/// The characters of a medium for a number that was written in ASCII.
pub(crate) fn characters(text: &str, medium: Medium) -> String {
    match medium {
        Medium::Terminal => text.to_owned(),
        Medium::Page => match text.split_once('e') {
            Some((digits, power)) if power.parse::<i32>().is_ok() => {
                format!("{}×10{}", digits.replace('-', "−"), superscript(power.parse().unwrap_or(0)))
            }
            _ => text.replace('-', "−"),
        },
    }
}

/// The decade of a number: 0 for 1 to 10, -1 for 0.1 to 1; 0 for zero.
fn decade(x: f64) -> i32 {
    let x = x.abs();
    if x > 0.0 && x.is_finite() { x.log10().floor() as i32 } else { 0 }
}

/// The power of ten that is taken out of a number of this size.
fn power(size: f64) -> i32 {
    if size == 0.0 || (1e-3..1e5).contains(&size) { 0 } else { decade(size) }
}

fn error_digits(error: f64) -> i32 {
    let first = error / 10f64.powi(decade(error));
    if first < 3.0 { 2 } else { 1 }
}

/// A number with so many decimals; negative ones round to tens and hundreds.
fn fixed(value: f64, decimals: i32) -> String {
    let text = if decimals >= 0 {
        format!("{value:.*}", decimals.unsigned_abs().min(300) as usize)
    } else {
        let unit = 10f64.powi(-decimals);
        format!("{:.0}", (value / unit).round() * unit)
    };
    // A negative number that rounds to zero is zero.
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        _ => text,
    }
}

/// A number with a power of ten and so many significant digits, such as `1.3×10⁻⁸`; zero stays `0`.
pub fn scientific(value: f64, digits: usize, medium: Medium) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    characters(&format!("{value:.*e}", digits.max(1) - 1), medium)
}

/// A number with at most so many significant digits and no trailing zeros.
pub fn trimmed(value: f64, digits: i32) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    let text = fixed(value, digits - 1 - decade(value));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number for a sentence: four digits at most, with a power of ten where it is very small or large.
pub fn brief(value: f64) -> String {
    if value.is_finite() && power(value.abs()) != 0 { scientific(value, 3, Medium::Page) } else { trimmed(value, 4) }
}

/// A share as a percentage with three significant digits, never rounded up to 100 % or down to 0 %.
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    if !p.is_finite() {
        return "not finite".to_owned();
    }
    if p > 99.95 && p < 100.0 {
        return "more than 99.9\u{a0}%".to_owned();
    }
    if p > 0.0 && p < 0.01 {
        return "less than 0.01\u{a0}%".to_owned();
    }
    format!("{}\u{a0}%", trimmed(p, 3))
}

/// A count with spaces between thousands on a page.
pub fn count(n: u64, medium: Medium) -> String {
    let digits = n.to_string();
    if medium == Medium::Terminal || digits.len() <= 4 {
        return digits;
    }
    let mut out = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

/// Bytes in binary units.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut size = n as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{} {}", trimmed(size, 3), UNITS[unit])
}

/// Seconds, or minutes or hours where there are many.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        "unknown".to_owned()
    } else if seconds < 120.0 {
        format!("{} s", trimmed(seconds, 3))
    } else if seconds < 7200.0 {
        format!("{} min", trimmed(seconds / 60.0, 3))
    } else {
        format!("{} h", trimmed(seconds / 3600.0, 3))
    }
}

/// A length in the unit that suits it.
pub fn length(metres: f64) -> String {
    let (unit, factor) = length_unit(metres);
    format!("{} {unit}", trimmed(metres * factor, 5))
}

fn length_unit(metres: f64) -> (&'static str, f64) {
    match metres.abs() {
        m if m < 1e-6 => ("nm", 1e9),
        m if m < 1e-3 => ("µm", 1e6),
        m if m < 1.0 => ("mm", 1e3),
        _ => ("m", 1.0),
    }
}

/// Lengths along x, y, z in one unit, or one length where all are equal.
pub fn lengths([x, y, z]: [f64; 3]) -> String {
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    if same(x, y) && same(y, z) {
        return length(x);
    }
    let (unit, factor) = length_unit(x.min(y).min(z));
    let show = |v: f64| trimmed(v * factor, 5);
    format!("{} × {} × {} {unit}", show(x), show(y), show(z))
}

fn superscript(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = power.unsigned_abs().to_string();
    let sign = if power < 0 { "⁻" } else { "" };
    sign.chars().chain(digits.bytes().map(|b| DIGITS[usize::from(b - b'0') % 10])).collect()
}

/// Superscript powers of ten as a terminal shows them, wherever they stand in a text.
pub(crate) fn plain_powers(text: &str) -> String {
    const TEN: &str = "×10";
    let digit = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|s| s == c).and_then(|k| char::from_digit(k as u32, 10));
    let plain = |c: char| if c == '⁻' { Some('-') } else { digit(c) };
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(TEN) {
        // A unit may follow.
        let end = after.find(|c| plain(c).is_none()).unwrap_or(after.len());
        out.push_str(before);
        out.push_str(if end == 0 { TEN } else { "e" });
        out.extend(after[..end].chars().filter_map(plain));
        rest = &after[end..];
    }
    out + rest
}

/// Text for terminals and bitmap fonts: symbols outside ISO 8859-1 are spelled out.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain_powers(text).chars() {
        match c {
            'τ' => out.push_str("tau"),
            'ε' => out.push_str("eps"),
            'δ' => out.push_str("delta"),
            'σ' => out.push_str("sigma"),
            '−' | '–' | '—' | '‑' => out.push('-'),
            '×' => out.push('x'),
            'μ' => out.push('µ'),
            '≤' => out.push_str("<="),
            '≥' => out.push_str(">="),
            '≈' => out.push('~'),
            '→' => out.push_str("->"),
            '₀' => out.push('0'),
            '₁' => out.push('1'),
            '⁻' => out.push_str("^-"),
            '\u{2007}' | '\u{2008}' | '\u{2009}' | '\u{202f}' => out.push(' '),
            '“' | '”' => out.push('"'),
            '‘' | '’' => out.push('\''),
            '…' => out.push_str("..."),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_written_plainly_with_and_without_a_unit() {
        assert_eq!(plain_powers("3.61×10⁻⁸ m²"), "3.61e-8 m²");
        assert_eq!(plain_powers("1.3×10¹²"), "1.3e12");
        assert_eq!(plain_powers("84.2 µm²"), "84.2 µm²");
        assert_eq!(plain("96 × 10 × 10 and −8.3×10⁻⁴ per"), "96 x 10 x 10 and -8.3e-4 per");
        assert_eq!(plain("96×100"), "96x100");
    }

    fn shown(value: f64, error: f64) -> String {
        Number::with_error(value, Some(error)).show(Medium::Terminal)
    }

    #[test]
    fn digits_follow_the_error() {
        assert_eq!(shown(1.180_34, 0.010_2), "1.180 ± 0.010");
        assert_eq!(shown(1.180_34, 0.004), "1.180 ± 0.004");
        assert_eq!(shown(12_345.0, 234.0), "12350 ± 230");
        assert_eq!(shown(0.020_4, 0.001_3), "0.0204 ± 0.0013");
        assert_eq!(shown(0.02, 5.0), "0 ± 5");
        assert_eq!(shown(-0.0001, 0.05), "0.00 ± 0.05");
        assert_eq!(shown(2.0, 0.0), "2.000 ± 0");
        assert_eq!(shown(1.0, 3.2e-12), "1.000000 ± 3e-12");
    }

    #[test]
    fn small_and_large_numbers_have_a_power_of_ten() {
        assert_eq!(shown(2.31e-5, 4e-7), "(2.31 ± 0.04)e-5");
        let n = Number::new(1.234_56e-8);
        assert_eq!((n.show(Medium::Terminal).as_str(), n.show(Medium::Page).as_str()), ("1.235e-8", "1.235×10⁻⁸"));
        assert_eq!(Number::new(0.001_234_5).show(Medium::Page), "0.001234");
        assert_eq!(Number::new(-3.0).show(Medium::Page), "−3.000");
        assert_eq!(Number::new(0.0).show(Medium::Page), "0");
        assert_eq!(Number::new(f64::INFINITY).show(Medium::Page), "not finite");
        assert_eq!(scientific(1.26e-8, 2, Medium::Page), "1.3×10⁻⁸");
    }

    #[test]
    fn without_an_error_there_are_four_digits() {
        assert_eq!(Number::new(0.832_862).show(Medium::Terminal), "0.8329");
        assert_eq!(Number::with_error(12.345_6, None).show(Medium::Terminal), "12.35");
    }

    #[test]
    fn lengths_have_a_fitting_unit() {
        assert_eq!(lengths([1.3e-6; 3]), "1.3 µm");
        assert_eq!(lengths([25e-9, 25e-9, 50e-9]), "25 × 25 × 50 nm");
        assert_eq!(length(2.5e-3), "2.5 mm");
    }

    #[test]
    fn counts_bytes_shares_and_times() {
        assert_eq!(count(1_234_567, Medium::Page), "1\u{202f}234\u{202f}567");
        assert_eq!(count(1_234_567, Medium::Terminal), "1234567");
        assert_eq!(bytes(52_428_800), "50 MiB");
        assert_eq!(percent(0.832_86), "83.3\u{a0}%");
        assert_eq!(percent(0.999_99), "more than 99.9\u{a0}%");
        assert_eq!(percent(1.0), "100\u{a0}%");
        assert_eq!(percent(1e-6), "less than 0.01\u{a0}%");
        assert_eq!(duration(0.4), "0.4 s");
        assert_eq!(duration(600.0), "10 min");
    }
}
