//! What the engine leaves out: outline and metadata.

use lopdf::{Dictionary, Document as File, Object, ObjectId, StringFormat, dictionary};

use super::{error::Error, file::Writer, flow::Entry, piece::Tree, structure::Structure, visible};
use crate::{model::time, report::document::Document};

/// Everything beside the pages themselves.
pub(super) struct Extras<'l> {
    /// The document.
    pub(super) doc: &'l Document,
    /// Its outline.
    pub(super) outline: &'l [Entry],
    /// Its structure.
    pub(super) tree: &'l Tree,
    /// Height of a page in points.
    pub(super) height: f64,
    /// What a link is called for readers that do not see the page.
    pub(super) link: String,
}

/// Completes the engine's file and writes it.
pub(super) fn finish(mut file: File, extras: &Extras<'_>) -> Result<Vec<u8>, Error> {
    let pages: Vec<ObjectId> = file.get_pages().into_values().collect();
    let root = file.trailer.get(b"Root").and_then(Object::as_reference).map_err(Error::Assemble)?;
    let outline = outline(&mut file, extras, &pages);
    let structure = Structure::tie(&mut file, (extras.tree, extras.height), &extras.link)?;
    let metadata = file.add_object(
        lopdf::Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, xmp(extras.doc).into_bytes())
            .with_compression(false),
    );
    let catalog = file.get_object_mut(root).and_then(Object::as_dict_mut).map_err(Error::Assemble)?;
    if let Some(outline) = outline {
        catalog.set("Outlines", outline);
    }
    catalog.set("PageMode", Object::Name(b"UseOutlines".to_vec()));
    catalog.set("PageLayout", Object::Name(b"SinglePage".to_vec()));
    catalog.set("StructTreeRoot", structure.root());
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("Lang", text(&extras.doc.language));
    catalog.set("Metadata", metadata);
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    let info = file.add_object(info(extras.doc));
    file.trailer.set("Info", info);
    let mut writer = Writer::new(file.max_id + 1);
    structure.write(&mut writer)?;
    writer.finish(file)
}

/// A text string of the file format.
pub(super) fn text(s: &str) -> Object {
    if s.is_ascii() {
        return Object::String(s.as_bytes().to_vec(), StringFormat::Literal);
    }
    let bytes = [0xFE, 0xFF].into_iter().chain(s.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    Object::String(bytes, StringFormat::Hexadecimal)
}

/// Title, author and dates; the only date is the snapshot's.
fn info(doc: &Document) -> Dictionary {
    let date = text(&doc.as_of.format("D:%Y%m%d%H%M%SZ").to_string());
    dictionary! {
        "Title" => text(&title(doc)),
        "Author" => text("rollcall"),
        "Subject" => text(&subject(doc)),
        "Creator" => text(&doc.tool),
        "Producer" => text(&doc.tool),
        "CreationDate" => date.clone(),
        "ModDate" => date,
    }
}

/// The document's title as a window shows it.
fn title(doc: &Document) -> String {
    visible::text(&format!("{} · {}", doc.title, doc.org))
}

/// What the document is about.
fn subject(doc: &Document) -> String {
    visible::text(&format!("{} {}", doc.org, doc.snapshot))
}

/// The same for readers of XMP.
fn xmp(doc: &Document) -> String {
    let date = time::format(doc.as_of);
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>rollcall</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{date}</xmp:CreateDate>
<xmp:ModifyDate>{date}</xmp:ModifyDate>
<xmp:CreatorTool>{tool}</xmp:CreatorTool>
<pdf:Producer>{tool}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"#,
        bom = '\u{feff}',
        title = xml(&title(doc)),
        subject = xml(&subject(doc)),
        language = xml(&doc.language),
        tool = xml(&doc.tool),
    )
}

/// Text inside an element. Characters that XML has no way to write become question marks.
fn xml(s: &str) -> String {
    let mut out = String::new();
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// Adds the outline: sections, and their headings below them. `None` when there is nothing to list.
fn outline(file: &mut File, extras: &Extras<'_>, pages: &[ObjectId]) -> Option<ObjectId> {
    if extras.outline.is_empty() {
        return None;
    }
    let root = file.new_object_id();
    let ids: Vec<ObjectId> = extras.outline.iter().map(|_| file.new_object_id()).collect();
    let depth = |n: usize| extras.outline[n].depth;
    let count = extras.outline.len();
    let parent = |n: usize| (0..n).rev().find(|m| depth(*m) < depth(n));
    let next = |n: usize| (n + 1..count).take_while(|m| depth(*m) >= depth(n)).find(|m| depth(*m) == depth(n));
    let mut before: Vec<Option<usize>> = vec![None; count];
    for n in 0..count {
        if let Some(m) = next(n) {
            before[m] = Some(n);
        }
    }
    for (n, entry) in extras.outline.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "coordinates of a page")]
        let top = (extras.height - entry.at.1 + 8.0).round() as f32;
        let page = pages.get(entry.at.0).map_or(Object::Null, |id| Object::Reference(*id));
        let dest = vec![page, Object::Name(b"XYZ".to_vec()), Object::Null, Object::Real(top), Object::Null];
        let mut item = dictionary! {
            "Title" => text(&visible::text(&entry.title)),
            "Parent" => parent(n).map_or(root, |m| ids[m]),
            "Dest" => dest,
        };
        if let Some(m) = before[n] {
            item.set("Prev", ids[m]);
        }
        if let Some(m) = next(n) {
            item.set("Next", ids[m]);
        }
        let inside: Vec<usize> = (n + 1..count).take_while(|m| depth(*m) > depth(n)).collect();
        if let (Some(first), Some(last)) = (inside.first(), inside.last()) {
            item.set("First", ids[*first]);
            item.set("Last", ids[*last]);
            // Negative: closed until somebody opens it.
            item.set("Count", -i64::try_from(inside.len()).unwrap_or(0));
        }
        file.objects.insert(ids[n], item.into());
    }
    let top: Vec<usize> = (0..count).filter(|n| parent(*n).is_none()).collect();
    let mut list = dictionary! { "Type" => "Outlines", "Count" => i64::try_from(top.len()).unwrap_or(0) };
    if let (Some(first), Some(last)) = (top.first(), top.last()) {
        list.set("First", ids[*first]);
        list.set("Last", ids[*last]);
    }
    file.objects.insert(root, list.into());
    Some(root)
}
