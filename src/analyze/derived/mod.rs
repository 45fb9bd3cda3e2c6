//! What follows from the tables before anything is judged: who is who, who is active, who left, who is invited.
//!
//! Plain functions over records, computed at analysis time, so that a corrected rule can be run again on old
//! evidence.

pub(crate) mod activity;
pub(crate) mod invites;
pub(crate) mod lifecycle;
pub(crate) mod memory;
pub(crate) mod people;
pub(crate) mod view;
