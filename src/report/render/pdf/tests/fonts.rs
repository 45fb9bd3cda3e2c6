//! What a report says about the fonts that are not its own.

use sha2::{Digest as _, Sha256};

use super::{Block, Fonts, page, plain, render_with};

/// A font that has box drawing, which Inter lacks; here it is the machine's.
const FONT: &[u8] = include_bytes!("../../../../../report_templates/fonts/JetBrainsMono-Regular.ttf");

#[test]
fn a_pdf_names_every_font_of_the_machine_with_its_digest_and_what_none_could_show() {
    let doc = page(vec![Block::Paragraph(plain("\u{256c} \u{5d0}"))]);
    let (with, without) =
        (render_with(&doc, &Fonts::with(FONT)).unwrap(), render_with(&doc, &Fonts::embedded()).unwrap());
    assert_ne!(with.bytes, without.bytes, "other fonts, other bytes: which is why they are named");
    let sha256 = Sha256::digest(FONT).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let named = format!("JetBrainsMono-Regular (face 0, SHA-256 {sha256})");
    assert!(with.warnings[0].contains(&named) && with.warnings[0].contains("other bytes"), "{:?}", with.warnings);
    assert!(with.warnings[1].contains(r"\u{5d0}") && !with.warnings[1].contains("256c"), "{:?}", with.warnings);
    let missing = &without.warnings;
    assert!(
        missing.len() == 1 && missing[0].contains(r"\u{256c}") && missing[0].contains("other bytes"),
        "{missing:?}"
    );
    let pdf = lopdf::Document::load_mem(&with.bytes).unwrap();
    let mut text = pdf.extract_text(&pdf.get_pages().keys().copied().collect::<Vec<_>>()).unwrap();
    text.retain(|c| !c.is_whitespace());
    assert!(text.contains(&sha256), "the digest is printed: {text}");
    let own = render_with(&page(vec![Block::Paragraph(plain("Zoë"))]), &Fonts::with(FONT)).unwrap();
    assert_eq!(own.warnings, Vec::<String>::new(), "what the embedded fonts show is the same everywhere");
}
