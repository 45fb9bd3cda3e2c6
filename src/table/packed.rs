//! Many records in little memory: rows as bytes, in compressed blocks.
//!
//! An audit-log export holds up to 100 000 events of some twenty fields each. As records they take a kilobyte apiece;
//! here they take about a tenth, and any of them can still be read without reading the others.

use std::{fmt, marker::PhantomData};

use super::spec::{ColumnData, Kind, Record};

/// Bytes after which a block is closed: large enough to compress well, small enough to be read for one row.
const BLOCK: usize = 256 << 10;

/// zstd's fastest ordinary level; rows live for one collection only.
const LEVEL: i32 = 1;

/// Length that stands for an absent value.
const ABSENT: u64 = u64::MAX;

/// Records in the order in which they were pushed.
#[derive(Clone, PartialEq)]
pub struct Packed<R> {
    /// Closed blocks.
    blocks: Vec<Block>,
    /// The block that still grows.
    open: Vec<u8>,
    /// Where each row begins.
    rows: Vec<Place>,
    /// What a row is.
    record: PhantomData<R>,
}

/// A closed block.
#[derive(Clone, PartialEq, Eq)]
struct Block {
    /// Compressed rows, in no more memory than they take.
    bytes: Box<[u8]>,
    /// Their length before.
    length: usize,
}

/// Where a row begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Number of the block.
    block: usize,
    /// Offset in the block's decoded bytes.
    at: usize,
}

impl<R> Default for Packed<R> {
    fn default() -> Self {
        Self { blocks: Vec::new(), open: Vec::new(), rows: Vec::new(), record: PhantomData }
    }
}

impl<R> fmt::Debug for Packed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<R: Record> FromIterator<R> for Packed<R> {
    fn from_iter<I: IntoIterator<Item = R>>(records: I) -> Self {
        let mut packed = Self::default();
        for record in records {
            packed.push(&record);
        }
        packed
    }
}

impl<R: Record> Packed<R> {
    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Appends a record.
    ///
    /// # Panics
    /// When zstd refuses to compress bytes in memory, which it does only without memory.
    pub fn push(&mut self, record: &R) {
        self.rows.push(Place { block: self.blocks.len(), at: self.open.len() });
        for column in R::to_columns(std::slice::from_ref(record)) {
            encode(&column, &mut self.open);
        }
        if self.open.len() >= BLOCK {
            let bytes = zstd::bulk::compress(&self.open, LEVEL).expect("bytes in memory can be compressed");
            self.blocks.push(Block { bytes: bytes.into(), length: self.open.len() });
            self.open.clear();
        }
    }

    /// All records in order, a block at a time.
    pub fn iter(&self) -> impl Iterator<Item = R> + '_ {
        let blocks = self.rows.chunk_by(|a, b| a.block == b.block);
        blocks.flat_map(|places| {
            let bytes = self.block(places[0].block);
            places.iter().map(|place| decode(&bytes[place.at..])).collect::<Vec<R>>()
        })
    }

    /// The records with these numbers, in this order; each block is opened once, whatever the order.
    ///
    /// # Panics
    /// When a number is not below [`Self::len`].
    #[must_use]
    pub fn get(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<R> {
        let place = |(slot, number): (usize, usize)| (self.rows[number], slot);
        let mut wanted: Vec<_> = numbers.into_iter().enumerate().map(place).collect();
        wanted.sort_unstable();
        let mut found: Vec<(usize, R)> = Vec::with_capacity(wanted.len());
        for places in wanted.chunk_by(|a, b| a.0.block == b.0.block) {
            let bytes = self.block(places[0].0.block);
            found.extend(places.iter().map(|(place, slot)| (*slot, decode(&bytes[place.at..]))));
        }
        found.sort_unstable_by_key(|(slot, _)| *slot);
        found.into_iter().map(|(_, record)| record).collect()
    }

    /// The decoded bytes of a block.
    fn block(&self, number: usize) -> Vec<u8> {
        self.blocks.get(number).map_or_else(
            || self.open.clone(),
            |block| zstd::bulk::decompress(&block.bytes, block.length).expect("a block is read as it was written"),
        )
    }
}

/// Writes the one value of a column.
fn encode(column: &ColumnData, to: &mut Vec<u8>) {
    let mut number = |value: Option<i64>| {
        to.push(u8::from(value.is_some()));
        to.extend(value.unwrap_or_default().to_le_bytes());
    };
    match column {
        ColumnData::Integer(values) | ColumnData::Time(values) => values.iter().for_each(|value| number(*value)),
        ColumnData::Boolean(values) => values.iter().for_each(|value| number(value.map(i64::from))),
        ColumnData::Date(values) => values.iter().for_each(|value| number(value.map(i64::from))),
        ColumnData::Text(values) => values.iter().for_each(|value| text(value.as_deref(), to)),
        ColumnData::List(values) => {
            for list in values {
                to.extend(list.as_ref().map_or(ABSENT, |list| list.len() as u64).to_le_bytes());
                list.iter().flatten().for_each(|value| text(Some(value), to));
            }
        }
    }
}

/// Writes a text behind its length.
fn text(value: Option<&str>, to: &mut Vec<u8>) {
    to.extend(value.map_or(ABSENT, |text| text.len() as u64).to_le_bytes());
    to.extend(value.unwrap_or_default().as_bytes());
}

/// Reads the record at the start of `bytes`.
fn decode<R: Record>(bytes: &[u8]) -> R {
    let mut cursor = Cursor(bytes);
    let columns: Option<Vec<_>> = R::TABLE.columns.iter().map(|column| cursor.column(column.kind)).collect();
    let record = columns.and_then(|columns| R::from_columns(&columns)).and_then(|mut records| records.pop());
    record.expect("a row is read as it was written")
}

/// The rest of a block.
struct Cursor<'b>(&'b [u8]);

#[expect(clippy::option_option, reason = "the bytes may end, and a value may be absent")]
impl Cursor<'_> {
    /// A column of the next value.
    fn column(&mut self, kind: Kind) -> Option<ColumnData> {
        Some(match kind {
            Kind::Integer => ColumnData::Integer(vec![self.number()?]),
            Kind::Time => ColumnData::Time(vec![self.number()?]),
            Kind::Boolean => ColumnData::Boolean(vec![self.number()?.map(|value| value != 0)]),
            Kind::Date => ColumnData::Date(vec![self.number()?.and_then(|value| i32::try_from(value).ok())]),
            Kind::Text => ColumnData::Text(vec![self.text()?]),
            Kind::List => ColumnData::List(vec![self.list()?]),
        })
    }

    /// The next number; the inner `None` is an absent one.
    fn number(&mut self) -> Option<Option<i64>> {
        let (present, rest) = self.0.split_first()?;
        self.0 = rest;
        let value = i64::from_le_bytes(self.eight()?);
        Some((*present != 0).then_some(value))
    }

    /// The next length; the inner `None` is that of an absent value.
    fn length(&mut self) -> Option<Option<usize>> {
        match u64::from_le_bytes(self.eight()?) {
            ABSENT => Some(None),
            length => usize::try_from(length).ok().map(Some),
        }
    }

    /// The next text; the inner `None` is an absent one.
    fn text(&mut self) -> Option<Option<String>> {
        let Some(length) = self.length()? else { return Some(None) };
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok().map(Some)
    }

    /// The next list; the inner `None` is an absent one.
    fn list(&mut self) -> Option<Option<Vec<String>>> {
        let Some(length) = self.length()? else { return Some(None) };
        (0..length).map(|_| self.text()?).collect::<Option<Vec<_>>>().map(Some)
    }

    /// The next eight bytes.
    fn eight(&mut self) -> Option<[u8; 8]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::access::{Invite, Person};

    /// Invites: texts, times and lists, present and absent.
    fn invite() -> impl Strategy<Value = Invite> {
        let text = || proptest::option::of("\\PC{0,6}");
        let at = proptest::option::of(
            (0_i64..4_000_000_000).prop_map(|seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap()),
        );
        (".{0,9}", text(), text(), at, text(), proptest::collection::vec("[a-z]{0,3}", 0..3)).prop_map(
            |(invitee, email, role, invited_at, invited_by, source)| Invite {
                invitee,
                email,
                role,
                invited_at,
                invited_by,
                source,
            },
        )
    }

    proptest! {
        #[test]
        fn records_come_back_as_they_were_in_any_order(
            invites in proptest::collection::vec(invite(), 0..40),
            picks in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
        ) {
            let packed: Packed<Invite> = invites.iter().cloned().collect();
            prop_assert_eq!(packed.len(), invites.len());
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), invites.clone());
            if !invites.is_empty() {
                let numbers: Vec<_> = picks.iter().map(|pick| pick.index(invites.len())).collect();
                let expected: Vec<_> = numbers.iter().map(|number| invites[*number].clone()).collect();
                prop_assert_eq!(packed.get(numbers), expected);
            }
        }
    }

    #[test]
    fn rows_beyond_one_block_are_found_in_theirs() {
        let person = |n: usize| Person {
            email: format!("{n}@example.com"),
            username: None,
            name: Some("x".repeat(2000)),
            status: "active".to_owned(),
            terminated_on: crate::model::time::parse_date("2026-09-01").filter(|_| n.is_multiple_of(2)),
            manager_email: None,
            department: Some(String::new()),
        };
        let packed: Packed<Person> = (0..500).map(person).collect();
        assert!(packed.blocks.len() > 2 && !packed.open.is_empty(), "{} blocks", packed.blocks.len());
        assert!(packed.blocks.iter().map(|block| block.bytes.len()).sum::<usize>() < 100_000);
        assert_eq!(packed.get([499, 0, 250, 0]), [person(499), person(0), person(250), person(0)]);
        assert!(packed.iter().eq((0..500).map(person)));
    }
}
