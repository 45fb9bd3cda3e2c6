//! What a page is made of: drawn items, the pieces that carry them down the page, and the structure they belong to.

use super::{shape::WordId, style::Colour};

/// A node of the structure tree.
pub(super) type NodeId = u32;

/// Something drawn. Coordinates are points from the left and the top; of the piece until it is placed, then of the page.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Item {
    /// Text on a baseline.
    Text {
        /// Left end.
        x: f32,
        /// Baseline.
        y: f32,
        /// Size in points.
        size: f32,
        /// Colour.
        ink: Colour,
        /// Face.
        face: u8,
        /// Words from left to right.
        words: Box<[WordId]>,
        /// Structure.
        node: NodeId,
    },
    /// A filled shape.
    Fill {
        /// Its corners.
        points: Box<[(f32, f32)]>,
        /// Colour.
        colour: Colour,
        /// Structure.
        node: NodeId,
    },
    /// A line along points.
    Stroke {
        /// Its points.
        points: Box<[(f32, f32)]>,
        /// Colour.
        colour: Colour,
        /// Thickness.
        width: f32,
        /// Whether it is dashed.
        dashed: bool,
        /// Structure.
        node: NodeId,
    },
    /// A place to click.
    Link {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
        /// Where it leads.
        anchor: u32,
        /// Structure.
        node: NodeId,
    },
}

impl Item {
    /// The node it belongs to.
    pub(super) const fn node(&self) -> NodeId {
        match self {
            Self::Text { node, .. } | Self::Fill { node, .. } | Self::Stroke { node, .. } | Self::Link { node, .. } => {
                *node
            }
        }
    }

    /// Moves it.
    fn shift(&mut self, dx: f32, dy: f32) {
        match self {
            Self::Text { x, y, .. } | Self::Link { x, y, .. } => {
                *x += dx;
                *y += dy;
            }
            Self::Fill { points, .. } | Self::Stroke { points, .. } => {
                for point in points.iter_mut() {
                    point.0 += dx;
                    point.1 += dy;
                }
            }
        }
    }

    /// Takes it out of the structure.
    fn detach(&mut self) {
        match self {
            Self::Text { node, .. } | Self::Fill { node, .. } | Self::Stroke { node, .. } | Self::Link { node, .. } => {
                *node = Tree::ARTIFACT;
            }
        }
    }
}

/// A filled rectangle.
pub(super) fn fill((x, y): (f64, f64), (w, h): (f64, f64), colour: Colour, node: NodeId) -> Item {
    let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)];
    Item::Fill { points: corners.map(|(x, y)| (f32_of(x), f32_of(y))).into(), colour, node }
}

/// The outline of a rectangle, drawn inside its edges.
pub(super) fn frame(at: (f64, f64), size: (f64, f64), colour: Colour, width: f64, node: NodeId) -> Item {
    let half = width / 2.0;
    let (left, top, right, bottom) = (at.0 + half, at.1 + half, at.0 + size.0 - half, at.1 + size.1 - half);
    // The last stroke covers the corner where the first began.
    stroke(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top - half)], colour, width, node)
}

/// A solid line.
pub(super) fn stroke(points: &[(f64, f64)], colour: Colour, width: f64, node: NodeId) -> Item {
    let points = points.iter().map(|(x, y)| (f32_of(*x), f32_of(*y))).collect();
    Item::Stroke { points, colour, width: f32_of(width), dashed: false, node }
}

/// A place in the document that something refers to.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Mark {
    /// A section starts.
    Anchor(u32),
    /// An entry of the outline: depth 0 or 1, and its words.
    Outline(u8, String),
    /// A picture: its node, and its left edge and width in the piece.
    Picture(NodeId, f64, f64),
}

/// A strip across the text area that is never divided.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Piece {
    /// Space above it, except at the top of a page.
    pub(super) before: f64,
    /// Its height.
    pub(super) height: f64,
    /// Whether it must stand on the page of the piece after it.
    pub(super) keep: bool,
    /// What it draws.
    pub(super) items: Vec<Item>,
    /// What refers to it.
    pub(super) marks: Vec<Mark>,
}

impl Piece {
    /// An empty piece.
    pub(super) fn new(before: f64, height: f64) -> Self {
        Self { before, height, ..Self::default() }
    }

    /// Its items moved to their place on a page.
    pub(super) fn place(self, x: f64, y: f64) -> Vec<Item> {
        let mut items = self.items;
        for item in &mut items {
            item.shift(f32_of(x), f32_of(y));
        }
        items
    }

    /// A copy outside the structure: what is repeated is read once.
    pub(super) fn repeated(&self) -> Self {
        let mut copy = self.clone();
        copy.marks.clear();
        copy.keep = true;
        copy.items.retain(|i| !matches!(i, Item::Link { .. }));
        copy.items.iter_mut().for_each(Item::detach);
        copy
    }
}

/// Child of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kid {
    /// Another node.
    Node(NodeId),
    /// Marked content: page from 0, and its number there.
    Content(u32, u32),
    /// A link annotation: page from 0, and its position among the annotations there.
    Annotation(u32, u32),
}

/// Role of a list with numbers. In the file it is a list like others, with numbers as its attribute.
pub(super) const NUMBERED: &str = "OL";

/// An element of the structure.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Node {
    /// Standard role, or [`NUMBERED`].
    pub(super) role: &'static str,
    /// Parent.
    pub(super) parent: NodeId,
    /// Children in reading order.
    pub(super) kids: Vec<Kid>,
    /// The picture it stands for.
    pub(super) picture: Option<Box<Picture>>,
}

/// A picture in words.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Picture {
    /// What it says.
    pub(super) alt: String,
    /// Left, top, width and height on its page.
    pub(super) place: [f64; 4],
}

/// The structure of a document.
#[derive(Debug)]
pub(super) struct Tree {
    /// Nodes; a node stands after its parent.
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// What is not read aloud: heads, feet, rules.
    pub(super) const ARTIFACT: NodeId = 0;
    /// The document.
    pub(super) const ROOT: NodeId = 1;

    /// A tree with a root.
    pub(super) fn new() -> Self {
        let node = |role| Node { role, parent: 0, kids: Vec::new(), picture: None };
        Self { nodes: vec![node("Artifact"), node("Document")] }
    }

    /// Adds a last child.
    pub(super) fn add(&mut self, parent: NodeId, role: &'static str) -> NodeId {
        if parent == Self::ARTIFACT {
            return Self::ARTIFACT;
        }
        let id = NodeId::try_from(self.nodes.len()).unwrap_or(NodeId::MAX);
        self.nodes.push(Node { role, parent, kids: Vec::new(), picture: None });
        self.nodes[parent as usize].kids.push(Kid::Node(id));
        id
    }

    /// Puts the children of mixed nodes, such as a paragraph with a link in it, into the order in which they are drawn.
    /// Call it once everything is drawn.
    pub(super) fn order(&mut self) {
        const LAST: (u32, u32) = (u32::MAX, u32::MAX);
        let mut first = vec![LAST; self.nodes.len()];
        // A node stands after its parent, so going backwards meets children first.
        for at in (0..self.nodes.len()).rev() {
            let place = |kid: &Kid| match kid {
                Kid::Content(page, number) => (*page, *number),
                Kid::Node(id) => first[*id as usize],
                Kid::Annotation(..) => LAST,
            };
            let kids = &mut self.nodes[at].kids;
            let drawn = kids.iter().any(|k| matches!(k, Kid::Content(..)));
            if drawn {
                kids.sort_by_key(place);
            }
            first[at] = kids.iter().map(place).min().unwrap_or(LAST);
        }
    }
}

/// The single precision of the file format; a thousandth of a point is finer than any printer.
#[expect(clippy::cast_possible_truncation, reason = "coordinates of a page fit many times over")]
pub(super) fn f32_of(x: f64) -> f32 {
    ((x * 1000.0).round() / 1000.0) as f32
}

/// A count as a length or a share.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 do not occur, and a picture would not show the difference"
)]
pub(super) fn f64_of(n: u64) -> f64 {
    n as f64
}
