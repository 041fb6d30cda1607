//! Writing CSV.

/// A text as a cell that no spreadsheet takes for a formula: where one would start, at the beginning or after a line break, an
/// apostrophe is put before it. A text that has such an apostrophe already gets another, so that `cells.plain` in
/// `model/clothing_model`, which removes one, gives back every text.
pub fn cell(text: &str) -> String {
    let is_formula = |line: &str| line.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mut cell = String::with_capacity(text.len());
    let mut starts_line = true;
    for (at, character) in text.char_indices() {
        if starts_line && is_formula(&text[at..]) {
            cell.push('\'');
        }
        cell.push(character);
        starts_line = matches!(character, '\n' | '\r');
    }
    cell
}

/// Cells as one row, without a line end: quoted where necessary and joined with commas (RFC 4180).
pub fn row(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains([',', '"', '\r', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r'=1"),
            ("a\n=1\n+2", "a\n'=1\n'+2"),
            ("\n\n=1", "\n\n'=1"),
            ("'=1", "''=1"),
            ("", ""),
            ("a-b=c", "a-b=c"),
            ("'tis", "'tis"),
            ("- über", "'- über"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
