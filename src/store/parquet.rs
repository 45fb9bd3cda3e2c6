//! One table, one Parquet file: the same records give the same bytes.
//!
//! A file is compared with its recorded digest before it is decoded: a single flipped byte can make the decoder ask for
//! more memory than there is, which ends the process without a word about the evidence.
//!
//! Every file reads in `DuckDB`, pandas, polars and Spark (`tests/tables` tries). Left alone, polars writes its own view
//! types into the Arrow schema that a file carries, and pandas cannot read a list of those; so the schema is written here.

use std::{io::Cursor, path::Path};

use polars::prelude::{
    CompatLevel, DataFrame, KeyValueMetadata, ParquetCompression, ParquetReader, ParquetWriter, PolarsResult, Schema,
    SchemaExt as _, SerReader as _,
};
use polars_parquet::write::schema_to_metadata_key;

use super::{disk, error::Error};
use crate::{
    model::{
        manifest::{ColumnRecord, TableRecord},
        time::{self, Timestamp},
    },
    table::{activity::AuditEvent, error::Error as TableError, frame, spec::Record},
};

/// Writes records as a new file and describes it.
pub(super) fn write<R: Record>(path: &Path, rows: &[R]) -> Result<TableRecord, Error> {
    let mut file = disk::Hashed::create(path)?;
    let mut frame = frame::to_frame(rows).map_err(|e| refused(path, e))?;
    writer(&mut file, frame.schema()).finish(&mut frame).map_err(|e| refused(path, e))?;
    describe::<R>(file, path, rows.len())
}

/// Writes records that come in batches, each a row group of its own, as a new file and describes it.
pub(super) fn write_batches<R: Record>(
    path: &Path,
    batches: impl Iterator<Item = Vec<R>>,
) -> Result<TableRecord, Error> {
    let mut file = disk::Hashed::create(path)?;
    let schema = frame::schema(R::TABLE);
    let mut groups = writer(&mut file, &schema).batched(&schema).map_err(|e| refused(path, e))?;
    let mut rows = 0;
    for batch in batches {
        rows += batch.len();
        let frame = frame::to_frame(&batch).map_err(|e| refused(path, e))?;
        drop(batch);
        groups.write_batch(&frame).map_err(|e| refused(path, e))?;
    }
    groups.finish().map_err(|e| refused(path, e))?;
    drop(groups);
    describe::<R>(file, path, rows)
}

/// How every file is written.
fn writer<'f>(file: &'f mut disk::Hashed, schema: &Schema) -> ParquetWriter<&'f mut disk::Hashed> {
    // The oldest types are those that every reader of Arrow knows.
    let arrow = schema_to_metadata_key(&schema.to_arrow(CompatLevel::oldest()));
    let metadata = KeyValueMetadata::from_static(vec![(arrow.key, arrow.value.unwrap_or_default())]);
    ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(None)).with_key_value_metadata(Some(metadata))
}

/// The error for records that polars, or the disk under it, refuses.
fn refused(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Parquet { path: path.to_owned(), source: source.into() }
}

/// Ends a file and describes it.
fn describe<R: Record>(file: disk::Hashed, path: &Path, rows: usize) -> Result<TableRecord, Error> {
    let column =
        |c: &crate::table::spec::Column| ColumnRecord { name: c.name.to_owned(), kind: c.kind.name().to_owned() };
    Ok(TableRecord {
        rows: rows as u64,
        columns: R::TABLE.columns.iter().map(column).collect(),
        sha256: file.end(path)?,
    })
}

/// Reads the records of a file, which must have the recorded digest and exactly the declared schema.
pub(super) fn read<R: Record>(path: &Path, sha256: &str) -> Result<Vec<R>, Error> {
    let frame = load(path, sha256, None)?;
    frame::from_frame(&frame).map_err(|source| Error::Schema { path: path.to_owned(), source })
}

/// Ids and times of the events in a part of the audit archive; no other column is read.
pub(super) fn ids_and_times(path: &Path, sha256: &str) -> Result<Vec<(String, Timestamp)>, Error> {
    let frame = load(path, sha256, Some(["event_id", "created_at"].map(str::to_owned).to_vec()))?;
    let pairs = || -> PolarsResult<Option<Vec<_>>> {
        let (ids, times) = (frame.column("event_id")?.str()?, frame.column("created_at")?.datetime()?.physical());
        let pair = |(id, t): (Option<&str>, Option<i64>)| Some((id?.to_owned(), time::of_micros(t?)?));
        Ok(ids.iter().zip(times.iter()).map(pair).collect())
    };
    let refused = |source| Error::Schema { path: path.to_owned(), source };
    let table = AuditEvent::TABLE.name;
    pairs()
        .map_err(|source| refused(TableError::Polars { table, source }))?
        .ok_or_else(|| refused(TableError::Range { table }))
}

/// Reads a file, or some columns of it, as a frame.
fn load(path: &Path, sha256: &str, columns: Option<Vec<String>>) -> Result<DataFrame, Error> {
    let bytes = disk::read(path)?;
    let found = disk::sha256(&bytes);
    if found != sha256 {
        return Err(not_as_sealed(path, &found, sha256));
    }
    ParquetReader::new(Cursor::new(bytes)).with_columns(columns).finish().map_err(|source| Error::Damaged {
        path: path.to_owned(),
        what: "it cannot be read as Parquet".to_owned(),
        source: Some(source.into()),
    })
}

/// The error for a file whose digest is not the one in the manifest.
pub(super) fn not_as_sealed(path: &Path, found: &str, sealed: &str) -> Error {
    Error::damaged(
        path,
        format!("its SHA-256 is {found} and the manifest says {sealed}: it was changed after it was sealed"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::access::ScimUser;

    #[test]
    fn a_file_says_its_types_in_words_that_every_reader_of_arrow_knows() {
        let folder = tempfile::tempdir().unwrap();
        let schema = frame::schema(ScimUser::TABLE);
        let says = |level| schema_to_metadata_key(&schema.to_arrow(level)).value.unwrap();
        let (old, new) = (says(CompatLevel::oldest()), says(CompatLevel::newest()));
        assert_ne!(old, new, "a table without lists or texts would prove nothing");
        let (whole, batches) = (folder.path().join("whole"), folder.path().join("batches"));
        write::<ScimUser>(&whole, &[]).unwrap();
        write_batches::<ScimUser>(&batches, std::iter::once(Vec::new())).unwrap();
        for path in [whole, batches] {
            let bytes = std::fs::read(path).unwrap();
            let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(holds(&old) && !holds(&new));
        }
    }
}
