//! Constants of nature and of lithium, SI.

/// Faraday's constant in C/mol.
pub const FARADAY: f64 = 96_485.332;
/// Gas constant in J/(mol K).
pub const GAS: f64 = 8.314_463;
/// Molar mass of lithium in kg/mol.
pub const LITHIUM_MOLAR_MASS: f64 = 6.941e-3;
/// Density of lithium in kg/m3; handbooks give 531 to 540.
pub const LITHIUM_DENSITY: f64 = 534.0;
/// Molar volume of lithium in m3/mol.
pub const LITHIUM_MOLAR_VOLUME: f64 = LITHIUM_MOLAR_MASS / LITHIUM_DENSITY;

/// RT/F in volts.
#[must_use]
pub fn thermal_voltage(temperature_k: f64) -> f64 {
    GAS * temperature_k / FARADAY
}
