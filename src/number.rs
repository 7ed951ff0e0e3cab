//! JavaScript has one kind of number. Taken as an integer, -1 would become 4294967295 and NaN 0,
//! without a word: so each is taken as it is, and looked at.

use execution_engine::InvalidField;

/// The largest whole number that JavaScript holds exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A whole number that is not negative, or why it is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, not negative and safe: checked"
)]
pub fn whole(field: &str, value: f64) -> Result<u64, InvalidField> {
    if value.fract() == 0.0 && (0.0..=MAX_SAFE).contains(&value) {
        return Ok(value as u64);
    }
    Err(InvalidField::new(field, value, "allowed is a whole number that is not negative"))
}

/// The same for a field that may be left out.
pub fn optional(field: &str, value: Option<f64>) -> Result<Option<u64>, InvalidField> {
    value.map(|value| whole(field, value)).transpose()
}

/// A count as JavaScript holds it; beyond 2^53 it is no longer exact.
#[expect(clippy::cast_precision_loss, reason = "no counter here comes near 2^53")]
pub fn to_js(value: u64) -> f64 {
    value as f64
}
