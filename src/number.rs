//! Counts for JavaScript, which has only one kind of number.

/// A count as JavaScript holds it; beyond 2^53 it is no longer exact.
#[expect(clippy::cast_precision_loss, reason = "no counter here comes near 2^53")]
pub fn to_js(value: u64) -> f64 {
    value as f64
}
