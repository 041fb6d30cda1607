use super::format::ENDINGS;

/// Whether a file is taken for a photo by the ending of its name. This is asked where files were not chosen one by one, as in
/// a folder. Hidden files, whose names begin with a dot, are not photos.
pub fn is_photo_name(name: &str) -> bool {
    let is_known = |ending: &str| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    !name.starts_with('.') && name.rsplit_once('.').is_some_and(|(_, ending)| is_known(ending))
}

/// The key by which paths sort as people expect: `2.jpg` before `10.jpg`, `a` beside `A`, each folder's files together.
pub fn sort_key(path: &str) -> String {
    let mut key = String::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            // Leading zeros aside, the number with more digits is larger.
            let number = rest[..digits].trim_start_matches('0');
            key.push('0');
            key.push(char::from(number.len().min(127) as u8));
            key += number;
            rest = &rest[digits..];
        } else {
            key.push(if first == '/' { '\0' } else { first.to_ascii_lowercase() });
            rest = &rest[first.len_utf8()..];
        }
    }
    // Among equal keys, the spelling decides.
    key + "\0" + path
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
