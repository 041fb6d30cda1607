//! The page for those who have a site.

/// No event has come from the element.
pub const NOTHING_HEARD: &str = "Nothing yet.";

/// What a button does: copies lines, or that they are `copied`.
pub fn copy_button(copied: bool) -> &'static str {
    if copied { "Copied" } else { "Copy" }
}
