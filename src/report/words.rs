//! The fixed words of reports, and the one way in which numbers get into sentences.
//!
//! A sentence names its values in braces: `{members}` is replaced by the value, `{members|member|members}` by the
//! value and the word that agrees with it. Values are put in once and never read again for braces, so that a name
//! from the Hub cannot ask for another value.

use std::collections::BTreeMap;

/// The words of each language, `<tag>.toml`: a language is added by a file.
static LANGUAGES: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/report_templates/words");

/// The language that is there in any case.
const ENGLISH: &str = "en";

/// Tags of the languages there are words for, sorted.
pub(super) fn languages() -> Vec<&'static str> {
    let mut tags: Vec<_> = LANGUAGES.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
    tags.sort_unstable();
    tags
}

/// The file of a language.
pub(super) fn file(tag: &str) -> Option<&'static str> {
    LANGUAGES.get_file(format!("{tag}.toml"))?.contents_utf8()
}

/// Fixed words of one language, by dotted key.
#[derive(Debug)]
pub(crate) struct Words {
    /// BCP 47 tag.
    language: String,
    /// Single texts.
    texts: BTreeMap<String, String>,
    /// Lists of texts.
    lists: BTreeMap<String, Vec<String>>,
}

impl Words {
    /// The English words.
    pub(crate) fn english() -> Self {
        Self::of(ENGLISH).expect("the embedded words are valid, as a test checks")
    }

    /// The words of a language, if there are any.
    pub(crate) fn of(tag: &str) -> Option<Self> {
        let table: toml::Table = file(tag)?.parse().ok()?;
        let mut words = Self { language: tag.to_owned(), texts: BTreeMap::new(), lists: BTreeMap::new() };
        words.take("", &table);
        Some(words)
    }

    /// The language's tag.
    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    /// Flattens a table into dotted keys.
    fn take(&mut self, prefix: &str, table: &toml::Table) {
        for (key, value) in table {
            let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            match value {
                toml::Value::Table(inner) => self.take(&key, inner),
                toml::Value::String(text) => drop(self.texts.insert(key, text.clone())),
                toml::Value::Array(items) => {
                    let items = items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect();
                    self.lists.insert(key, items);
                }
                _ => {}
            }
        }
    }

    /// A text without values.
    pub(crate) fn get(&self, key: &str) -> String {
        self.texts.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// A text, if there is one of this key: for keys made from ids of analyzers, sources and columns.
    pub(crate) fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// A list of texts.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        self.lists.get(key).cloned().unwrap_or_default()
    }

    /// A text with its values put in.
    pub(crate) fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let lookup = |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        self.fill(&self.get(key), lookup)
    }

    /// Any text with its values put in. A value that `lookup` does not give is *not known*, never 0.
    pub(crate) fn fill(&self, text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
        let mut out = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(name) => out.push_str(&lookup(name).unwrap_or_else(|| self.get("unknown.value"))),
                Piece::Count { name, one, many } => match lookup(name) {
                    Some(n) if n == "1" => out.extend([n.as_str(), " ", one]),
                    Some(n) => out.extend([n.as_str(), " ", many]),
                    None => out.extend([self.get("unknown.number").as_str(), " ", many]),
                },
            }
        }
        out
    }
}

/// A part of a sentence.
#[derive(PartialEq, Eq, Debug)]
enum Piece<'t> {
    /// Stands as it is.
    Text(&'t str),
    /// `{name}`.
    Value(&'t str),
    /// `{name|one|many}`.
    Count {
        /// Name of the number.
        name: &'t str,
        /// The word after 1.
        one: &'t str,
        /// The word after any other number.
        many: &'t str,
    },
}

/// The parts of a sentence; a brace without its partner stands as it is.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = next_value(rest) {
        out.push(Piece::Text(before));
        let mut parts = inside.splitn(3, '|');
        out.push(match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
            (name, Some(one), Some(many)) => Piece::Count { name, one, many },
            (name, ..) => Piece::Value(name),
        });
        rest = after;
    }
    out.push(Piece::Text(rest));
    out
}

/// Text before the next `{…}`, its inside, and what follows.
fn next_value(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let close = open + text[open..].find('}')?;
    Some((&text[..open], &text[open + 1..close], &text[close + 1..]))
}

/// Names of the values that a sentence asks for.
pub(crate) fn names(text: &str) -> Vec<&str> {
    let name = |piece| match piece {
        Piece::Text(_) => None,
        Piece::Value(name) | Piece::Count { name, .. } => Some(name),
    };
    pieces(text).into_iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::template;

    /// Keys that the code names, read from its own text: texts like `"cover.gaps"` whose first part is one of `tables`.
    fn asked(tables: &BTreeSet<&str>) -> BTreeSet<String> {
        let sources = [
            include_str!("build/mod.rs"),
            include_str!("build/analyzer.rs"),
            include_str!("build/closing.rs"),
            include_str!("build/completeness.rs"),
            include_str!("build/controls.rs"),
            include_str!("build/cover.rs"),
            include_str!("build/follow_up.rs"),
            include_str!("build/front.rs"),
            include_str!("build/provenance.rs"),
            include_str!("build/scope.rs"),
            include_str!("build/summary.rs"),
            include_str!("build/thresholds.rs"),
            include_str!("marks.rs"),
            include_str!("build/tiles.rs"),
            include_str!("build/trends.rs"),
            include_str!("several.rs"),
            include_str!("render/oscal/mod.rs"),
            include_str!("render/oscal/finding.rs"),
            include_str!("render/ocsf.rs"),
            include_str!("render/xlsx/front.rs"),
            include_str!("render/xlsx/mod.rs"),
            include_str!("render/xlsx/rows.rs"),
            include_str!("render/xlsx/table.rs"),
            include_str!("render/html/mod.rs"),
            include_str!("render/pdf/flow.rs"),
            include_str!("render/pdf/mod.rs"),
            include_str!("render/html/view.rs"),
            "\"unknown.value\", \"unknown.number\", \"controls.open\", \"controls.not-fully-assessed\"",
            "\"controls.accepted\", \"controls.nothing-judged\", \"controls.no-finding\"",
        ];
        let literals = sources.iter().flat_map(|s| s.split('"'));
        let plain = |t: &&str| t.chars().all(|c| c.is_ascii_lowercase() || "-.".contains(c));
        let named = |t: &&str| t.split_once('.').is_some_and(|(table, key)| tables.contains(table) && !key.is_empty());
        literals.filter(plain).filter(named).map(str::to_owned).collect()
    }

    #[test]
    fn every_key_that_code_asks_for_has_words_and_no_words_are_left_over() {
        let words = Words::english();
        let there: BTreeSet<String> = words.texts.keys().chain(words.lists.keys()).cloned().collect();
        let asked = asked(&there.iter().filter_map(|k| k.split('.').next()).collect());
        let missing: Vec<_> = asked.difference(&there).collect();
        assert!(missing.is_empty(), "no words for {missing:?}");
        // Keys made from ids are looked up by `find`.
        let dynamic = ["source.", "tile.", "coverage.", "column.", "trend.", "hole.", "threshold.", "unset."];
        let unused: Vec<_> = there.difference(&asked).filter(|k| !dynamic.iter().any(|d| k.starts_with(d))).collect();
        assert!(unused.is_empty(), "nobody asks for {unused:?}");
    }

    #[test]
    fn every_language_says_what_english_says() {
        let english = Words::english();
        let asked = |text: &str| names(text).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        for tag in languages() {
            let words = Words::of(tag).unwrap();
            let own =
                |keys: BTreeSet<&String>| keys.into_iter().filter(|k| !k.starts_with("template.")).cloned().collect();
            let texts: Vec<String> = own(words.texts.keys().collect());
            assert_eq!(texts, own(english.texts.keys().collect()), "{tag}");
            for (key, text) in &english.texts {
                assert_eq!(asked(&words.texts[key]), asked(text), "{tag}: {key}");
            }
            let lists = |words: &Words| words.lists.iter().map(|(k, l)| (k.clone(), l.len())).collect::<Vec<_>>();
            assert_eq!(lists(&words), lists(&english), "{tag}");
        }
    }

    #[test]
    fn every_text_of_a_template_has_words_in_every_language() {
        for (tag, name) in languages().into_iter().flat_map(|tag| template::names().into_iter().map(move |n| (tag, n)))
        {
            let words = Words::of(tag).unwrap();
            let mut layout = template::load(name, None).unwrap().layout;
            if layout.language.get_ref() == tag {
                continue;
            }
            layout.texts(&mut |text| {
                assert!(words.find(&format!("template.{text}")).is_some(), "{tag}: {name} says {text:?}");
            });
        }
    }

    #[test]
    fn a_number_takes_the_word_that_agrees_and_a_missing_one_is_not_known() {
        let words = Words::english();
        let say = |n: Option<&str>| words.fill("{n|member is|members are} idle ({n})", |_| n.map(str::to_owned));
        assert_eq!(say(Some("1")), "1 member is idle (1)");
        assert_eq!(say(Some("0")), "0 members are idle (0)");
        assert_eq!(say(None), "an unknown number of members are idle (not known)");
    }

    #[test]
    fn values_are_not_read_again() {
        let words = Words::english();
        assert_eq!(words.fill("{a} {", |_| Some("{b}".to_owned())), "{b} {");
    }
}
