//! Identifiers that are the same whenever the same thing is named: made from digests, never from chance or a clock.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

/// A UUID made from the SHA-256 of the parts. It is of the form of version 5, the one that names things by a digest and
/// that formats accept; version 5 itself asks for SHA-1.
pub(super) fn uuid(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length in front keeps ("a", "bc") and ("ab", "c") apart.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    bytes[6] = bytes[6] & 0x0F | 0x50;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex::encode(&bytes[part])).join("-")
}

/// UUIDs of one document, no two of them equal.
#[derive(Debug)]
pub(super) struct Ids {
    /// What all of them are made from, first.
    root: String,
    /// Those given out.
    used: BTreeSet<String>,
}

impl Ids {
    /// None yet.
    pub(super) fn new(root: impl Into<String>) -> Self {
        Self { root: root.into(), used: BTreeSet::new() }
    }

    /// The UUID of what the parts name.
    pub(super) fn of(&self, parts: &[&str]) -> String {
        let mut all = vec![self.root.as_str()];
        all.extend(parts);
        uuid(&all)
    }

    /// The same, and another one each time that the same parts come again.
    pub(super) fn next(&mut self, parts: &[&str]) -> String {
        let mut id = self.of(parts);
        let mut again = 1_usize;
        while !self.used.insert(id.clone()) {
            again += 1;
            let nth = again.to_string();
            let mut more = parts.to_vec();
            more.push(&nth);
            id = self.of(&more);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_the_form_of_version_5_and_hangs_on_every_part() {
        let id = uuid(&["a", "bc"]);
        let bytes = id.as_bytes();
        assert_eq!((id.len(), bytes[14], bytes[8], bytes[23]), (36, b'5', b'-', b'-'));
        assert!(matches!(bytes[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        assert_eq!(id, uuid(&["a", "bc"]));
        assert_ne!(id, uuid(&["ab", "c"]));
        assert_ne!(id, uuid(&["a", "bc", ""]));
    }

    #[test]
    fn the_same_name_twice_gives_two_uuids_in_a_fixed_order() {
        let three = || {
            let mut ids = Ids::new("root");
            [ids.next(&["a"]), ids.next(&["a"]), ids.next(&["a"])]
        };
        let got = three();
        assert_eq!(got, three());
        assert_eq!(BTreeSet::from(got.clone()).len(), 3);
        assert_eq!(got[0], Ids::new("root").of(&["a"]));
    }
}
