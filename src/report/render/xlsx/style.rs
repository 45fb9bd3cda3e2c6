//! Formats of cells, and the colours of verdicts. The verdict's word is always there; colour comes on top.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::model::{outcome::CellKind, verdict::Verdict};

/// Text.
pub(super) const INK: u32 = 0x1A_1D21;
/// Labels and notes.
const QUIET: u32 = 0x5A_6068;
/// Headers and titles.
const ACCENT: u32 = 0x0F_4C75;
/// Lines between rows.
const HAIR: u32 = 0xD5_D9DE;
/// Behind labels.
const SURFACE: u32 = 0xF5_F6F8;
/// Paper.
const WHITE: u32 = 0xFF_FFFF;

/// Ink and fill of a verdict.
pub(super) const fn colours(verdict: Verdict) -> (u32, u32) {
    match verdict {
        Verdict::Fail => (0xB3_261E, 0xFC_EAE8),
        Verdict::Review => (0x7A_5000, 0xFD_F2DC),
        Verdict::Unknown => (0x4A_4E86, 0xEC_EDF7),
        Verdict::Accepted => (0x44_5666, 0xEB_EFF2),
        Verdict::Listed => (0x4F_555C, 0xF1_F2F4),
        Verdict::Pass => (0x1B_6E45, 0xE6_F4EC),
    }
}

/// A colour as the crate has it.
pub(super) const fn colour(rgb: u32) -> Color {
    Color::RGB(rgb)
}

/// The formats, made once: the file holds each of them once.
pub(super) struct Styles {
    /// Name of the report.
    pub(super) title: Format,
    /// Heading over a table.
    pub(super) heading: Format,
    /// Sentence under a heading.
    pub(super) note: Format,
    /// Label of a fact.
    pub(super) label: Format,
    /// Value of a fact.
    pub(super) value: Format,
    /// Id, digest or command.
    pub(super) mono: Format,
    /// Header of a column.
    pub(super) header: Format,
    /// Header of a column of numbers.
    pub(super) header_right: Format,
    /// Text.
    text: Format,
    /// Text that starts like a formula: editing it must not make it one.
    quoted: Format,
    /// Whole number.
    integer: Format,
    /// Truth value.
    boolean: Format,
    /// Instant.
    time: Format,
    /// Day.
    date: Format,
    /// Money.
    money: Format,
}

impl Styles {
    /// All formats.
    pub(super) fn new() -> Self {
        let base = || Format::new().set_font_color(colour(INK)).set_align(FormatAlign::Top);
        let cell = || base().set_border_bottom(FormatBorder::Thin).set_border_bottom_color(colour(HAIR));
        let header = || {
            let paint = Format::new().set_background_color(colour(ACCENT)).set_font_color(colour(WHITE)).set_bold();
            paint.set_align(FormatAlign::VerticalCenter)
        };
        Self {
            title: base().set_bold().set_font_size(18).set_font_color(colour(ACCENT)),
            heading: base().set_bold().set_font_size(13).set_font_color(colour(ACCENT)),
            note: base().set_italic().set_font_color(colour(QUIET)).set_text_wrap(),
            label: cell().set_font_color(colour(QUIET)).set_background_color(colour(SURFACE)).set_text_wrap(),
            value: cell().set_text_wrap().set_align(FormatAlign::Left),
            mono: cell().set_text_wrap().set_font_name("Consolas").set_font_size(10),
            header: header(),
            header_right: header().set_align(FormatAlign::Right).set_indent(1),
            text: cell().set_text_wrap().set_align(FormatAlign::Left),
            quoted: cell().set_text_wrap().set_align(FormatAlign::Left).set_quote_prefix(),
            integer: cell().set_num_format("#,##0").set_align(FormatAlign::Right).set_indent(1),
            // Programs that take a truth value for a number show its word.
            boolean: cell().set_num_format("\"TRUE\";\"TRUE\";\"FALSE\"").set_align(FormatAlign::Left),
            time: cell().set_num_format("yyyy-mm-dd hh:mm:ss").set_align(FormatAlign::Left),
            date: cell().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            money: cell().set_num_format("#,##0.00").set_align(FormatAlign::Right).set_indent(1),
        }
    }

    /// The format of a kind of cell.
    pub(super) const fn of(&self, kind: CellKind) -> &Format {
        match kind {
            CellKind::Text | CellKind::List => &self.text,
            CellKind::Integer => &self.integer,
            CellKind::Boolean => &self.boolean,
            CellKind::Time => &self.time,
            CellKind::Date => &self.date,
            CellKind::Money => &self.money,
        }
    }

    /// The format of a text.
    pub(super) const fn text(&self, like_a_formula: bool) -> &Format {
        if like_a_formula { &self.quoted } else { &self.text }
    }

    /// A verdict that stands alone, as on the cover.
    pub(super) fn badge(verdict: Verdict) -> Format {
        Self::verdict(verdict).set_font_size(13).set_align(FormatAlign::VerticalCenter).set_text_wrap()
    }

    /// What a verdict adds to its cell.
    pub(super) fn verdict(verdict: Verdict) -> Format {
        let (ink, fill) = colours(verdict);
        Format::new().set_bold().set_font_color(colour(ink)).set_background_color(colour(fill))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as the accessibility guidelines define it.
    fn luminance(rgb: u32) -> f64 {
        let channel = |shift: u32| {
            let c = f64::from(rgb >> shift & 0xFF) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    #[test]
    fn every_ink_can_be_read_on_its_fill() {
        let pairs = Verdict::ALL.map(colours).into_iter().chain([(QUIET, SURFACE), (WHITE, ACCENT), (INK, WHITE)]);
        for (ink, fill) in pairs {
            let (dark, light) = (luminance(ink), luminance(fill));
            let contrast = (dark.max(light) + 0.05) / (dark.min(light) + 0.05);
            assert!(contrast >= 4.5, "{ink:06x} on {fill:06x}: {contrast:.2}");
        }
    }
}
