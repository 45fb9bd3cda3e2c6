//! Access reviews for Hugging Face organizations.
pub mod analyze;
pub mod app;
pub mod cli;
pub mod collect;
pub mod config;
pub mod demo;
pub mod hub;
pub mod model;
pub mod report;
pub mod store;
pub mod table;
