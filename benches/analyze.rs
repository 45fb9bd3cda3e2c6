//! All analyzers over 10 000 members, 2 000 repositories and 1 000 000 audit events.

use divan::Bencher;
use rollcall::{
    analyze::{Inputs, analyze},
    model::params::Params,
};

/// Reads the log once and judges with every analyzer.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn all_analyzers(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (parts, tables, manifest, params) =
        (crate::org::archive(dir.path()), crate::org::tables(), crate::org::manifest(), Params::default());
    let inputs = Inputs {
        manifest: &manifest,
        params: &params,
        tables: &tables,
        audit_parts: &parts,
        exceptions: &[],
        period: (super::org::as_of() - chrono::TimeDelta::days(90), super::org::as_of()),
        baseline: None,
    };
    bencher.bench_local(|| analyze(&inputs).expect("a readable archive"));
}
