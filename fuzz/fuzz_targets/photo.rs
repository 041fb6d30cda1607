//! Any bytes → sniff, decode, turn upright. Nothing may panic, and what comes out keeps the limits.
#![no_main]

use clothing_classifier::photo::{Least, Limits, SNIFF_BYTES, decode, decode_reduced, largest_extent, sniff};
use libfuzzer_sys::fuzz_target;

// Small pictures show as much as large ones, sooner.
const LIMITS: Limits = Limits { bytes: 1_000_000, pixels: 1_000_000 };

fuzz_target!(|file: &[u8]| {
    assert_eq!(sniff(file), sniff(&file[..file.len().min(SNIFF_BYTES)]));
    largest_extent(file);
    if let Ok(photo) = decode(file, &LIMITS) {
        LIMITS.check_pixels(photo.dimensions()).expect("more pixels than are allowed");
        assert!(!photo.is_empty());
    }
    if let Ok(photo) = decode_reduced(file, &LIMITS, Least::LongerSide(1)) {
        LIMITS.check_pixels((photo.width, photo.height)).expect("more pixels than are allowed");
        assert!(!photo.pixels.is_empty());
    }
});
