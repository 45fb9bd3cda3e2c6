//! The file as bytes. Small objects share compressed streams and are written as they come: a long table has a hundred
//! thousand cells, and lopdf keeps and writes each in half a kilobyte.

use std::io::Write as _;

use lopdf::{
    Dictionary, Document as File, Object, Stream, StringFormat,
    content::{Content, Operation},
    dictionary,
};
use sha2::{Digest as _, Sha256};

use super::error::Error;

/// Objects that share a stream. More would save little and make readers unpack more than they need.
const PACK: usize = 200;

/// Where an object is.
#[derive(Clone, Copy)]
enum Place {
    /// Nowhere.
    Free,
    /// At a byte of the file.
    Byte(usize),
    /// In a stream, at a position.
    Packed(u32, usize),
}

/// A file being written.
pub(super) struct Writer {
    /// The bytes.
    out: Vec<u8>,
    /// Where each object is.
    places: Vec<Place>,
    /// Objects that wait for company: number and start of each, and their bytes.
    pack: (Vec<(u32, usize)>, Vec<u8>),
    /// The next object number of a stream of objects.
    next: u32,
}

impl Writer {
    /// A file whose object numbers below `next` are given.
    pub(super) fn new(next: u32) -> Self {
        // Readers take four bytes beyond ASCII for a sign that the file is not text.
        let out = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
        Self { out, places: vec![Place::Free; next as usize], pack: (Vec::new(), Vec::new()), next }
    }

    /// Adds a small object, which `write` appends to some bytes.
    pub(super) fn object(&mut self, number: u32, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Error> {
        let (numbers, bytes) = &mut self.pack;
        numbers.push((number, bytes.len()));
        write(bytes);
        bytes.push(b'\n');
        if numbers.len() == PACK { self.close() } else { Ok(()) }
    }

    /// Writes the objects that wait.
    fn close(&mut self) -> Result<(), Error> {
        let (numbers, bytes) = std::mem::take(&mut self.pack);
        if numbers.is_empty() {
            return Ok(());
        }
        let own = self.next;
        self.next += 1;
        self.places.push(Place::Free);
        let mut content = Vec::with_capacity(bytes.len() + numbers.len() * 12);
        for (index, (number, start)) in numbers.iter().enumerate() {
            self.places[*number as usize] = Place::Packed(own, index);
            // A vector takes everything.
            let _ = write!(content, "{number} {start} ");
        }
        let dict = dictionary! { "Type" => "ObjStm", "N" => whole(numbers.len()), "First" => whole(content.len()) };
        content.extend(bytes);
        self.stream(own, Stream::new(dict, content))
    }

    /// Writes a stream, compressed if it is large and not compressed already.
    fn stream(&mut self, number: u32, mut stream: Stream) -> Result<(), Error> {
        if stream.allows_compression {
            stream.compress().map_err(Error::Assemble)?;
        }
        self.places[number as usize] = Place::Byte(self.out.len());
        stream.dict.set("Length", whole(stream.content.len()));
        let _ = writeln!(self.out, "{number} 0 obj");
        self.out.extend(serialized(Object::Dictionary(stream.dict))?);
        self.out.extend(b"stream\n");
        self.out.extend(&stream.content);
        self.out.extend(b"\nendstream\nendobj\n");
        Ok(())
    }

    /// Writes the objects of `file` and its trailer, with an identity that changes with the content and with nothing
    /// else.
    pub(super) fn finish(mut self, file: File) -> Result<Vec<u8>, Error> {
        for ((number, _), object) in file.objects {
            match object {
                Object::Stream(stream) => self.stream(number, stream)?,
                other => {
                    let bytes = serialized(other)?;
                    self.object(number, |out| out.extend(bytes))?;
                }
            }
        }
        self.close()?;
        let id = Object::String(Sha256::digest(&self.out)[..16].to_vec(), StringFormat::Hexadecimal);
        let mut trailer = file.trailer;
        trailer.set("ID", vec![id.clone(), id]);
        let start = self.out.len();
        self.places.push(Place::Free);
        let table = self.table(trailer, start)?;
        self.stream(self.next, table)?;
        let _ = writeln!(self.out, "startxref\n{start}\n%%EOF");
        Ok(self.out)
    }

    /// The table of where everything is, which itself is at `start`.
    fn table(&mut self, mut trailer: Dictionary, start: usize) -> Result<Stream, Error> {
        self.places[self.next as usize] = Place::Byte(start);
        let mut content = Vec::with_capacity(self.places.len() * 7);
        for place in &self.places {
            let (kind, at, index) = match place {
                Place::Free => (0, 0, u16::MAX),
                Place::Byte(at) => (1, u32::try_from(*at).ok().ok_or(Error::TooLong)?, 0),
                Place::Packed(stream, index) => (2, *stream, u16::try_from(*index).unwrap_or(u16::MAX)),
            };
            content.push(kind);
            content.extend(at.to_be_bytes());
            content.extend(index.to_be_bytes());
        }
        trailer.set("Type", "XRef");
        trailer.set("Size", whole(self.places.len()));
        trailer.set("W", vec![Object::Integer(1), Object::Integer(4), Object::Integer(2)]);
        Ok(Stream::new(trailer, content))
    }
}

/// A count in the file.
fn whole(n: usize) -> Object {
    Object::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

/// An object as it stands in the file. lopdf writes objects as operands only.
fn serialized(object: Object) -> Result<Vec<u8>, Error> {
    Content { operations: vec![Operation::new("", vec![object])] }.encode().map_err(Error::Assemble)
}

/// Writes a text string of the file format.
pub(super) fn utf16(out: &mut Vec<u8>, text: &str) {
    out.extend(b"<FEFF");
    for unit in text.encode_utf16() {
        let _ = write!(out, "{unit:04X}");
    }
    out.push(b'>');
}
