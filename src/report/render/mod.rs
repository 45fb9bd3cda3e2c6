//! From a report to bytes, one file per format.
