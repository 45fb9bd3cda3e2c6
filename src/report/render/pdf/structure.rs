//! The structure of the document: what is heading, paragraph, cell or picture, for readers that do not see the page.

use std::{collections::BTreeMap, io::Write as _};

use lopdf::{Document as File, Object, ObjectId};

use super::{
    error::Error,
    file::{Writer, utf16},
    finish::text,
    piece::{Kid, NUMBERED, Node, NodeId, Tree},
    visible,
};

/// The structure on its way into a file.
pub(super) struct Structure<'l> {
    /// The nodes.
    tree: &'l Tree,
    /// Height of a page in points.
    height: f64,
    /// Object numbers of the pages.
    pages: Vec<u32>,
    /// Links by page and position there, each with its key in the structure, its owner, and its object number.
    links: BTreeMap<(u32, u32), (usize, NodeId, u32)>,
    /// Object number of the root. The table of owners and the nodes follow.
    root: u32,
}

impl<'l> Structure<'l> {
    /// Ties pages and links to the structure, and sets numbers aside for its objects.
    pub(super) fn tie(file: &mut File, (tree, height): (&'l Tree, f64), link: &str) -> Result<Self, Error> {
        let pages: Vec<ObjectId> = file.get_pages().into_values().collect();
        let mut places = Vec::new();
        for (node, id) in tree.nodes.iter().zip(0..) {
            places.extend(node.kids.iter().filter_map(|kid| match kid {
                Kid::Annotation(page, number) => Some((*page, *number, id)),
                _ => None,
            }));
        }
        places.sort_unstable();
        let mut links: BTreeMap<_, _> =
            places.iter().zip(pages.len()..).map(|((page, at, owner), key)| ((*page, *at), (key, *owner, 0))).collect();
        for (id, number) in pages.iter().zip(0_u32..) {
            tie_page(file, (*id, number), &mut links, link)?;
        }
        let root = file.max_id + 1;
        file.max_id += 2 + u32::try_from(tree.nodes.len()).ok().ok_or(Error::TooLong)?;
        Ok(Self { tree, height, pages: pages.iter().map(|id| id.0).collect(), links, root })
    }

    /// The root.
    pub(super) const fn root(&self) -> ObjectId {
        (self.root, 0)
    }

    /// Object number of a node.
    const fn id(&self, node: NodeId) -> u32 {
        self.root + 2 + node
    }

    /// Writes everything.
    pub(super) fn write(&self, file: &mut Writer) -> Result<(), Error> {
        let owners = self.root + 1;
        let next = self.pages.len() + self.links.len();
        file.object(self.root, |out| {
            let first = self.id(Tree::ROOT);
            // A vector takes everything.
            let _ =
                write!(out, "<</Type/StructTreeRoot/K {first} 0 R/ParentTree {owners} 0 R/ParentTreeNextKey {next}>>");
        })?;
        file.object(owners, |out| self.owners(out))?;
        for (node, id) in self.tree.nodes.iter().zip(0..).skip(1) {
            file.object(self.id(id), |out| self.element(node, id, out))?;
        }
        Ok(())
    }

    /// What else readers are told about a node.
    fn attributes(&self, node: &Node, out: &mut Vec<u8>) {
        // A vector takes everything.
        let _ = match node.role {
            "TH" => write!(out, "/A<</O/Table/Scope/{}>>", scope(self.tree, node)),
            "L" => write!(out, "/A<</O/List/ListNumbering/Disc>>"),
            NUMBERED => write!(out, "/A<</O/List/ListNumbering/Decimal>>"),
            _ => Ok(()),
        };
        if let Some(picture) = &node.picture {
            let [left, top, width, height] = picture.place;
            let corners = [left, self.height - top - height, left + width, self.height - top];
            out.extend(b"/A<</O/Layout/BBox[");
            for at in corners {
                let _ = write!(out, "{at:.2} ");
            }
            out.extend(b"]>>/Alt");
            utf16(out, &visible::text(&picture.alt));
        }
    }

    /// The table of who owns which content of a page, and which link.
    fn owners(&self, out: &mut Vec<u8>) {
        let mut all: Vec<(u32, u32, NodeId)> = Vec::new();
        for (node, id) in self.tree.nodes.iter().zip(0..) {
            all.extend(node.kids.iter().filter_map(|kid| match kid {
                Kid::Content(page, number) => Some((*page, *number, id)),
                _ => None,
            }));
        }
        // Content is numbered page by page in drawing order; sorting puts each page's owners in that order.
        all.sort_unstable();
        out.extend(b"<</Nums[");
        let mut rest = all.into_iter().peekable();
        for page in (0_u32..).take(self.pages.len()) {
            let _ = write!(out, "{page}[");
            while let Some((_, _, node)) = rest.next_if(|content| content.0 == page) {
                let _ = write!(out, "{} 0 R ", self.id(node));
            }
            out.extend(b"]");
        }
        for (key, node, _) in self.links.values() {
            let _ = write!(out, "{key} {} 0 R ", self.id(*node));
        }
        out.extend(b"]>>");
    }

    /// One node.
    fn element(&self, node: &Node, id: NodeId, out: &mut Vec<u8>) {
        let parent = if id == Tree::ROOT { self.root } else { self.id(node.parent) };
        let role = if node.role == NUMBERED { "L" } else { node.role };
        let _ = write!(out, "<</S/{role}/P {parent} 0 R");
        let page = node.kids.iter().find_map(|kid| match kid {
            Kid::Content(page, _) => Some(*page),
            _ => None,
        });
        if let Some(page) = page {
            let _ = write!(out, "/Pg {} 0 R", self.pages[page as usize]);
        }
        // One child stands without brackets.
        let (before, after) = if node.kids.len() == 1 { ("/K ", "") } else { ("/K[", "]") };
        out.extend(before.as_bytes());
        for kid in &node.kids {
            let _ = match kid {
                Kid::Node(id) => write!(out, "{} 0 R ", self.id(*id)),
                Kid::Content(own, number) if page == Some(*own) => write!(out, "{number} "),
                Kid::Content(other, number) => {
                    write!(out, "<</Type/MCR/Pg {} 0 R/MCID {number}>>", self.pages[*other as usize])
                }
                Kid::Annotation(own, number) => {
                    let object = self.links.get(&(*own, *number)).map_or(0, |l| l.2);
                    write!(out, "<</Type/OBJR/Pg {} 0 R/Obj {object} 0 R>>", self.pages[*own as usize])
                }
            };
        }
        out.extend(after.as_bytes());
        self.attributes(node, out);
        out.extend(b">>");
    }
}

/// What a head cell is the head of: of its row where cells follow it, else of its column.
fn scope(tree: &Tree, head: &Node) -> &'static str {
    let beside = &tree.nodes[head.parent as usize].kids;
    let has_cells = beside.iter().any(|k| matches!(k, Kid::Node(id) if tree.nodes[*id as usize].role == "TD"));
    if has_cells { "Row" } else { "Column" }
}

/// Gives a page its key into the structure, and makes each link on it an object that the structure can point at.
fn tie_page(
    file: &mut File,
    (id, number): (ObjectId, u32),
    links: &mut BTreeMap<(u32, u32), (usize, NodeId, u32)>,
    called: &str,
) -> Result<(), Error> {
    let page = file.get_object_mut(id).and_then(Object::as_dict_mut).map_err(Error::Assemble)?;
    page.set("StructParents", i64::from(number));
    page.set("Tabs", Object::Name(b"S".to_vec()));
    let Some(Object::Array(annotations)) = page.remove(b"Annots") else { return Ok(()) };
    if annotations.is_empty() {
        return Ok(());
    }
    let mut references = Vec::new();
    for (mut annotation, at) in annotations.into_iter().zip(0_u32..) {
        let own = links.get_mut(&(number, at));
        if let Ok(link) = annotation.as_dict_mut() {
            link.remove(b"C");
            // Printed with the page.
            link.set("F", 4);
            link.set("Contents", text(called));
            if let Some((key, ..)) = &own {
                link.set("StructParent", i64::try_from(*key).unwrap_or(0));
            }
        }
        let object = file.add_object(annotation);
        if let Some(own) = own {
            own.2 = object.0;
        }
        references.push(Object::Reference(object));
    }
    let page = file.get_object_mut(id).and_then(Object::as_dict_mut).map_err(Error::Assemble)?;
    page.set("Annots", references);
    Ok(())
}
