//! `<template>.xlsx`: cover, summary, coverage, one sheet per analyzer of the template with every row and every column,
//! exceptions where the template has that section.
//!
//! Cells are typed: numbers, money, days and instants (UTC) can be sorted and summed. A text is text whatever it starts
//! with, and is the text of the CSV without the mark that CSV puts before what a spreadsheet would run: here the cell's
//! type says that nothing runs. What a cell or a sheet cannot hold is said where it is missing. The same input gives
//! the same bytes: the file's date is the snapshot's.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use super::super::{Input, build, error::Error, layout::Kind, template::Template, words::Words};
use crate::report::document::Paper;

mod front;
mod rows;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod text;

/// What every sheet is made from.
struct Book<'a> {
    /// What is reported.
    input: &'a Input<'a>,
    /// How.
    template: &'a Template,
    /// Facts and figures.
    front: build::Front<'a>,
    /// In which words.
    words: Words,
    /// Formats of cells.
    styles: style::Styles,
    /// Rows of an analyzer that a sheet takes; more go on in a second one.
    capacity: usize,
}

/// The spreadsheet of a template.
///
/// # Errors
/// When the program for spreadsheets refuses, which nothing in a report should make it do.
pub fn render(input: &Input<'_>, template: &Template) -> Result<Vec<u8>, Error> {
    workbook(input, template, table::CAPACITY)
        .map_err(|source| Error::Xlsx { template: template.name().to_owned(), source: Box::new(source) })
}

/// The spreadsheet, with so many rows of an analyzer to a sheet.
fn workbook(input: &Input<'_>, template: &Template, capacity: usize) -> Result<Vec<u8>, XlsxError> {
    let book = Book {
        input,
        template,
        front: build::front(input, template),
        words: template.words(),
        styles: style::Styles::new(),
        capacity,
    };
    let mut workbook = Workbook::new();
    let properties = DocProperties::new()
        .set_title(text::fit(&format!("{}: {}", template.title(), input.manifest.org), &book.words.get("xlsx.cut")))
        .set_author(format!("rollcall {}", input.tool_version))
        .set_creation_datetime(&ExcelDateTime::from_timestamp(input.manifest.as_of.timestamp())?);
    workbook.set_properties(&properties);
    front::cover(&book, book.sheet(&mut workbook, &book.words.get("xlsx.cover"))?)?;
    front::summary(&book, book.sheet(&mut workbook, &book.words.get("xlsx.summary"))?)?;
    front::coverage(&book, book.sheet(&mut workbook, &book.words.get("xlsx.coverage"))?)?;
    if !template.frameworks.is_empty() {
        front::controls(&book, book.sheet(&mut workbook, &book.words.get("xlsx.controls"))?)?;
    }
    for about in &book.front.analyzers {
        rows::analyzer(&book, &mut workbook, about)?;
    }
    if template.has(Kind::Exceptions) {
        front::exceptions(&book, book.sheet(&mut workbook, &book.words.get("xlsx.exceptions"))?)?;
    }
    workbook.save_to_buffer()
}

impl Book<'_> {
    /// A new sheet, ready to be printed.
    fn sheet<'w>(&self, workbook: &'w mut Workbook, name: &str) -> Result<&'w mut Worksheet, XlsxError> {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        sheet.set_landscape();
        sheet.set_paper_size(match self.input.paper {
            Paper::A4 => 9,
            Paper::Letter => 1,
        });
        sheet.set_margins(0.5, 0.5, 0.6, 0.7, 0.3, 0.3);
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_screen_gridlines(false);
        sheet.set_footer(self.footer(name));
        Ok(sheet)
    }

    /// What stands at the foot of every printed page.
    fn footer(&self, sheet: &str) -> String {
        let manifest = self.input.manifest;
        let pages = self.words.say("xlsx.page", &[("page", "&P"), ("pages", "&N")]);
        let left = format!("{} · {} · {sheet}", manifest.org, manifest.id);
        let marks = self.front.marks.iter().map(|mark| mark.short.as_str());
        let right: Vec<&str> = marks.chain([self.input.classification.as_str()]).filter(|s| !s.is_empty()).collect();
        let right = text::literal(&right.join(" · "), 90);
        format!("&L&8{}&C&8{pages}&R&8 {right}", text::literal(&format!(" {left}"), 120))
    }
}
