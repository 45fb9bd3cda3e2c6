//! One question to an ssh-agent: sign this with that key.
//!
//! The protocol is two messages. The maintained client crates would bring every key algorithm with them, RSA and its
//! open advisory included.

use std::path::Path;

/// `SSH_AGENTC_SIGN_REQUEST`.
const SIGN_REQUEST: u8 = 13;

/// `SSH_AGENT_SIGN_RESPONSE`.
const SIGN_RESPONSE: u8 = 14;

/// The longest answer that is read; a signature is a hundred bytes.
const LONGEST: u32 = 64 << 10;

/// Asks the agent at `socket` to sign `data` with the key of the public half `key`; gives the signature's blob.
///
/// # Errors
/// Why there is no signature, in one clause.
#[cfg(unix)]
pub(super) fn sign(socket: &Path, key: &[u8], data: &[u8]) -> Result<Vec<u8>, String> {
    use std::{io::Write as _, os::unix::net::UnixStream, time::Duration};

    // An agent may ask its user to confirm.
    let patience = Some(Duration::from_secs(120));
    let talk = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(patience)?;
        stream.write_all(&question(key, data))?;
        answer(&mut stream)
    };
    let answer = talk().map_err(|error| error.to_string())?;
    signature(&answer)
}

/// Agents elsewhere do not listen on a Unix socket.
#[cfg(not(unix))]
pub(super) fn sign(_socket: &Path, _key: &[u8], _data: &[u8]) -> Result<Vec<u8>, String> {
    Err("agents are not supported on this system: give a key without a passphrase".to_owned())
}

/// The question, length first.
fn question(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut body = vec![SIGN_REQUEST];
    for part in [key, data] {
        body.extend(length(part));
        body.extend(part);
    }
    body.extend([0; 4]);
    let mut message = length(&body).to_vec();
    message.extend(body);
    message
}

/// Length of a part as the protocol writes it. Nothing we send comes near the limit.
fn length(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// Reads an answer without its length.
fn answer(stream: &mut impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(std::io::Error::other("its answer is too long to be one"));
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// The signature in an answer.
fn signature(answer: &[u8]) -> Result<Vec<u8>, String> {
    let Some((&kind, rest)) = answer.split_first() else { return Err("its answer is empty".to_owned()) };
    if kind != SIGN_RESPONSE {
        return Err("it does not hold the key or its user refused; `ssh-add` adds a key".to_owned());
    }
    let whole =
        rest.split_first_chunk::<4>().filter(|(length, blob)| u32::from_be_bytes(**length) as usize == blob.len());
    whole.map(|(_, blob)| blob.to_vec()).ok_or_else(|| "its answer is not a signature".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_length_kind_key_data_flags() {
        let message = question(b"key", b"data!");
        assert_eq!(message, b"\0\0\0\x15\x0d\0\0\0\x03key\0\0\0\x05data!\0\0\0\0");
    }

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let read = |bytes: &[u8]| answer(&mut &*bytes);
        assert_eq!(read(b"\0\0\0\x02\x0e\x01").unwrap(), b"\x0e\x01");
        assert!(read(b"\0\0\0\x03\x0e\x01").is_err());
        assert!(read(b"\xff\xff\xff\xff").is_err());
        assert_eq!(signature(b"\x0e\0\0\0\x02ab").unwrap(), b"ab");
        for bad in [&b""[..], b"\x05", b"\x0e", b"\x0e\0\0\0\x03ab", b"\x0e\0\0\0\x01ab"] {
            assert!(signature(bad).is_err(), "{bad:?}");
        }
        assert!(signature(b"\x05").unwrap_err().contains("ssh-add"));
    }
}
