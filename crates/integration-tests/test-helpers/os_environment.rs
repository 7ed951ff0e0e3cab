//! A host that changes its own environment.

/// Sets a variable of this process.
pub fn set(name: &str, value: &str) {
    // SAFETY: whatever else reads the environment in this program does so through std, which locks it.
    unsafe { std::env::set_var(name, value) }
}
