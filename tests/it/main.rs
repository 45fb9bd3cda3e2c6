//! The one integration-test binary; every binary that links polars costs a quarter of a gigabyte.

mod anchor;
mod answers;
mod cli;
mod collect;
mod common;
mod crash;
mod demo;
mod doctor;
mod evidence;
mod faults;
mod faulty;
mod fuzz;
mod hostile;
mod house;
mod import;
mod limits;
mod privacy;
mod process;
mod quota;
mod readme;
mod remake;
mod schedules;
mod scripted;
mod security;
mod wire;
