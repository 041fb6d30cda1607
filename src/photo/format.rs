use std::fmt;

/// A type of file that is recognised: one that people take for a photo, or keep photos in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Avif,
    Heic,
    JpegXl,
    Jpeg2000,
    CameraRaw,
    Tiff,
    Ico,
    Photoshop,
    Pdf,
    /// An archive, or an office document: many of those are archives inside.
    Zip,
    Video,
    WebPage,
    Svg,
}

/// Who reads the files of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBy {
    /// [`decode`](super::decode).
    Program,
    /// The browser, if it knows the format. On the command line, nobody.
    Browser,
    Nobody,
}

/// What is known about a format.
pub(super) struct FormatRow {
    pub format: Format,
    /// As people call it.
    name: &'static str,
    read_by: ReadBy,
    /// For pickers of files; empty if people cannot choose such files there.
    mime_type: &'static str,
    /// Files in a folder that have such an ending are taken for photos. That includes formats that nobody reads, so that these files
    /// are reported rather than ignored.
    endings: &'static [&'static str],
    /// Whether a file that starts with these bytes is of the format, unless an earlier row matches it.
    pub matches: fn(&[u8]) -> bool,
}

const AVIF_READ_BY: ReadBy = if cfg!(target_arch = "wasm32") { ReadBy::Browser } else { ReadBy::Program };

/// All formats. A file is of the first that matches it.
pub(super) const TABLE: &[FormatRow] = &[
    FormatRow {
        format: Format::Jpeg,
        name: "JPEG",
        read_by: ReadBy::Program,
        mime_type: "image/jpeg",
        endings: &["jpg", "jpeg", "jpe", "jfif"],
        matches: |start| start.starts_with(b"\xFF\xD8\xFF"),
    },
    FormatRow {
        format: Format::Png,
        name: "PNG",
        read_by: ReadBy::Program,
        mime_type: "image/png",
        endings: &["png"],
        matches: |start| start.starts_with(b"\x89PNG\r\n\x1A\n"),
    },
    FormatRow {
        format: Format::WebP,
        name: "WebP",
        read_by: ReadBy::Program,
        mime_type: "image/webp",
        endings: &["webp"],
        matches: |start| is_riff(start, b"WEBP"),
    },
    FormatRow {
        format: Format::Gif,
        name: "GIF",
        read_by: ReadBy::Program,
        mime_type: "image/gif",
        endings: &["gif"],
        matches: |start| start.starts_with(b"GIF87a") || start.starts_with(b"GIF89a"),
    },
    FormatRow {
        format: Format::Bmp,
        name: "BMP",
        read_by: ReadBy::Program,
        mime_type: "image/bmp",
        endings: &["bmp"],
        matches: is_bmp,
    },
    FormatRow {
        format: Format::Avif,
        name: "AVIF",
        read_by: AVIF_READ_BY,
        mime_type: "image/avif",
        endings: &["avif"],
        matches: |start| has_brand(start, &[b"avif", b"avis"]),
    },
    FormatRow {
        format: Format::Heic,
        name: "HEIC",
        read_by: ReadBy::Browser,
        // Phones that keep photos as HEIC hand over a JPEG if HEIC is not asked for.
        mime_type: "",
        endings: &["heic", "heif"],
        matches: |start| {
            has_brand(start, &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
        },
    },
    FormatRow {
        format: Format::JpegXl,
        name: "JPEG XL",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &["jxl"],
        matches: |start| start.starts_with(b"\xFF\x0A") || start.starts_with(b"\0\0\0\x0CJXL "),
    },
    FormatRow {
        format: Format::Jpeg2000,
        name: "JPEG 2000",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &["jp2"],
        matches: |start| start.starts_with(b"\0\0\0\x0CjP  ") || start.starts_with(b"\xFF\x4F\xFF\x51"),
    },
    FormatRow {
        format: Format::CameraRaw,
        name: "raw",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &["dng", "cr2"],
        matches: is_camera_raw,
    },
    FormatRow {
        format: Format::Tiff,
        name: "TIFF",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &["tif", "tiff"],
        matches: |start| start.starts_with(b"II*\0") || start.starts_with(b"MM\0*"),
    },
    FormatRow {
        format: Format::Ico,
        name: "ICO",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        matches: |start| start.starts_with(b"\0\0\x01\0"),
    },
    FormatRow {
        format: Format::Photoshop,
        name: "Photoshop",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        matches: |start| start.starts_with(b"8BPS"),
    },
    FormatRow {
        format: Format::Pdf,
        name: "PDF",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        matches: |start| start.starts_with(b"%PDF-"),
    },
    FormatRow {
        format: Format::Zip,
        name: "ZIP",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        matches: |start| start.starts_with(b"PK\x03\x04"),
    },
    FormatRow {
        format: Format::Video,
        name: "video",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        // Matroska and WebM; AVI; MP4 and QuickTime, whose brands are many.
        matches: |start| {
            start.starts_with(b"\x1A\x45\xDF\xA3") || is_riff(start, b"AVI ") || brands(start).is_some()
        },
    },
    FormatRow {
        format: Format::WebPage,
        name: "HTML",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        matches: |start| markup(start).is_some_and(|text| is_web_page(&text)),
    },
    FormatRow {
        format: Format::Svg,
        name: "SVG",
        read_by: ReadBy::Nobody,
        mime_type: "",
        endings: &[],
        matches: |start| markup(start).is_some_and(|text| text.contains("<svg")),
    },
];

impl Format {
    /// Who reads its files.
    pub fn read_by(self) -> ReadBy {
        self.row().read_by
    }

    fn row(self) -> &'static FormatRow {
        TABLE.iter().find(|row| row.format == self).expect("every format has a row")
    }
}

/// Its name: "JPEG".
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

fn is_riff(start: &[u8], kind: &[u8; 4]) -> bool {
    start.starts_with(b"RIFF") && start.get(8..12) == Some(kind)
}

/// Texts may start with "BM", too; the size of the header that follows decides. It is 12 for OS/2 1, 16 to 64 for OS/2 2, which
/// omits zeros at its end, and 40, 52, 56, 108 or 124 for Windows.
fn is_bmp(start: &[u8]) -> bool {
    let Some(&[size, 0, 0, 0]) = start.get(14..18) else { return false };
    start.starts_with(b"BM")
        && (matches!(size, 12 | 42 | 46 | 108 | 124) || (16..=64).contains(&size) && size.is_multiple_of(4))
}

/// Raw files of Canon, in two containers, and of Panasonic, Olympus and Fujifilm. Those of other makers look like TIFF.
fn is_camera_raw(start: &[u8]) -> bool {
    has_brand(start, &[b"crx "])
        || matches!(
            start,
            [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..]
                | [b'I', b'I', b'U', 0, ..]
                | [b'I', b'I', b'R', b'O' | b'S', ..]
        )
        || start.starts_with(b"FUJIFILMCCD-RAW")
}

/// Whether a file is in the container that HEIC, AVIF and videos share (ISO/IEC 14496-12) and names one of these brands.
fn has_brand(start: &[u8], names: &[&[u8; 4]]) -> bool {
    // The major brand, four bytes of version, the compatible brands; there are rarely more than ten.
    let mut brands = brands(start).into_iter().flat_map(|brands| brands.chunks_exact(4)).take(12);
    brands.any(|brand| names.iter().any(|name| brand == *name))
}

/// What follows that container's `ftyp`.
fn brands(start: &[u8]) -> Option<&[u8]> {
    start.get(4..)?.strip_prefix(b"ftyp")
}

/// The text of a file that is in HTML or XML, in lower case.
fn markup(start: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('<').then(|| text.into())
}

fn is_web_page(markup: &str) -> bool {
    markup.contains("<html") || markup.starts_with("<!doctype html")
}

// Texts for the page. They are put together at compile time, so that the page carries nothing else of the table.

/// [`List::of`] these arguments, as a text.
macro_rules! list {
    ($($argument:expr),*) => {{
        const LIST: List = List::of($($argument),*);
        const BYTES: &[u8; LIST.length] = &LIST.bytes();
        match std::str::from_utf8(BYTES) {
            Ok(text) => text,
            Err(_) => panic!("it is made of whole texts"),
        }
    }};
}

/// The MIME types that people may choose from a picker of files, with commas between them.
pub const ACCEPTED: &str = list!(Column::MimeType, None, ",", ",");

/// The formats that are read in every browser, such as "JPEG, PNG and BMP".
pub const READ: &str = list!(Column::Name, Some(ReadBy::Program), ", ", " and ");

/// The formats that are read where the browser knows them.
pub const READ_BY_BROWSERS: &str = list!(Column::Name, Some(ReadBy::Browser), ", ", " and ");

/// The endings of all rows.
pub(super) const ENDINGS: [&str; ENDING_COUNT] = {
    let mut endings = [""; ENDING_COUNT];
    let (mut count, mut row) = (0, 0);
    while row < TABLE.len() {
        let mut ending = 0;
        while ending < TABLE[row].endings.len() {
            endings[count] = TABLE[row].endings[ending];
            (count, ending) = (count + 1, ending + 1);
        }
        row += 1;
    }
    endings
};

const ENDING_COUNT: usize = {
    let (mut count, mut row) = (0, 0);
    while row < TABLE.len() {
        count += TABLE[row].endings.len();
        row += 1;
    }
    count
};

#[derive(Clone, Copy)]
enum Column {
    MimeType,
    Name,
}

/// The fields of a column as one text. At compile time there is no heap, so it has a fixed capacity.
struct List {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl List {
    const CAPACITY: usize = 128;

    /// Of the rows with that `read_by`, or of all. Empty fields are left out. `last` stands before the last field, `separator`
    /// between the others.
    const fn of(column: Column, read_by: Option<ReadBy>, separator: &str, last: &str) -> Self {
        let mut fields = [""; TABLE.len()];
        let (mut count, mut row) = (0, 0);
        while row < TABLE.len() {
            let FormatRow { name, mime_type, read_by: found, .. } = &TABLE[row];
            let field = match column {
                Column::MimeType => mime_type,
                Column::Name => name,
            };
            let is_wanted = match read_by {
                Some(reader) => reader as u8 == *found as u8,
                None => true,
            };
            if is_wanted && !field.is_empty() {
                fields[count] = field;
                count += 1;
            }
            row += 1;
        }
        let mut text = Self { bytes: [0; Self::CAPACITY], length: 0 };
        let mut number = 0;
        while number < count {
            if number > 0 {
                text.push(if number + 1 == count { last } else { separator });
            }
            text.push(fields[number]);
            number += 1;
        }
        text
    }

    const fn push(&mut self, text: &str) {
        let (_, room) = self.bytes.split_at_mut(self.length);
        let (place, _) = room.split_at_mut(text.len());
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
    }

    /// The text's own bytes. `N`: the length.
    const fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.bytes.split_at(N).0);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn texts_follow_the_table() {
        assert_eq!(ACCEPTED, "image/jpeg,image/png,image/webp,image/gif,image/bmp,image/avif");
        assert_eq!((READ, READ_BY_BROWSERS), ("JPEG, PNG, WebP, GIF, BMP and AVIF", "HEIC"));
        assert_eq!((ENDINGS[0], ENDINGS.len()), ("jpg", 17));
        assert_eq!(ENDINGS.iter().collect::<BTreeSet<_>>().len(), ENDINGS.len());
    }

    #[test]
    fn every_format_has_a_row_of_its_own() {
        // The enum's last variant has the highest number.
        assert_eq!(TABLE.len(), Format::Svg as usize + 1);
        for (row, other) in TABLE
            .iter()
            .enumerate()
            .flat_map(|(ix, row)| TABLE[ix + 1..].iter().map(move |other| (row, other)))
        {
            assert!(row.format != other.format && row.name != other.name);
        }
    }

    /// The installed page opens these files.
    #[test]
    fn the_manifest_names_the_same_files() {
        let manifest: serde_json::Value =
            serde_json::from_str(include_str!("../../public/manifest.webmanifest")).unwrap();
        let listed = manifest["file_handlers"][0]["accept"].clone();
        let listed: BTreeMap<String, Vec<String>> = serde_json::from_value(listed).unwrap();
        assert_eq!(listed.keys().map(String::as_str).collect::<BTreeSet<_>>(), ACCEPTED.split(',').collect());
        for row in TABLE.iter().filter(|row| !row.mime_type.is_empty()) {
            for ending in &listed[row.mime_type] {
                assert!(row.endings.contains(&&ending[1..]), "{ending}");
            }
        }
    }
}
