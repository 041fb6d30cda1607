//! Any bytes → sniff, decode, turn upright. Nothing may panic, and decoded photos are within the limits.
#![no_main]

use clothing_classifier::photo::{
    Limits, MinSize, SNIFF_BYTES, decode, decode_reduced, largest_extent, sniff,
};
use libfuzzer_sys::fuzz_target;

// Small pictures find as much as large ones, faster.
const LIMITS: Limits = Limits { bytes: 1_000_000, pixels: 1_000_000 };

fuzz_target!(|file: &[u8]| {
    assert_eq!(sniff(file), sniff(&file[..file.len().min(SNIFF_BYTES)]));
    largest_extent(file);
    let Ok(whole) = decode(file, &LIMITS) else { return };
    LIMITS.check_pixels(whole.dimensions()).expect("no more pixels than allowed");
    assert!(!whole.is_empty());
    let longer = whole.width().max(whole.height());
    for reduction in [2, 4, 8] {
        let reduced =
            decode_reduced(file, &LIMITS, MinSize::LongerSide(longer / reduction)).expect("as the whole");
        assert_eq!((reduced.width, reduced.height), whole.dimensions());
        assert!(!reduced.pixels.is_empty());
    }
});
