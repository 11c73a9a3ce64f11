//! Lists of texts and bytes as they are lent: each after its length in four bytes,
//! big-endian. uniffi would copy them one by one.

use linktor_bridge::{Error, ErrorKind};

/// A name and a value.
pub(crate) type Pair<'a> = (&'a [u8], &'a [u8]);

/// What was packed.
pub(crate) fn list(mut packed: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut list = Vec::new();
    while !packed.is_empty() {
        list.push(take(&mut packed)?);
    }
    Ok(list)
}

/// The same in pairs.
pub(crate) fn pairs(mut packed: &[u8]) -> Result<Vec<Pair<'_>>, Error> {
    // Enough for what most senders and proxies send.
    let mut pairs = Vec::with_capacity(16);
    while !packed.is_empty() {
        pairs.push((take(&mut packed)?, take(&mut packed)?));
    }
    Ok(pairs)
}

fn take<'a>(packed: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let cut = packed.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.split_at_checked(length)
    });
    let (taken, rest) = cut.ok_or_else(|| Error::new(ErrorKind::Internal, "what crossed is cut short"))?;
    *packed = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_in_order() {
        let packed = b"\0\0\0\x01a\0\0\0\0\0\0\0\x02\xffb\0\0\0\0";
        assert_eq!(list(packed).unwrap(), [&b"a"[..], b"", b"\xffb", b""]);
        assert_eq!(pairs(packed).unwrap(), [(&b"a"[..], &b""[..]), (b"\xffb", b"")]);
        assert!(list(b"").unwrap().is_empty() && pairs(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_cut_short_is_an_error_and_no_panic() {
        for packed in [&b"\0"[..], b"\0\0\0", b"\0\0\0\x02a", b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\x01"] {
            assert_eq!(list(packed).unwrap_err().kind(), ErrorKind::Internal, "{packed:?}");
            assert_eq!(pairs(packed).unwrap_err().kind(), ErrorKind::Internal, "{packed:?}");
        }
        assert_eq!(pairs(b"\0\0\0\0").unwrap_err().kind(), ErrorKind::Internal);
    }
}
