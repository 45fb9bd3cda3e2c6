//! What a report says about one analyzer: `report_templates/sections/<id>.md`, read by its headings.
//!
//! Compliance people edit these files, so they are plain Markdown: paragraphs, `-` lists, `code` and **strong** only.
//! `rollcall explain` prints them as they are.

use std::{collections::BTreeMap, path::Path};

use super::{
    document::{Block, Span, Text},
    error::Error,
    words,
};
use crate::model::{outcome::Outcome, params::Params, verdict::Verdict};

/// The sections that are embedded.
pub(super) static SECTIONS: include_dir::Dir<'_> =
    include_dir::include_dir!("$CARGO_MANIFEST_DIR/report_templates/sections");

/// Headings of a section file, in order.
const HEADINGS: [&str; 6] = ["Question", "Answer", "Why it matters", "Method", "Limits", "What to do"];

/// The words about one analyzer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wording {
    /// Where they come from, for errors.
    pub file: String,
    /// The title.
    pub title: String,
    /// The question, one line.
    pub question: String,
    /// The answer, one sentence with the analyzer's totals in braces.
    pub answer: String,
    /// Why it matters.
    pub why: String,
    /// How it is judged.
    pub method: String,
    /// What cannot be known.
    pub limits: String,
    /// General advice, before the rules.
    pub advice: String,
    /// What to do, by rule id.
    pub remedies: BTreeMap<String, String>,
    /// Names of the figures that the sentences ask for, each with its line in the file.
    asked: Vec<(String, usize)>,
}

/// The words about an analyzer: those beside a user's template if there are any, else the embedded ones in a language,
/// else the English ones; `None` when nobody wrote any.
///
/// # Errors
/// When a file is there and cannot be read or has an unknown or missing heading.
pub fn load(id: &str, beside: Option<&Path>, language: &str) -> Result<Option<Wording>, Error> {
    if let Some(folder) = beside {
        let path = folder.join("sections").join(format!("{id}.md"));
        match std::fs::read_to_string(&path) {
            Ok(text) => return parse(&path.display().to_string(), &text).map(Some),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::ReadTemplate { path, source }),
        }
    }
    let names = [format!("{language}/{id}.md"), format!("{id}.md")];
    let Some((name, file)) = names.iter().find_map(|name| Some((name, SECTIONS.get_file(name)?))) else {
        return Ok(None);
    };
    parse(&format!("report_templates/sections/{name}"), file.contents_utf8().unwrap_or_default()).map(Some)
}

/// Reads a section file.
fn parse(file: &str, text: &str) -> Result<Wording, Error> {
    let mut wording = Wording { file: file.to_owned(), ..Wording::default() };
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    let (mut heading, mut rule) = ("", None::<String>);
    for (at, line) in text.lines().enumerate() {
        if let Some(title) = line.strip_prefix("# ") {
            title.trim().clone_into(&mut wording.title);
        } else if let Some(name) = line.strip_prefix("## ") {
            heading = HEADINGS.into_iter().find(|h| *h == name.trim()).ok_or_else(|| Error::Template {
                file: file.to_owned(),
                line: at + 1,
                message: unknown("heading", name.trim(), &HEADINGS),
            })?;
            rule = None;
        } else if let Some(id) = line.strip_prefix("### ") {
            if heading != "What to do" {
                let message = format!("a rule ({:?}) may stand under \"What to do\" only", id.trim());
                return Err(Error::Template { file: file.to_owned(), line: at + 1, message });
            }
            rule = Some(id.trim().to_owned());
        } else {
            if ["Answer", "Why it matters", "Method"].contains(&heading) {
                wording.asked.extend(words::names(line).into_iter().map(|name| (name.to_owned(), at + 1)));
            }
            let part = match &rule {
                Some(id) => wording.remedies.entry(id.clone()).or_default(),
                None => parts.entry(heading).or_default(),
            };
            part.push_str(line);
            part.push('\n');
        }
    }
    let mut take = |heading: &str| parts.remove(heading).map(|t| t.trim().to_owned()).unwrap_or_default();
    wording.question = take("Question");
    wording.answer = take("Answer").replace('\n', " ");
    wording.why = take("Why it matters");
    wording.method = take("Method");
    wording.limits = take("Limits");
    wording.advice = take("What to do");
    for remedy in wording.remedies.values_mut() {
        *remedy = remedy.trim().to_owned();
    }
    for (name, text) in [("Question", &wording.question), ("Answer", &wording.answer), ("Method", &wording.method)] {
        if text.is_empty() {
            let message = format!("nothing stands under the heading {name:?}");
            return Err(Error::Template { file: file.to_owned(), line: 1, message });
        }
    }
    Ok(wording)
}

impl Wording {
    /// Names of the figures that its sentences ask for.
    #[cfg(test)]
    pub(super) fn figures(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().map(|(name, _)| name.as_str())
    }

    /// Checks that every figure that its sentences ask for is a total, a verdict or a setting.
    ///
    /// # Errors
    /// When one is none of these: it would be printed as *not known*.
    pub(super) fn check_against(&self, outcome: &Outcome, params: &Params) -> Result<(), Error> {
        let settings = serde_json::to_value(params).unwrap_or_default();
        let mut known: Vec<&str> = outcome.totals.keys().map(String::as_str).collect();
        known.extend(Verdict::ALL.map(Verdict::word));
        let is_setting = |path: &str| path.split('.').try_fold(&settings, |value, key| value.get(key)).is_some();
        match self.asked.iter().find(|(name, _)| !known.contains(&name.as_str()) && !is_setting(name)) {
            None => Ok(()),
            Some((name, line)) => {
                let message = unknown("figure", name, &known);
                Err(Error::Template { file: self.file.clone(), line: *line, message })
            }
        }
    }
}

/// Says that a name is unknown, and which known one is nearest.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let near = known.iter().map(|k| (strsim::damerau_levenshtein(k, name), *k)).min();
    match near {
        Some((distance, k)) if distance <= 3.max(name.len() / 3) => {
            format!("unknown {what} {name:?}; did you mean {k:?}?")
        }
        _ => format!("unknown {what} {name:?} (known: {})", known.join(", ")),
    }
}

/// Markdown paragraphs and lists as blocks; `paragraph` says how a paragraph is set.
pub(super) fn blocks(markdown: &str, paragraph: fn(Text) -> Block) -> Vec<Block> {
    let mut out = Vec::new();
    for chunk in markdown.split("\n\n").map(str::trim).filter(|c| !c.is_empty()) {
        if chunk.starts_with("- ") {
            let items = format!("\n{chunk}");
            let items = items.split("\n- ").filter(|i| !i.trim().is_empty());
            out.push(Block::Bullets(items.map(|i| inline(&one_line(i))).collect()));
        } else {
            out.push(paragraph(inline(&one_line(chunk))));
        }
    }
    out
}

/// Joins the lines of a paragraph.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `code` and **strong** in a line.
pub(super) fn inline(line: &str) -> Text {
    let mut out = Vec::new();
    for (at, part) in line.split('`').enumerate() {
        if part.is_empty() {
            continue;
        }
        if at % 2 == 1 {
            out.push(Span::Mono(part.to_owned()));
            continue;
        }
        let strong = part.split("**").enumerate().filter(|(_, p)| !p.is_empty());
        out.extend(
            strong.map(|(i, p)| if i % 2 == 1 { Span::Strong(p.to_owned()) } else { Span::Plain(p.to_owned()) }),
        );
    }
    out
}

/// The first sentence of a remedy: what to do, without what to know about it.
pub(super) fn first_sentence(markdown: &str) -> String {
    let paragraph = one_line(markdown.split("\n\n").next().unwrap_or_default());
    match paragraph.find(". ") {
        Some(end) => paragraph[..=end].to_owned(),
        None => paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::plain;

    /// A file with all that is obligatory.
    const FILE: &str = "# T\n## Question\nQ?\n## Answer\n{n} of\n{m}.\n## Method\nM\n## What to do\nAll.\n### idle\nAsk. Then act.\n\nStays.\n";

    #[test]
    fn headings_part_a_file() {
        let wording = parse("x.md", FILE).unwrap();
        assert_eq!(wording.title, "T");
        assert_eq!(wording.answer, "{n} of {m}.");
        assert_eq!(wording.advice, "All.");
        assert_eq!(wording.remedies["idle"], "Ask. Then act.\n\nStays.");
        assert_eq!(first_sentence(&wording.remedies["idle"]), "Ask.");
    }

    #[test]
    fn a_misspelt_heading_names_file_line_and_the_nearest_known_one() {
        let error = parse("x.md", &FILE.replace("## Method", "## Methods")).unwrap_err();
        assert_eq!(error.to_string(), "x.md:7: unknown heading \"Methods\"; did you mean \"Method\"?");
    }

    #[test]
    fn a_missing_heading_is_an_error() {
        let error = parse("x.md", &FILE.replace("Q?", "")).unwrap_err();
        assert_eq!(error.to_string(), "x.md:1: nothing stands under the heading \"Question\"");
    }

    #[test]
    fn every_embedded_section_reads() {
        for file in SECTIONS.files() {
            let id = file.path().file_stem().unwrap().to_str().unwrap();
            let wording = load(id, None, "en").unwrap().unwrap();
            assert!(!wording.title.is_empty() && !wording.limits.is_empty() && !wording.why.is_empty(), "{id}");
        }
    }

    #[test]
    fn markup_becomes_spans_and_lists() {
        let got = blocks("A `b` **c**\nd.\n\n- e\n  f\n- g", Block::Note);
        let first = vec![
            Span::Plain("A ".to_owned()),
            Span::Mono("b".to_owned()),
            Span::Plain(" ".to_owned()),
            Span::Strong("c".to_owned()),
            Span::Plain(" d.".to_owned()),
        ];
        assert_eq!(got, [Block::Note(first), Block::Bullets(vec![plain("e f"), plain("g")])]);
    }
}
