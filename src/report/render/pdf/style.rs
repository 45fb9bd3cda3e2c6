//! The look: paper, grid, colours and text styles. Every number of the layout that is a matter of taste is here.

use crate::{model::verdict::Verdict, report::document::Paper};

/// A colour in device RGB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

/// Text and strong lines.
pub(super) const INK: Colour = Colour(0x1A, 0x1D, 0x21);
/// Labels, notes, head and foot; 6 : 1 on white.
pub(super) const QUIET: Colour = Colour(0x5A, 0x60, 0x68);
/// Links, numbers of sections, the bar of the cover.
pub(super) const ACCENT: Colour = Colour(0x0F, 0x4C, 0x75);
/// Hairlines.
pub(super) const HAIR: Colour = Colour(0xD5, 0xD9, 0xDE);
/// Cards and code.
pub(super) const SURFACE: Colour = Colour(0xF5, 0xF6, 0xF8);
/// Paper.
pub(super) const WHITE: Colour = Colour(0xFF, 0xFF, 0xFF);

/// Width of a hairline in points.
pub(super) const HAIRLINE: f64 = 0.5;

/// The colour of a verdict.
pub(super) const fn verdict_colour(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Fail => Colour(0xB3, 0x26, 0x1E),
        Verdict::Review => Colour(0x8A, 0x5A, 0x00),
        Verdict::Unknown => Colour(0x5B, 0x5F, 0x97),
        Verdict::Accepted => Colour(0x4F, 0x62, 0x72),
        Verdict::Listed => Colour(0x5A, 0x60, 0x68),
        Verdict::Pass => Colour(0x1B, 0x6E, 0x45),
    }
}

/// The shape of a verdict, so that it reads without colour.
pub(in crate::report::render) const fn verdict_shape(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "●",
        Verdict::Review => "◆",
        Verdict::Unknown => "?",
        Verdict::Accepted => "○",
        Verdict::Listed => "–",
        Verdict::Pass => "✓",
    }
}

/// `colour` thinned towards white; `share` of it remains.
pub(super) fn tint(colour: Colour, share: f64) -> Colour {
    let mix = |c: u8| {
        let value = 255.0 - (255.0 - f64::from(c)) * share;
        // In range by construction; `as` saturates where arithmetic is off by a hair.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255 by construction")]
        let byte = value.round() as u8;
        byte
    };
    Colour(mix(colour.0), mix(colour.1), mix(colour.2))
}

/// Which of the embedded faces sets a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Family {
    /// Inter Regular.
    Sans,
    /// Inter `SemiBold`.
    Strong,
    /// `JetBrains` Mono.
    Mono,
}

/// How a text is set.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Style {
    /// Face.
    pub(super) family: Family,
    /// Size in points.
    pub(super) size: f64,
    /// Distance of baselines in points.
    pub(super) leading: f64,
    /// Colour.
    pub(super) ink: Colour,
}

impl Style {
    /// A style.
    const fn new(family: Family, size: f64, leading: f64, ink: Colour) -> Self {
        Self { family, size, leading, ink }
    }

    /// The same in another colour.
    pub(super) const fn ink(mut self, ink: Colour) -> Self {
        self.ink = ink;
        self
    }

    /// The same at another size and leading.
    pub(super) const fn sized(mut self, size: f64, leading: f64) -> Self {
        self.size = size;
        self.leading = leading;
        self
    }

    /// Baseline below the top of a line: capitals stand in the middle of the leading.
    pub(super) fn baseline(&self) -> f64 {
        // 0.727 em is the height of Inter's capitals.
        f64::midpoint(self.leading, self.size * 0.727)
    }
}

/// Running text.
pub(super) const BODY: Style = Style::new(Family::Sans, 9.5, 14.0, INK);
/// Notes.
pub(super) const NOTE: Style = Style::new(Family::Sans, 8.0, 12.0, QUIET);
/// Cells.
pub(super) const CELL: Style = Style::new(Family::Sans, 8.0, 12.0, INK);
/// Column heads.
pub(super) const HEAD: Style = Style::new(Family::Strong, 7.5, 12.0, QUIET);
/// Running head and foot.
pub(super) const MARGINAL: Style = Style::new(Family::Sans, 7.5, 12.0, QUIET);
/// Title of a section.
pub(super) const H1: Style = Style::new(Family::Strong, 18.0, 24.0, INK);
/// Heading of level 2.
pub(super) const H2: Style = Style::new(Family::Strong, 12.0, 16.0, INK);
/// Heading of level 3.
pub(super) const H3: Style = Style::new(Family::Strong, 9.5, 14.0, INK);
/// Title on the cover.
pub(super) const TITLE: Style = Style::new(Family::Strong, 34.0, 40.0, INK);
/// Organization on the cover.
pub(super) const ORGANIZATION: Style = Style::new(Family::Sans, 18.0, 24.0, ACCENT);
/// Commands.
pub(super) const CODE: Style = Style::new(Family::Mono, 7.5, 12.0, INK);
/// Figure of a tile.
pub(super) const FIGURE: Style = Style::new(Family::Strong, 22.0, 28.0, INK);
/// Words in pictures.
pub(super) const CHART: Style = Style::new(Family::Sans, 7.5, 10.0, QUIET);

/// The printable area of a page.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Geometry {
    /// Paper width in points.
    pub(super) width: f64,
    /// Paper height in points.
    pub(super) height: f64,
}

/// 18 mm in points.
pub(super) const MARGIN: f64 = 18.0 * 72.0 / 25.4;
/// The running head takes this much of the top of the text area.
const HEAD_ROOM: f64 = 24.0;
/// The foot takes this much of its bottom.
const FOOT_ROOM: f64 = 24.0;
/// Distance between neighbours in the grid.
pub(super) const GUTTER: f64 = 12.0;

impl Geometry {
    /// The geometry of a paper.
    pub(super) const fn of(paper: Paper) -> Self {
        match paper {
            Paper::A4 => Self { width: 595.28, height: 841.89 },
            Paper::Letter => Self { width: 612.0, height: 792.0 },
        }
    }

    /// Width of the text area.
    pub(super) const fn measure(&self) -> f64 {
        self.width - 2.0 * MARGIN
    }

    /// Top of the text area.
    pub(super) const fn top(&self) -> f64 {
        let _ = self;
        MARGIN + HEAD_ROOM
    }

    /// Bottom of the text area.
    pub(super) const fn bottom(&self) -> f64 {
        self.height - MARGIN - FOOT_ROOM
    }

    /// Height of the text area.
    pub(super) const fn body(&self) -> f64 {
        self.bottom() - self.top()
    }
}
