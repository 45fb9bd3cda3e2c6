//! From a report to bytes, one file per format.

use std::{fmt, str::FromStr};

use super::{
    Input, Made, build,
    data_files::{self, Scope},
    error::Error,
    template::Template,
};

pub mod answer;
pub mod csv;
pub mod html;
mod ids;
mod json_controls;
pub mod json_v1;
pub mod markdown;
pub mod ocsf;
pub mod oscal;
pub mod pdf;
pub mod xlsx;

/// A format of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Format {
    /// `csv/<analyzer>.csv` and the files that belong to no analyzer, for spreadsheets and imports.
    Csv,
    /// `<template>.pdf`, for people.
    Pdf,
    /// `<template>.html`, for a screen; one file that asks for nothing.
    Html,
    /// `<template>.json`, for programs.
    Json,
    /// `<template>.md`, one screen for a ticket or a chat.
    Md,
    /// `<template>.xlsx`, every row with typed cells.
    Xlsx,
    /// `<template>.oscal.json`, assessment results for tools of governance.
    Oscal,
    /// `<template>.ocsf.jsonl`, compliance findings for security monitoring.
    Ocsf,
}

impl Format {
    /// Every format, in the order of the command line's help.
    pub const ALL: [Self; 8] =
        [Self::Csv, Self::Pdf, Self::Html, Self::Json, Self::Md, Self::Xlsx, Self::Oscal, Self::Ocsf];

    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Json => "json",
            Self::Md => "md",
            Self::Xlsx => "xlsx",
            Self::Oscal => "oscal",
            Self::Ocsf => "ocsf",
        }
    }

    /// The file's ending: for a format that is a dialect of another one, both words.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Oscal => "oscal.json",
            Self::Ocsf => "ocsf.jsonl",
            plain => plain.word(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is not a format.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a format (csv, pdf, html, json, md, xlsx, oscal, ocsf)")]
pub struct BadFormat(String);

impl FromStr for Format {
    type Err = BadFormat;
    fn from_str(s: &str) -> Result<Self, BadFormat> {
        let s = s.trim();
        Self::ALL.into_iter().find(|f| f.word() == s).ok_or_else(|| BadFormat(s.to_owned()))
    }
}

/// Adds the files of one format, by path inside the report folder.
///
/// # Errors
/// When a file cannot be made.
pub(super) fn render(
    input: &Input<'_>,
    templates: &[Template],
    format: Format,
    Made { files, fonts }: &mut Made,
) -> Result<(), Error> {
    if format == Format::Csv {
        for outcome in input.outcomes {
            files.insert(format!("csv/{}.csv", outcome.meta.id), csv::render(outcome)?);
        }
        let all = Scope::everything(input, templates)?;
        for file in [all.people(), all.follow_up().0, data_files::requests(input)] {
            files.insert(format!("csv/{}.csv", file.spec.id), csv::render_file(&file)?);
        }
        return Ok(());
    }
    for template in templates {
        let bytes = match format {
            Format::Csv => continue,
            Format::Html => html::render(&build::build(input, template))
                .map_err(|source| Error::Html { template: template.name().to_owned(), source: Box::new(source) })?,
            Format::Json => json_v1::render(input, template, templates)?,
            Format::Md => markdown::render(&build::build(input, template)).into_bytes(),
            Format::Oscal => oscal::render(input, template)?,
            Format::Ocsf => ocsf::render(input, template)?,
            Format::Xlsx => xlsx::render(input, template)?,
            Format::Pdf => {
                let made = pdf::render(&build::build(input, template))
                    .map_err(|source| Error::Pdf { template: template.name().to_owned(), source: Box::new(source) })?;
                fonts.extend(made.borrowed);
                made.bytes
            }
        };
        files.insert(format!("{}.{}", template.name(), format.ending()), bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_word_and_nothing_else_is_one() {
        for format in Format::ALL {
            assert_eq!(format.word().parse(), Ok(format));
        }
        let error = |s: &str| s.parse::<Format>().unwrap_err().to_string();
        assert_eq!(error("doc"), "\"doc\" is not a format (csv, pdf, html, json, md, xlsx, oscal, ocsf)");
    }
}
