//! Templates: which sections a report has, in which order, with which columns. They choose; they compute nothing.
//!
//! A template is a TOML file, embedded under its folder's name or given by path, with wording and frameworks of controls
//! beside it. Whatever it says that cannot be followed is an error naming file, line, key and the nearest known key.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;
use toml::Spanned;

use super::{
    controls::{self, Framework, Requirement},
    error::Error,
    layout::{FieldSpec, Kind, Layout, Section},
    toml_file::{TomlFile, looks_like_a_path},
    wording::{self, Wording, unknown},
    words::{self, Words},
};
use crate::model::{
    outcome::{COMMON, Outcome},
    params::Params,
};

/// The embedded templates, by name.
pub(super) const EMBEDDED: [(&str, &str); 3] = [
    ("access-review", include_str!("../../report_templates/access-review/report.toml")),
    ("soc2-evidence", include_str!("../../report_templates/soc2-evidence/report.toml")),
    ("seat-spend", include_str!("../../report_templates/seat-spend/report.toml")),
];

/// A template, checked as far as it can be without an analysis.
#[derive(Clone, Debug)]
pub struct Template {
    /// Name: stem of the output files.
    name: String,
    /// The file.
    file: TomlFile,
    /// What it says.
    pub(super) layout: Layout,
    /// Words about each analyzer that it names.
    pub(super) wording: BTreeMap<String, Wording>,
    /// Frameworks whose points the report speaks to.
    pub(super) frameworks: Vec<Framework>,
}

/// Names of the embedded templates.
pub fn names() -> Vec<&'static str> {
    EMBEDDED.iter().map(|(name, _)| *name).collect()
}

/// Loads an embedded template by name, or a user's own by the path of its TOML file or of the folder that holds its
/// `report.toml`. `language` says in which language there are words; without it the template's own.
///
/// # Errors
/// When there is no such template or language, or the template says something that cannot be followed.
pub fn load(name_or_path: &str, language: Option<&str>) -> Result<Template, Error> {
    let words = language.map(language_of).transpose()?;
    if let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == name_or_path) {
        let file = TomlFile::embedded(format!("report_templates/{name}/report.toml"), text);
        return parse(name, file, None, words);
    }
    let given = Path::new(name_or_path);
    let path = if given.is_dir() { given.join("report.toml") } else { given.to_owned() };
    let file = match TomlFile::read(path.clone()) {
        Err(Error::ReadTemplate { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound && !looks_like_a_path(name_or_path) =>
        {
            let mut known = names().join(", ");
            if let Some(near) = names().into_iter().find(|n| strsim::damerau_levenshtein(n, name_or_path) <= 3) {
                known = format!("{known}; did you mean {near:?}?");
            }
            return Err(Error::UnknownTemplate { name: name_or_path.to_owned(), known });
        }
        other => other?,
    };
    parse(&name_of(&path), file, path.parent(), words)
}

/// The words of a language that somebody asks for.
fn language_of(tag: &str) -> Result<Words, Error> {
    Words::of(tag).ok_or_else(|| Error::Language { tag: tag.to_owned(), known: words::languages().join(", ") })
}

/// Name of a user's template: the file's stem, or its folder's name when the file is called `report.toml`. Only
/// characters that are safe in a file name are kept.
fn name_of(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let stem = match absolute.file_name() {
        Some(name) if name == "report.toml" => absolute.parent().and_then(Path::file_name),
        _ => absolute.file_stem(),
    };
    let stem = stem.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = stem.trim_start_matches('.').chars().map(safe).collect();
    if name.is_empty() { "report".to_owned() } else { name }
}

/// Reads and checks a template; `words` are those of another language than its own.
fn parse(name: &str, file: TomlFile, folder: Option<&Path>, words: Option<Words>) -> Result<Template, Error> {
    let mut layout: Layout = file.parse()?;
    check(&layout).map_err(|(at, message)| file.wrong(at, message))?;
    if let Some(words) = words.filter(|words| words.language() != layout.language.get_ref()) {
        layout.translate(&words);
    }
    let mut wording = BTreeMap::new();
    for id in layout.analyzers() {
        if let Some(words) = wording::load(id, folder, layout.language.get_ref())? {
            wording.insert(id.to_owned(), words);
        }
    }
    let frameworks =
        layout.controls.iter().map(|named| controls::load(named, &file, folder)).collect::<Result<_, _>>()?;
    Ok(Template { name: name.to_owned(), file, layout, wording, frameworks })
}

/// Checks what the types do not: the position and the message of the first thing that cannot be followed.
fn check(layout: &Layout) -> Result<(), (usize, String)> {
    let languages = words::languages();
    if !languages.contains(&layout.language.get_ref().as_str()) {
        let message = format!("key `language`: {}", unknown("language", layout.language.get_ref(), &languages));
        return Err((layout.language.span().start, message));
    }
    let mut seen = BTreeSet::new();
    for section in &layout.sections {
        check_section(section)?;
        if !seen.insert(section.anchor()) {
            let at = section.kind.span().start;
            return Err((at, format!("the section `{}` is there twice; give one of them an `id`", section.anchor())));
        }
    }
    Ok(())
}

/// Checks one section.
fn check_section(section: &Section) -> Result<(), (usize, String)> {
    let kind = *section.kind.get_ref();
    let at = section.kind.span().start;
    for (key, used, allowed) in section.keys() {
        if used && !allowed.contains(&kind) {
            return Err((at, format!("a section of kind `{kind}` does not take the key `{key}`")));
        }
    }
    if kind == Kind::Analyzer && section.analyzer.is_none() {
        return Err((at, format!("a section of kind `{kind}` needs the key `analyzer`")));
    }
    for tile in &section.tiles {
        let known = super::build::tile_ids();
        if !known.contains(&tile.get_ref().as_str()) {
            let message = format!("key `tiles`: {}", unknown("tile", tile.get_ref(), &known));
            return Err((tile.span().start, message));
        }
    }
    match section.charts.iter().find(|c| c.analyzer.is_none() && section.analyzer.is_none()) {
        Some(chart) => {
            Err((chart.id.span().start, "a chart outside an analyzer's section needs the key `analyzer`".into()))
        }
        None => Ok(()),
    }
}

impl Template {
    /// Name: stem of the output files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.layout.title
    }

    /// Whom it is for.
    pub fn audience(&self) -> &str {
        &self.layout.audience
    }

    /// BCP 47 tag of its words.
    pub fn language(&self) -> &str {
        self.layout.language.get_ref()
    }

    /// Whether a report by it shows the rows of an analyzer.
    pub(super) fn shows(&self, analyzer: &str) -> bool {
        self.layout.analyzers().contains(&analyzer)
    }

    /// The results that a report by it shows, in report order.
    pub(super) fn shown<'o>(&self, outcomes: &'o [Outcome]) -> impl Iterator<Item = &'o Outcome> {
        outcomes.iter().filter(|outcome| self.shows(outcome.meta.id))
    }

    /// Whether it has a section of a kind.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.layout.sections.iter().any(|section| *section.kind.get_ref() == kind)
    }

    /// Whether a report by it shows a key figure: it names the tile, or shows the analyzer that the figure is from.
    pub(super) fn shows_tile(&self, id: &str) -> bool {
        let names = |section: &Section| section.tiles.iter().any(|tile| tile.get_ref() == id);
        self.layout.sections.iter().any(names) || super::build::tile_analyzer(id).is_some_and(|a| self.shows(a))
    }

    /// Whether a report by it rests on an analyzer: it shows rows, a picture or a figure of it, or a point looks at it.
    #[must_use]
    pub fn rests_on(&self, analyzer: &str) -> bool {
        let draws = |section: &Section| {
            section.charts.iter().filter_map(|chart| chart.analyzer.as_ref()).any(|id| id.get_ref() == analyzer)
                || section.tiles.iter().any(|tile| super::build::tile_analyzer(tile.get_ref()) == Some(analyzer))
        };
        self.shows(analyzer)
            || self.layout.sections.iter().any(draws)
            || self.requirements().any(|(_, requirement)| requirement.analyzers().any(|id| id == analyzer))
    }

    /// The points of its frameworks.
    pub(super) fn requirements(&self) -> impl Iterator<Item = (&Framework, &Requirement)> {
        self.frameworks.iter().flat_map(|framework| framework.requirements.iter().map(move |r| (framework, r)))
    }

    /// Id and text of the frameworks that are a user's own.
    pub(super) fn own_frameworks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.frameworks.iter().filter_map(|framework| Some((framework.id.as_str(), framework.own_text()?)))
    }

    /// Its words.
    pub(super) fn words(&self) -> Words {
        Words::of(self.language()).unwrap_or_else(Words::english)
    }

    /// Checks that what the template names is in an analysis: a report that silently lacks a section looks complete.
    pub(super) fn check_against(&self, outcomes: &[Outcome], params: &Params) -> Result<(), Error> {
        let ids: Vec<&str> = outcomes.iter().map(|o| o.meta.id).collect();
        let find = |id: &Spanned<String>, key: &str| {
            outcomes
                .iter()
                .find(|o| o.meta.id == id.get_ref())
                .ok_or_else(|| self.file.unknown(id, key, "analyzer", &ids))
        };
        for section in &self.layout.sections {
            for id in &section.analyzers {
                find(id, "analyzers")?;
            }
            for chart in &section.charts {
                let Some(id) = chart.analyzer.as_ref().or(section.analyzer.as_ref()) else { continue };
                let outcome = find(id, "analyzer")?;
                if !outcome.meta.charts.contains(&chart.id.get_ref().as_str()) {
                    return Err(self.file.unknown(&chart.id, "charts", "chart", outcome.meta.charts));
                }
            }
            if let Some(id) = &section.analyzer {
                self.check_columns(section, find(id, "analyzer")?)?;
            }
            let named = section.analyzer.iter().chain(&section.analyzers);
            let named: Vec<&Outcome> = named.map(|id| find(id, "analyzer")).collect::<Result<_, _>>()?;
            self.check_totals(section, &named)?;
        }
        for outcome in outcomes {
            self.wording.get(outcome.meta.id).map(|words| words.check_against(outcome, params)).transpose()?;
        }
        let anchors: BTreeSet<&str> = self.layout.sections.iter().map(Section::anchor).collect();
        self.frameworks.iter().try_for_each(|framework| framework.check_against(outcomes, &anchors))
    }

    /// Checks the totals of a section: each is there, and of the shape that the section shows it in.
    fn check_totals(&self, section: &Section, outcomes: &[&Outcome]) -> Result<(), Error> {
        let known: Vec<&str> = outcomes.iter().flat_map(|o| o.totals.keys()).map(String::as_str).collect();
        let find = |total: &Spanned<String>, key: &str| {
            let found = outcomes.iter().find_map(|o| o.totals.get(total.get_ref()));
            found.ok_or_else(|| self.file.unknown(total, key, "total", &known))
        };
        let wrong = |total: &Spanned<String>, message: &str| {
            let message = format!("the total {:?} {message}", total.get_ref());
            Err(self.file.wrong(total.span().start, message))
        };
        for fact in &section.facts {
            if find(&fact.total, "facts")?.is_array() || find(&fact.total, "facts")?.is_object() {
                return wrong(&fact.total, "is a table: it belongs under `breakdowns`");
            }
        }
        for breakdown in &section.breakdowns {
            let named = !breakdown.rows.is_empty();
            let (total, columns) = (find(&breakdown.total, "breakdowns")?, &breakdown.columns);
            match total {
                Value::Array(items) => self.check_keys("columns", columns, fields(items.iter()))?,
                Value::Object(lines) if named => {
                    self.check_keys("rows", &breakdown.rows, lines.keys().map(String::as_str).collect())?;
                    self.check_keys("columns", columns.get(1..).unwrap_or_default(), fields(lines.values()))?;
                }
                Value::Object(_) => self.check_keys("columns", columns, ["key", "value"].into())?,
                Value::Null => {}
                _ => return wrong(&breakdown.total, "is a single value: it belongs under `facts`"),
            }
        }
        Ok(())
    }

    /// Checks the keys of a table; one without rows names none.
    fn check_keys(&self, key: &str, specs: &[FieldSpec], known: BTreeSet<&str>) -> Result<(), Error> {
        let known: Vec<&str> = known.into_iter().collect();
        let unknown = |spec: &&FieldSpec| !known.is_empty() && !known.contains(&spec.key.get_ref().as_str());
        match specs.iter().find(unknown) {
            Some(spec) => Err(self.file.unknown(&spec.key, key, key.trim_end_matches('s'), &known)),
            None => Ok(()),
        }
    }

    /// Checks the columns of a section.
    fn check_columns(&self, section: &Section, outcome: &Outcome) -> Result<(), Error> {
        let known: Vec<&str> = COMMON.iter().chain(outcome.meta.columns).map(|c| c.name).collect();
        let unknown_column = |name: &&Spanned<String>| !known.contains(&name.get_ref().as_str());
        let mut names = section.columns.iter().map(|c| &c.name);
        match names.find(unknown_column) {
            Some(name) => Err(self.file.unknown(name, "columns", "column", &known)),
            None => Ok(()),
        }
    }
}

/// The fields of some objects.
fn fields<'v>(objects: impl Iterator<Item = &'v Value>) -> BTreeSet<&'v str> {
    objects.filter_map(Value::as_object).flatten().map(|(key, _)| key.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A template with all that is obligatory.
    const SMALL: &str = "version = 1\ntitle = \"T\"\naudience = \"A\"\nlanguage = \"en\"\n\n[[sections]]\nkind = \"cover\"\n\n[[sections]]\nkind = \"analyzer\"\nanalyzer = \"inactive-seats\"\ntitle = \"I\"\ncolumns = [\n  { name = \"subject\" },\n]\n";

    /// The error of a template that is wrong.
    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    /// Reads a template.
    fn read(text: &str) -> Result<Template, Error> {
        parse("t", TomlFile::embedded("t.toml".to_owned(), text), None, None)
    }

    #[test]
    fn every_embedded_template_loads() {
        for name in names() {
            let template = load(name, None).unwrap();
            assert_eq!(template.name(), name);
            assert!(!template.wording.is_empty());
        }
    }

    #[test]
    fn an_unknown_key_names_file_line_and_the_nearest_known_key() {
        let got = error(&SMALL.replace("audience", "audiense"));
        assert_eq!(got, "t.toml:3: unknown key \"audiense\"; did you mean \"audience\"?");
        let got = error(&SMALL.replace("columns = ", "colums = "));
        assert_eq!(got, "t.toml:13: unknown key \"colums\"; did you mean \"columns\"?");
        let got = error(&SMALL.replace("\"cover\"", "\"covr\""));
        assert_eq!(got, "t.toml:7: unknown word \"covr\"; did you mean \"cover\"?");
    }

    #[test]
    fn a_missing_key_and_a_wrong_type_name_the_line() {
        assert_eq!(error(&SMALL.replace("title = \"T\"\n", "")), "t.toml:1: missing field `title`");
        assert!(error(&SMALL.replace("\"T\"", "3")).starts_with("t.toml:2: invalid type"));
        assert!(error(&SMALL.replace("[[sections]]", "[[sections")).starts_with("t.toml:6: "));
    }

    #[test]
    fn another_version_is_refused_before_its_keys_are_blamed() {
        let got = error(&SMALL.replace("version = 1\ntitle", "new = 1\nversion = 2\ntitle"));
        assert_eq!(got, "t.toml:2: key `version`: 2 is not a version that this program reads (1)");
        assert!(error(&SMALL.replace("version = 1", "")).contains("`version` is missing"));
    }

    #[test]
    fn a_section_that_cannot_be_made_is_refused() {
        let got = error(&SMALL.replace("analyzer = \"inactive-seats\"\n", ""));
        assert_eq!(got, "t.toml:10: a section of kind `analyzer` needs the key `analyzer`");
        let got = error(&SMALL.replace("kind = \"cover\"", "kind = \"cover\"\ntiles = [\"members\"]"));
        assert_eq!(got, "t.toml:7: a section of kind `cover` does not take the key `tiles`");
        let got = error(&SMALL.replace("kind = \"cover\"", "kind = \"summary\"\ntiles = [\"member\"]"));
        assert_eq!(got, "t.toml:8: key `tiles`: unknown tile \"member\"; did you mean \"members\"?");
        let got = error(&SMALL.replace("kind = \"cover\"", "kind = \"analyzer\"\nanalyzer = \"inactive-seats\""));
        assert_eq!(got, "t.toml:11: the section `inactive-seats` is there twice; give one of them an `id`");
    }

    #[test]
    fn names_that_the_analysis_lacks_are_refused() {
        let outcomes = [super::super::testing::inactive_seats()];
        let check = |text: &str| read(text).unwrap().check_against(&outcomes, &Params::default());
        assert!(check(SMALL).is_ok());
        let got = check(&SMALL.replace("\"subject\"", "\"subjekt\"")).unwrap_err().to_string();
        assert_eq!(got, "t.toml:14: key `columns`: unknown column \"subjekt\"; did you mean \"subject\"?");
        let got = check(&SMALL.replace("\"inactive-seats\"", "\"inactive-seat\"")).unwrap_err().to_string();
        assert_eq!(
            got,
            "t.toml:11: key `analyzer`: unknown analyzer \"inactive-seat\"; did you mean \"inactive-seats\"?"
        );
    }

    #[test]
    fn a_misspelt_total_or_picture_names_file_line_and_the_nearest_one() {
        let outcomes = [super::super::testing::inactive_seats(), super::super::testing::seat_spend()];
        let check = |more: &str| {
            let text = format!("{SMALL}{more}");
            read(&text).unwrap().check_against(&outcomes, &Params::default())
        };
        let error = |more: &str| check(more).unwrap_err().to_string();
        assert!(check("facts = [{ total = \"inactive\", title = \"I\" }]\n").is_ok());
        assert_eq!(
            error("facts = [\n  { total = \"inactiv\", title = \"I\" },\n]\n"),
            "t.toml:17: key `facts`: unknown total \"inactiv\"; did you mean \"inactive\"?"
        );
        assert_eq!(
            error("charts = [{ id = \"idle-day\", style = \"bars\" }]\n"),
            "t.toml:16: key `charts`: unknown chart \"idle-day\"; did you mean \"idle-days\"?"
        );
        let spend = "[[sections]]\nkind = \"analyzer\"\nanalyzer = \"seat-spend\"\n";
        let table = |total: &str, key: &str| {
            format!(
                "{spend}breakdowns = [{{ total = \"{total}\", title = \"D\", columns = [{{ key = \"{key}\", title = \"K\" }}] }}]\n"
            )
        };
        assert!(check(&table("by_department", "seats")).is_ok());
        assert_eq!(
            error(&table("by_departmen", "seats")),
            "t.toml:19: key `breakdowns`: unknown total \"by_departmen\"; did you mean \"by_department\"?"
        );
        assert_eq!(
            error(&table("by_department", "seat")),
            "t.toml:19: key `columns`: unknown column \"seat\"; did you mean \"seats\"?"
        );
        assert_eq!(
            error(&table("seats_billed", "seats")),
            "t.toml:19: the total \"seats_billed\" is a single value: it belongs under `facts`"
        );
        assert_eq!(
            error(&format!("{spend}facts = [{{ total = \"by_department\", title = \"D\" }}]\n")),
            "t.toml:19: the total \"by_department\" is a table: it belongs under `breakdowns`"
        );
        // A picture that the analyzer did not draw this time is none that it cannot draw.
        let departments = format!("{spend}charts = [{{ id = \"departments\", style = \"bars\" }}]\n");
        assert!(outcomes[1].charts.iter().all(|chart| chart.id != "departments") && check(&departments).is_ok());
    }

    #[test]
    fn words_that_ask_for_a_figure_that_nobody_gives_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sections")).unwrap();
        std::fs::write(folder.path().join("report.toml"), SMALL).unwrap();
        let words = "# Ours\n## Question\nQ\n## Answer\nOf {members|member|members},\n{inactiv} and {pass}.\n## Method\n{activity.threshold_days}\n";
        std::fs::write(folder.path().join("sections/inactive-seats.md"), words).unwrap();
        let check = || load(folder.path().to_str().unwrap(), None).unwrap();
        let outcomes = [super::super::testing::inactive_seats()];
        let error = check().check_against(&outcomes, &Params::default()).unwrap_err().to_string();
        assert!(
            error.ends_with("inactive-seats.md:6: unknown figure \"inactiv\"; did you mean \"inactive\"?"),
            "{error}"
        );
        std::fs::write(folder.path().join("sections/inactive-seats.md"), words.replace("inactiv}", "inactive}"))
            .unwrap();
        assert!(check().check_against(&outcomes, &Params::default()).is_ok());
    }

    #[test]
    fn a_users_template_is_called_like_its_file_or_folder_and_brings_its_words() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("our review");
        std::fs::create_dir_all(own.join("sections")).unwrap();
        std::fs::write(own.join("report.toml"), SMALL).unwrap();
        let words = "# Ours\n## Question\nQ\n## Answer\nA\n## Method\nM\n";
        std::fs::write(own.join("sections/inactive-seats.md"), words).unwrap();
        let template = load(own.to_str().unwrap(), None).unwrap();
        assert_eq!(template.name(), "our-review");
        assert_eq!(template.wording["inactive-seats"].title, "Ours");
    }

    #[test]
    fn every_key_and_kind_is_explained() {
        let told = include_str!("../../report_templates/template.md");
        let section: Layout = toml::from_str(SMALL).unwrap();
        let keys = section.sections[0].keys().map(|(key, ..)| key);
        let kinds = super::super::layout::words();
        let parts = ["answer", "charts", "facts", "breakdowns", "decisions", "list", "method"];
        let more = ["version", "title", "audience", "language", "controls", "over_time", "weight", "dots"];
        let tiles = super::super::build::tile_ids();
        for word in keys.into_iter().chain(kinds).chain(parts).chain(more).chain(tiles) {
            assert!(told.contains(&format!("`{word}`")) || told.contains(&format!("`{word} = ")), "{word}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let got = load("access-reviev", None).unwrap_err().to_string();
        assert!(got.contains("seat-spend; did you mean \"access-review\"?"), "{got}");
        assert!(matches!(load("./nowhere.toml", None), Err(Error::ReadTemplate { .. })));
    }
}
