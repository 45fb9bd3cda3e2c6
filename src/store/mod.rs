//! Snapshots on disk: staged, sealed by one rename, never rewritten.
