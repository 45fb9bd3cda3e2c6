//! The one integration-test binary; every binary that links polars costs a quarter of a gigabyte.

mod cli;
mod collect;
mod common;
mod crash;
mod demo;
mod doctor;
mod evidence;
mod faulty;
mod house;
mod quota;
mod readme;
mod wire;
