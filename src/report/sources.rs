//! The texts that a report is made with, for whoever keeps them beside it.

use std::{collections::BTreeMap, fs, path::Path};

use include_dir::Dir;

use super::{controls, error::Error, template, wording::SECTIONS, words};

/// The files of a template and of what it may use, by path as in `report_templates`: words, sections, frameworks.
///
/// Of a user's own template it is its TOML file, the `sections` beside it and its own frameworks; the embedded files come
/// too, since what the user did not write is taken from there.
///
/// # Errors
/// When a user's template cannot be read.
pub fn of(name_or_path: &str) -> Result<BTreeMap<String, String>, Error> {
    let mut texts = BTreeMap::new();
    let languages = words::languages();
    for tag in &languages {
        texts.insert(format!("words/{tag}.toml"), words::file(tag).unwrap_or_default().to_owned());
    }
    embedded("sections", &SECTIONS, &mut texts);
    embedded("controls", &controls::EMBEDDED, &mut texts);
    if let Some((name, text)) = template::EMBEDDED.iter().find(|(name, _)| *name == name_or_path) {
        texts.insert(format!("{name}/report.toml"), (*text).to_owned());
        return Ok(texts);
    }
    let template = template::load(name_or_path, None)?;
    let name = template.name();
    let given = Path::new(name_or_path);
    let path = if given.is_dir() { given.join("report.toml") } else { given.to_owned() };
    texts.insert(format!("{name}/report.toml"), read(&path)?);
    for (framework, text) in template.own_frameworks() {
        texts.insert(format!("{name}/controls/{framework}.toml"), text.to_owned());
    }
    let sections = path.parent().unwrap_or_else(|| Path::new("")).join("sections");
    let beside: Vec<_> = texts.keys().filter_map(|text| text.strip_prefix("sections/").map(str::to_owned)).collect();
    for section in beside.into_iter().filter(|section| sections.join(section).is_file()) {
        texts.insert(format!("{name}/sections/{section}"), read(&sections.join(section))?);
    }
    Ok(texts)
}

/// Adds every file of an embedded folder.
fn embedded(name: &str, folder: &Dir<'_>, texts: &mut BTreeMap<String, String>) {
    for file in folder.files() {
        let text = file.contents_utf8().unwrap_or_default().to_owned();
        texts.insert(format!("{name}/{}", file.path().display()), text);
    }
    folder.dirs().for_each(|inner| embedded(name, inner, texts));
}

/// Reads one file.
fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::ReadTemplate { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_template_comes_with_its_words() {
        let texts = of("access-review").unwrap();
        for name in ["access-review/report.toml", "sections/inactive-seats.md", "words/en.toml", "controls/soc2.toml"] {
            assert!(texts.get(name).is_some_and(|text| !text.is_empty()), "{name}");
        }
        assert!(of("access-revue").is_err());
    }

    #[test]
    fn a_users_template_comes_with_what_stands_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("own");
        fs::create_dir_all(own.join("sections")).unwrap();
        fs::write(own.join("report.toml"), &of("access-review").unwrap()["access-review/report.toml"]).unwrap();
        let section = of("access-review").unwrap()["sections/inactive-seats.md"].replace("# ", "# Our ");
        fs::write(own.join("sections/inactive-seats.md"), section.replace("## Our ", "## ")).unwrap();
        for place in [own.clone(), own.join("report.toml")] {
            let texts = of(place.to_str().unwrap()).unwrap();
            assert!(texts.contains_key("own/report.toml"));
            assert!(texts["own/sections/inactive-seats.md"].starts_with("# Our "));
            assert!(!texts.contains_key("own/sections/access.md"));
        }
    }
}
