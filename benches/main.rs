//! One binary for all benchmarks, since each links polars: `cargo bench`, or `cargo bench -- report`.

mod analyze;
mod org;
mod report;

fn main() {
    divan::main();
}
