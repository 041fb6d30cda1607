/// How many bytes from a file's start [`is_onnx`] looks at.
pub const ONNX_BYTES: usize = 1024;

/// Whether a file is an ONNX model, by its first bytes: [`ONNX_BYTES`] of them, or more.
///
/// The file is a `ModelProto` (`onnx.proto`) in the wire format of protocol buffers. The version of the format and its producer
/// come before the graph.
pub fn is_onnx(start: &[u8]) -> bool {
    let mut rest = start;
    let mut has_version = false;
    while let Some(key) = varint(&mut rest) {
        let (field, kind) = (key >> 3, key & 7);
        match (field, kind) {
            // ir_version
            (1, 0) => has_version = varint(&mut rest).is_some_and(|version| (1..1000).contains(&version)),
            // graph
            (7, 2) => return has_version,
            // model_version
            (5, 0) => _ = varint(&mut rest),
            // producer_name, producer_version, domain, doc_string, opset_import, metadata_props
            (2..=4 | 6 | 8 | 14, 2) => {
                let length = varint(&mut rest).and_then(|length| usize::try_from(length).ok());
                let Some(after) = length.and_then(|length| rest.get(length..)) else { return false };
                rest = after;
            }
            _ => return false,
        }
    }
    false
}

/// Whether a file is an ONNX model by its name, which downloads may have changed: `model.onnx`, `model.ONNX (1)`,
/// `model.onnx.part`.
pub fn is_model_name(name: &str) -> bool {
    const ENDING: &str = ".onnx";
    let name = name.to_ascii_lowercase();
    let is_whole =
        |(at, _): (usize, &str)| !name[at + ENDING.len()..].starts_with(|next: char| next.is_alphanumeric());
    name.match_indices(ENDING).any(is_whole)
}

/// Takes a varint from the front: seven bits per byte, the lowest first; the eighth is set in all bytes but the last.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn onnx_files_are_told_by_their_first_bytes() {
        let ours = include_bytes!("../../model/clothing.onnx");
        assert!(is_onnx(&ours[..ONNX_BYTES]));
        // As several exporters write it.
        for start in [
            &b"\x08\x08\x12\x07pytorch\x1A\x052.5.1:\xF5\xA4\xE2\x05\n"[..],
            b"\x08\x07\x12\x07tf2onnx\x1A\x0C1.9.3/1190ab:\xFA\x01\n",
            b"\x08\x09\x3A\x80\x08\n",
            b"\x08\x0A\x12\x00\x22\x07ai.onnx\x28\x80\x80\x01\x32\x03doc\x42\x04\n\x00\x10\x11\x3A\x10",
        ] {
            assert!(is_onnx(start), "{}", start.escape_ascii());
        }
    }

    #[test]
    fn models_are_known_by_their_names_however_they_were_saved() {
        for name in
            ["a.onnx", "a.ONNX", "a.onnx (1)", "a (1).onnx", "a.onnx.1", "a.onnx.crdownload", "a.onnx_2"]
        {
            assert!(is_model_name(name), "{name}");
        }
        for name in ["onnx", "a.onnxruntime", "a_onnx", "a.on.nx", "a.txt", ""] {
            assert!(!is_model_name(name), "{name}");
        }
    }

    #[test]
    fn other_files_are_not_taken_for_models() {
        for start in [
            &b""[..],
            b"\x08",
            b"\x08\x08",
            b"\xFF\xD8\xFF\xE0\0\x10JFIF",
            b"\x89PNG\r\n\x1A\n",
            b"PK\x03\x04",
            b"version https://git-lfs.github.com/spec/v1\n",
            b"<!doctype html>",
            b"\x08\x01\x12\xC0\x84\x3D\n",           // TensorFlow's saved model
            b"\x08\x05\x12\x04\n\x02ab\xA2\x1F\x10", // Core ML's
            b"\x08\x00\x3A\x10",
            b"\x3A\x10\x08\x08",
        ] {
            assert!(!is_onnx(start), "{}", start.escape_ascii());
        }
    }
}
