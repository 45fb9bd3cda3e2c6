//! What the engine leaves out: outline, structure, metadata, and an identity derived from the content.

use lopdf::{Dictionary, Document as File, Object, ObjectId, StringFormat, dictionary};
use sha2::{Digest as _, Sha256};

use super::{
    error::Error,
    flow::Entry,
    piece::{Kid, Node, Tree},
    visible,
};
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
}

/// Completes the engine's file and writes it.
pub(super) fn finish(mut file: File, extras: &Extras<'_>) -> Result<Vec<u8>, Error> {
    "1.7".clone_into(&mut file.version);
    let pages: Vec<ObjectId> = file.get_pages().into_values().collect();
    let root = file.trailer.get(b"Root").and_then(Object::as_reference).map_err(Error::Assemble)?;
    let outline = outline(&mut file, extras, &pages);
    let structure = structure(&mut file, extras, &pages)?;
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
    catalog.set("StructTreeRoot", structure);
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("Lang", text(&extras.doc.language));
    catalog.set("Metadata", metadata);
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    let info = file.add_object(info(extras.doc));
    file.trailer.set("Info", info);
    file.compress();
    identify(&mut file, extras.doc);
    let mut bytes = Vec::new();
    file.save_modern(&mut bytes).map_err(Error::Write)?;
    Ok(bytes)
}

/// A text string of the file format.
fn text(s: &str) -> Object {
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
        "Subject" => text(&format!("{} {}", doc.org, doc.snapshot)),
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

/// Adds the structure tree and ties pages and links to it.
fn structure(file: &mut File, extras: &Extras<'_>, pages: &[ObjectId]) -> Result<ObjectId, Error> {
    let root = file.new_object_id();
    let ids: Vec<ObjectId> = extras.tree.nodes.iter().map(|_| file.new_object_id()).collect();
    let mut contents: Vec<Vec<Object>> = vec![Vec::new(); pages.len()];
    let mut links: Vec<(u32, u32, ObjectId)> = Vec::new();
    // Content is numbered page by page in drawing order; sorting puts each page's owners in that order.
    let mut owners: Vec<(u32, u32, usize)> = Vec::new();
    for (n, node) in extras.tree.nodes.iter().enumerate().skip(1) {
        for kid in &node.kids {
            match kid {
                Kid::Content(page, number) => owners.push((*page, *number, n)),
                Kid::Annotation(page, number) => links.push((*page, *number, ids[n])),
                Kid::Node(_) => {}
            }
        }
    }
    owners.sort_unstable();
    for (page, _, n) in owners {
        contents[page as usize].push(ids[n].into());
    }
    let annotations = tie_pages(file, pages, &links)?;
    for (n, node) in extras.tree.nodes.iter().enumerate().skip(1) {
        let parent = if n == Tree::ROOT as usize { root } else { ids[node.parent as usize] };
        let kids: Vec<Object> = node
            .kids
            .iter()
            .map(|kid| match kid {
                Kid::Node(id) => ids[*id as usize].into(),
                Kid::Content(page, number) => dictionary! {
                    "Type" => "MCR", "Pg" => pages[*page as usize], "MCID" => i64::from(*number),
                }
                .into(),
                Kid::Annotation(page, number) => dictionary! {
                    "Type" => "OBJR",
                    "Pg" => pages[*page as usize],
                    "Obj" => annotations.get(&(*page, *number)).map_or(Object::Null, |id| Object::Reference(*id)),
                }
                .into(),
            })
            .collect();
        let kids = simple(&node.kids, kids);
        let mut element = dictionary! { "S" => node.role, "P" => parent, "K" => kids.0 };
        if let Some(page) = kids.1 {
            element.set("Pg", pages[page as usize]);
        }
        if node.role == "TH" {
            let scope = scope(extras.tree, node);
            element.set("A", dictionary! { "O" => "Table", "Scope" => scope });
        }
        if let Some(alt) = &node.alt {
            element.set("Alt", text(&visible::text(alt)));
        }
        file.objects.insert(ids[n], element.into());
    }
    let mut numbers = Vec::new();
    for (page, owners) in contents.into_iter().enumerate() {
        numbers.push(Object::Integer(i64::try_from(page).unwrap_or(0)));
        numbers.push(file.add_object(owners).into());
    }
    for ((_, _, node), key) in links.iter().zip(pages.len()..) {
        numbers.push(Object::Integer(i64::try_from(key).unwrap_or(0)));
        numbers.push((*node).into());
    }
    let next = i64::try_from(pages.len() + links.len()).unwrap_or(0);
    let tree = file.add_object(dictionary! { "Nums" => numbers });
    file.objects.insert(
        root,
        dictionary! {
            "Type" => "StructTreeRoot",
            "K" => ids[Tree::ROOT as usize],
            "ParentTree" => tree,
            "ParentTreeNextKey" => next,
        }
        .into(),
    );
    Ok(root)
}

/// What a head cell is the head of: of its row where cells follow it, else of its column.
fn scope(tree: &Tree, head: &Node) -> &'static str {
    let beside = &tree.nodes[head.parent as usize].kids;
    let has_cells = beside.iter().any(|k| matches!(k, Kid::Node(id) if tree.nodes[*id as usize].role == "TD"));
    if has_cells { "Row" } else { "Column" }
}

/// The short form of a node's children: numbers alone where all are content of one page.
fn simple(kids: &[Kid], long: Vec<Object>) -> (Object, Option<u32>) {
    let mut page = None;
    let mut numbers = Vec::with_capacity(kids.len());
    for kid in kids {
        match kid {
            Kid::Content(p, number) if page.is_none_or(|known| known == *p) => {
                page = Some(*p);
                numbers.push(Object::Integer(i64::from(*number)));
            }
            _ => return (Object::Array(long), None),
        }
    }
    match (numbers.pop(), numbers.is_empty()) {
        (Some(only), true) => (only, page),
        (Some(last), false) => {
            numbers.push(last);
            (Object::Array(numbers), page)
        }
        (None, _) => (Object::Array(numbers), page),
    }
}

/// Gives pages their key into the structure, and makes each link an object that the structure can point at.
fn tie_pages(
    file: &mut File,
    pages: &[ObjectId],
    links: &[(u32, u32, ObjectId)],
) -> Result<std::collections::BTreeMap<(u32, u32), ObjectId>, Error> {
    let keys: std::collections::BTreeMap<(u32, u32), usize> =
        links.iter().zip(pages.len()..).map(|((page, number, _), key)| ((*page, *number), key)).collect();
    let mut objects = std::collections::BTreeMap::new();
    for (id, number) in pages.iter().zip(0_u32..) {
        let page = file.get_object_mut(*id).and_then(Object::as_dict_mut).map_err(Error::Assemble)?;
        page.set("StructParents", i64::from(number));
        page.set("Tabs", Object::Name(b"S".to_vec()));
        let annotations = match page.remove(b"Annots") {
            Some(Object::Array(all)) if !all.is_empty() => all,
            _ => continue,
        };
        let mut references = Vec::new();
        for (mut annotation, at) in annotations.into_iter().zip(0_u32..) {
            if let Ok(link) = annotation.as_dict_mut() {
                link.remove(b"C");
                // Printed with the page.
                link.set("F", 4);
                link.set("Contents", text("Go to the section"));
                if let Some(key) = keys.get(&(number, at)) {
                    link.set("StructParent", i64::try_from(*key).unwrap_or(0));
                }
            }
            let object = file.add_object(annotation);
            objects.insert((number, at), object);
            references.push(Object::Reference(object));
        }
        let page = file.get_object_mut(*id).and_then(Object::as_dict_mut).map_err(Error::Assemble)?;
        page.set("Annots", references);
    }
    Ok(objects)
}

/// An identity that changes with the content and with nothing else.
fn identify(file: &mut File, doc: &Document) {
    let mut hash = Sha256::new();
    hash.update(doc.manifest_sha256.as_bytes());
    hash.update(doc.tool.as_bytes());
    for object in file.objects.values() {
        if let Object::Stream(stream) = object {
            hash.update(&stream.content);
        }
    }
    let id = Object::String(hash.finalize()[..16].to_vec(), StringFormat::Hexadecimal);
    file.trailer.set("ID", vec![id.clone(), id]);
}
