/// Endings by which a file in a folder is taken for a photo. Kinds that cannot be read are among them, so that they are
/// reported rather than passed over.
const ENDINGS: [&str; 17] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "heic", "heif", "avif", "tif", "tiff", "jxl",
    "jp2", "dng", "cr2",
];

/// Whether a file is a photo by its name alone. That is asked where there are many files and nobody has chosen each, as in a
/// folder; hidden files, whose names begin with a dot, are none.
pub fn is_photo_name(name: &str) -> bool {
    let is_known = |ending: &str| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    !name.starts_with('.') && name.rsplit_once('.').is_some_and(|(_, ending)| is_known(ending))
}

/// Sorted by it, paths stand as people expect: `2.jpg` before `10.jpg`, `a` beside `A`, and each folder's files together.
pub fn sort_key(path: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 * path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            // Of two numbers, the one with more digits is larger, zeros before them aside.
            let zeros = rest.iter().take(digits - 1).take_while(|byte| **byte == b'0').count();
            key.extend([b'0', (digits - zeros).min(255) as u8]);
            key.extend(&rest[zeros..digits]);
            rest = &rest[digits..];
        } else {
            key.push(if first == b'/' { 0 } else { first.to_ascii_lowercase() });
            rest = others;
        }
    }
    // What is equal so far is told apart by how it is written.
    key.push(0);
    key.extend(path.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_in_folders_are_known_by_their_endings() {
        for name in ["a.jpg", "IMG_1.JPEG", "a.b.Png", "scan.tif", "x.heic", "photo (1).webp"] {
            assert!(is_photo_name(name), "{name}");
        }
        let others =
            ["Thumbs.db", "desktop.ini", ".DS_Store", "._a.jpg", ".jpg", "jpg", "a.txt", "a.jpg.txt", "a."];
        for name in others {
            assert!(!is_photo_name(name), "{name}");
        }
    }

    #[test]
    fn paths_are_sorted_as_people_expect() {
        let sorted = [
            "a/2.jpg",
            "a/10.jpg",
            "a/b/1.jpg",
            "a/c.jpg",
            "a b/1.jpg",
            "B/1.jpg",
            "B/IMG_0009.jpg",
            "B/img_9.jpg",
            "B/IMG_0010.jpg",
            "b/IMG_99999999999999999999999999.jpg",
            "IMG.jpg",
            "ä.jpg",
        ];
        let mut paths = sorted;
        paths.reverse();
        paths.sort_by_key(|path| sort_key(path));
        assert_eq!(paths, sorted);
    }
}
