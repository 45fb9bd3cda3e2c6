//! Fuzzes the reader of the header `Retry-After`.
#![no_main]

#[path = "../readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::retry_after(bytes));
