//! The cleanup task: every interval, and not at all while there is nothing to forget.

use std::sync::Weak;

use super::inner::Inner;

/// Runs until it is aborted, which the engine does when it is dropped. Holds the engine only while
/// cleaning, so that it can be.
pub(super) async fn run_cleanup(engine: Weak<Inner>) {
    while let Some(strong) = engine.upgrade() {
        // The logs of earlier runs have an age too: the first round waits for nothing.
        strong.clean_up().await;
        let (interval, registry) = (strong.cleanup_interval(), strong.registry());
        drop(strong);
        registry.has_finished().await;
        tokio::time::sleep(interval).await;
    }
}
