//! The sample organization, and a Hub on loopback that serves it.
