//! JPEGs of every kind, at every scale, compared with libjpeg-turbo's pixels.

#[path = "files/encode.rs"]
#[allow(dead_code)]
mod encode;
#[path = "files/jpeg.rs"]
mod files;

use std::{
    io, panic,
    time::{Duration, Instant},
};

use clothing_classifier::photo::{Error, Limits, MinSize, Photo, decode, decode_reduced};
use encode::exif;
use files::{
    Colours, Huffman, Jpeg, Lines, Place, Scan, adobe, component, jfif, part, pixels, progression, scan,
    segment,
};
use image::{DynamicImage, RgbImage, imageops};
use mozjpeg::{ColorSpace, Decompress};

/// A file of the corpus.
struct Case {
    name: String,
    file: Vec<u8>,
    /// What the picture must look like.
    like: Like,
    /// The orientation in its EXIF, 1 to 8.
    orientation: u8,
}

enum Like {
    /// As libjpeg-turbo decodes the file.
    Libjpeg,
    /// The same, for a file with damage.
    Accident,
    /// As libjpeg-turbo decodes this equivalent file, because it refuses the original one.
    Other(Vec<u8>),
    /// The picture that was encoded, approximately.
    Picture(u32, u32),
    Rare,
    Damaged,
}

type Cases = Vec<Case>;

fn case(name: impl Into<String>, jpeg: &Jpeg) -> Case {
    Case { name: name.into(), file: jpeg.encode(), like: Like::Libjpeg, orientation: 1 }
}

/// A multiple neither of blocks nor of MCUs, whatever the sampling.
const SIZE: (usize, usize) = (131, 99);

fn ordinary() -> Jpeg {
    Jpeg::new(SIZE.0, SIZE.1, (2, 2), (1, 1))
}

/// Every pair of sampling factors for luminance and chrominance, in one scan and progressive.
fn samplings() -> Cases {
    let factors = || (1..=4).flat_map(|columns| (1..=4).map(move |rows| (columns, rows)));
    let mut cases = Vec::new();
    for luma in factors() {
        for chroma in factors() {
            let jpeg = Jpeg::new(SIZE.0, SIZE.1, luma, chroma);
            let is_whole = |a: usize, b: usize| a.max(b).is_multiple_of(a.min(b));
            let apart = Jpeg { scans: [0, 1, 2].map(|index| scan(&[index])).into(), ..jpeg.clone() };
            let mut progressive = jpeg.clone().progressive();
            // libjpeg refuses MCUs of more than ten blocks; separate scans have smaller ones.
            let small = jpeg.blocks_in_mcu() <= 10;
            if !small {
                let dc = |high, low| [0, 1, 2].map(|index| part(&[index], (0, 0), high, low));
                let ac = progression(3).into_iter().filter(|scan| scan.band.0 > 0);
                progressive.scans = dc(0, 1).into_iter().chain(ac).chain(dc(1, 0)).collect();
            }
            // libjpeg refuses other ratios.
            let like = |other: &Jpeg| match is_whole(luma.0, chroma.0) && is_whole(luma.1, chroma.1) {
                false => Like::Picture(SIZE.0 as u32, SIZE.1 as u32),
                true if small => Like::Libjpeg,
                true => Like::Other(other.encode()),
            };
            let name = |kind| format!("sampling {luma:?} {chroma:?}, {kind}");
            cases.push(Case { like: like(&apart), ..case(name("one scan"), &jpeg) });
            cases.push(Case { like: like(&progressive), ..case(name("progressive"), &progressive) });
        }
    }
    for (blue, red) in [((1, 1), (2, 1)), ((1, 2), (2, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2))] {
        let mut jpeg = ordinary();
        (jpeg.components[1].columns, jpeg.components[1].rows) = blue;
        (jpeg.components[2].columns, jpeg.components[2].rows) = red;
        cases.push(case(format!("sampling (2, 2) {blue:?} {red:?}"), &jpeg));
    }
    cases
}

/// Sizes near those of blocks and MCUs, and rows too short for smooth upsampling.
fn sizes() -> Cases {
    const SIZES: [(usize, usize); 14] = [
        (1, 1),
        (2, 2),
        (3, 5),
        (4, 9),
        (5, 3),
        (7, 8),
        (8, 8),
        (9, 17),
        (16, 16),
        (17, 15),
        (33, 31),
        (1, 200),
        (200, 1),
        (301, 5),
    ];
    let samplings =
        [((1, 1), (1, 1)), ((2, 1), (1, 1)), ((1, 2), (1, 1)), ((2, 2), (1, 1)), ((4, 1), (1, 1))];
    let of = |(width, height)| {
        samplings.map(|(luma, chroma)| {
            let jpeg = Jpeg::new(width, height, luma, chroma);
            case(format!("{width} × {height}, {luma:?} {chroma:?}"), &jpeg)
        })
    };
    SIZES.into_iter().flat_map(of).collect()
}

/// Markers and component ids that tell the colour space, also contradictory ones.
fn colours() -> Cases {
    let mut cases = Vec::new();
    for is_jfif in [false, true] {
        for transform in [None, Some(0), Some(1), Some(2)] {
            for ids in [[1, 2, 3], [0, 1, 2], *b"RGB", *b"YCC", [3, 1, 2]] {
                for luma in [(1, 1), (2, 2)] {
                    let is_rgb = !is_jfif && (transform == Some(0) || transform.is_none() && ids == *b"RGB");
                    let mut jpeg = Jpeg::new(SIZE.0, SIZE.1, luma, (1, 1));
                    jpeg.colours = if is_rgb { Colours::Rgb } else { Colours::YCbCr };
                    jpeg.between[Place::Start as usize] =
                        [if is_jfif { jfif() } else { vec![] }, transform.map_or(vec![], adobe)].concat();
                    jpeg.components.iter_mut().zip(ids).for_each(|(component, id)| component.id = id);
                    cases.push(case(
                        format!("JFIF {is_jfif}, Adobe {transform:?}, ids {ids:?}, {luma:?}"),
                        &jpeg,
                    ));
                }
            }
        }
    }
    for transform in [None, Some(0), Some(2)] {
        for sampling in [(1, 1), (2, 1), (2, 2)] {
            for progressive in [false, true] {
                let mut jpeg = ordinary();
                jpeg.colours = if transform == Some(2) { Colours::Ycck } else { Colours::Cmyk };
                let (columns, rows) = sampling;
                jpeg.components = vec![
                    component(1, columns, rows),
                    component(2, 1, 1),
                    component(3, 1, 1),
                    component(4, columns, rows),
                ];
                jpeg.between[Place::Start as usize] = transform.map_or(vec![], adobe);
                jpeg.scans = vec![scan(&[0, 1, 2, 3])];
                let jpeg = if progressive { jpeg.progressive() } else { jpeg };
                cases.push(case(
                    format!("four inks, Adobe {transform:?}, {sampling:?}, progressive {progressive}"),
                    &jpeg,
                ));
            }
        }
    }
    for (columns, rows) in [(1, 1), (2, 2), (4, 1), (1, 3)] {
        for progressive in [false, true] {
            let mut jpeg = ordinary();
            jpeg.colours = Colours::Grey;
            jpeg.components = vec![component(1, columns, rows)];
            jpeg.scans = vec![scan(&[0])];
            let jpeg = if progressive { jpeg.progressive() } else { jpeg };
            cases.push(case(format!("grey, {columns} by {rows}, progressive {progressive}"), &jpeg));
        }
    }
    for count in [2, 5] {
        let mut jpeg = ordinary();
        jpeg.components = (1..=count).map(|id| component(id, 1, 1)).collect();
        jpeg.scans = vec![scan(&(0..usize::from(count).min(4)).collect::<Vec<_>>())];
        cases.push(Case { like: Like::Rare, ..case(format!("{count} components"), &jpeg) });
    }
    cases
}

/// Which components and coefficients each scan has.
fn scans() -> Cases {
    let mut cases = Vec::new();
    let orders: [&[&[usize]]; 12] = [
        &[&[0], &[1], &[2]],
        &[&[0], &[2], &[1]],
        &[&[1], &[0], &[2]],
        &[&[1], &[2], &[0]],
        &[&[2], &[0], &[1]],
        &[&[2], &[1], &[0]],
        &[&[0], &[1, 2]],
        &[&[1, 2], &[0]],
        &[&[0, 1], &[2]],
        &[&[2], &[0, 1]],
        &[&[0, 2], &[1]],
        &[&[1], &[0, 2]],
    ];
    for (luma, chroma) in [((2, 2), (1, 1)), ((2, 1), (1, 1)), ((1, 1), (1, 1)), ((1, 1), (2, 2))] {
        for restart_interval in [0, 5] {
            for order in orders {
                let jpeg = Jpeg {
                    scans: order.iter().map(|components| scan(components)).collect(),
                    restart_interval,
                    ..Jpeg::new(SIZE.0, SIZE.1, luma, chroma)
                };
                let name = format!("scans {order:?}, {luma:?} {chroma:?}, restarts {restart_interval}");
                cases.push(case(name, &jpeg));
            }
        }
    }
    let bands =
        |index: usize, bands: &[(u8, u8)]| bands.iter().map(|&band| part(&[index], band, 0, 0)).collect();
    let dc = || vec![part(&[0, 1, 2], (0, 0), 0, 0)];
    let each_coefficient: Vec<_> = (1..=63).map(|place| (place, place)).collect();
    let progressions: [(&str, Vec<Scan>); 6] = [
        (
            "spectral selection",
            [dc(), bands(0, &[(1, 63)]), bands(1, &[(1, 63)]), bands(2, &[(1, 63)])].concat(),
        ),
        (
            "chrominance first",
            [dc(), bands(2, &[(1, 9), (10, 63)]), bands(1, &[(1, 63)]), bands(0, &[(1, 2), (3, 63)])]
                .concat(),
        ),
        (
            "a coefficient a scan",
            [dc(), bands(0, &each_coefficient), bands(1, &[(1, 63)]), bands(2, &[(1, 63)])].concat(),
        ),
        (
            "DC coefficients apart",
            [
                [2, 0, 1].map(|index| part(&[index], (0, 0), 0, 0)).to_vec(),
                bands(1, &[(1, 63)]),
                bands(0, &[(1, 63)]),
                bands(2, &[(1, 63)]),
            ]
            .concat(),
        ),
        (
            "bit after bit",
            [
                vec![part(&[0, 1, 2], (0, 0), 0, 3)],
                (0..3).rev().map(|low| part(&[0, 1, 2], (0, 0), low + 1, low)).collect(),
                (0..3).map(|index| part(&[index], (1, 63), 0, 4)).collect(),
                (0..4)
                    .rev()
                    .flat_map(|low| (0..3).map(move |index| part(&[index], (1, 63), low + 1, low)))
                    .collect(),
            ]
            .concat(),
        ),
        ("as usual", progression(3)),
    ];
    for (name, scans) in progressions {
        for restart_interval in [0, 7] {
            let jpeg = Jpeg { scans: scans.clone(), restart_interval, ..ordinary().progressive() };
            cases.push(case(format!("progressive, {name}, restarts {restart_interval}"), &jpeg));
        }
    }
    cases
}

fn restarts() -> Cases {
    let mut cases = Vec::new();
    for restart_interval in [1, 3, 8, 9, 64, 1000] {
        for jpeg in [ordinary(), ordinary().progressive(), Jpeg { process: 0xC1, ..ordinary() }] {
            let jpeg = Jpeg { restart_interval, ..jpeg };
            cases.push(case(format!("restarts {restart_interval}, process {:#x}", jpeg.process), &jpeg));
        }
    }
    cases
}

const PLACES: [Place; 4] = [Place::Start, Place::BeforeFrame, Place::AfterFrame, Place::BeforeScan];

/// Other data between the segments that matter.
fn placements() -> Cases {
    let mut cases = Vec::new();
    let application =
        |number: u8, name: &[u8], content: &[u8]| segment(0xE0 + number, &[name, content].concat());
    let others = [
        ("profile", application(2, b"ICC_PROFILE\0\x01\x01", &[7; 3000])),
        ("remark", segment(0xFE, b"\xFF\xD9\xFF\xC0 is no marker here")),
        ("XMP", application(1, b"http://ns.adobe.com/xap/1.0/\0", b"<x/>")),
        ("largest segment", segment(0xE7, &[0xFF; 65533])),
        ("fill bytes", vec![0xFF; 9]),
        ("rubbish", b"\0rubbish\xFF\0".to_vec()),
        ("empty segments", [segment(0xE5, b""), segment(0xFE, b"")].concat()),
    ];
    for huffman in [Huffman::BeforeFrame, Huffman::AfterFrame] {
        for progressive in [false, true] {
            let jpeg = || {
                let jpeg = Jpeg { huffman, ..ordinary() };
                if progressive { jpeg.progressive() } else { jpeg }
            };
            for (number, place) in PLACES.into_iter().enumerate() {
                for (name, bytes) in &others {
                    cases.push(case(
                        format!("{name} at place {number}, progressive {progressive}"),
                        &jpeg().with(place, bytes),
                    ));
                }
                for (orientation, padding) in [(6, 0), (3, 0xFF), (8, b' ')] {
                    let head = [b"Exif\0", &[padding][..]].concat();
                    let exif = application(1, &head, &exif(orientation.into(), padding == 0));
                    let name = format!("EXIF with {padding} at place {number}, progressive {progressive}");
                    cases.push(Case { orientation, ..case(name, &jpeg().with(place, &exif)) });
                }
            }
        }
    }
    for orientation in 1..=8 {
        let exif = application(1, b"Exif\0\0", &exif(orientation.into(), false));
        let jpeg = Jpeg::new(83, 131, (2, 1), (1, 1)).with(Place::Start, &exif);
        cases.push(Case { orientation, ..case(format!("orientation {orientation}"), &jpeg) });
    }
    cases
}

/// Peculiarities of cameras and films, and rare uses of the standard.
fn rarities() -> Cases {
    let mut cases = Vec::new();
    for jpeg in [ordinary(), Jpeg { restart_interval: 4, ..ordinary() }, ordinary().progressive()] {
        let kind = format!("process {:#x}, restarts {}", jpeg.process, jpeg.restart_interval);
        let known = Like::Other(jpeg.encode());
        let behind = Jpeg { lines: Lines::AfterScan, ..jpeg.clone() };
        cases.push(Case { like: known, ..case(format!("lines behind the scan, {kind}"), &behind) });
        cases.push(case(format!("lines twice, {kind}"), &Jpeg { lines: Lines::InBoth, ..jpeg.clone() }));
        for (step, wide_steps) in [(1, false), (3, true), (40, false), (300, true)] {
            let jpeg = Jpeg { step, wide_steps, ..jpeg.clone() };
            cases.push(case(format!("steps of {step}, wide {wide_steps}, {kind}"), &jpeg));
        }
    }
    for (luma, chroma) in [((2, 1), (1, 1)), ((2, 2), (1, 1))] {
        for restart_interval in [0, 4] {
            let mut jpeg = Jpeg {
                huffman: Huffman::Missing,
                restart_interval,
                ..Jpeg::new(SIZE.0, SIZE.1, luma, chroma)
            };
            cases.push(case(format!("no Huffman tables, {luma:?}, restarts {restart_interval}"), &jpeg));
            jpeg.between[Place::Start as usize] = segment(0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0");
            cases.push(case(format!("a film's frame, {luma:?}, restarts {restart_interval}"), &jpeg));
        }
    }
    let behind = segment(0xE1, &[b"Exif\0\0", &exif(6, true)[..]].concat());
    let late = Jpeg { scans: [0, 1, 2].map(|index| scan(&[index])).into(), ..ordinary() };
    cases.push(case("EXIF behind a scan", &late.with(Place::AfterScan, &behind)));
    let headless = Jpeg { lines: Lines::AfterScan, ..ordinary() }.encode();
    let lines = headless.windows(2).rposition(|bytes| bytes == [0xFF, 0xDC]).expect("the segment");
    let file = [&headless[..lines], &headless[lines + 6..]].concat();
    cases.push(Case { like: Like::Damaged, file, ..case("no height at all", &ordinary()) });
    cases
}

/// Files cut short, or with damage in the entropy-coded data.
fn damages() -> Cases {
    let mut cases = Vec::new();
    let mut random = 1u32;
    let mut below = |end: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % end
    };
    let restarting = Jpeg { restart_interval: 5, ..ordinary() };
    let apart = Jpeg { scans: [0, 1, 2].map(|index| scan(&[index])).into(), ..restarting.clone() };
    let finest = Jpeg { step: 1, ..Jpeg::new(SIZE.0, SIZE.1, (1, 1), (1, 1)) };
    for (kind, jpeg) in
        [("ordinary", ordinary()), ("restarts", restarting), ("apart", apart), ("finest", finest)]
    {
        let whole = jpeg.encode();
        let begin = whole.windows(2).position(|bytes| bytes == [0xFF, 0xDA]).expect("a scan") + 14;
        let damaged = |name, file| Case { name, file, like: Like::Accident, orientation: 1 };
        for part in 1..20 {
            let end = begin + (whole.len() - begin) * part / 20;
            cases.push(damaged(format!("{kind}, {part} of 20 parts"), whole[..end].into()));
        }
        for number in 0..60 {
            let mut file = whole.clone();
            let at = begin + below(file.len() - begin - 50);
            match number % 5 {
                0 => file[at] ^= 1 << below(8),
                1 => file[at] = below(256) as u8,
                2 => file[at..at + 40].fill(0),
                3 => drop(file.drain(at..at + 1 + below(40))),
                _ => drop(file.splice(at..at, [0xFF, 0xD0 + below(8) as u8])),
            }
            cases.push(damaged(format!("{kind}, accident {number}"), file));
        }
    }
    cases
}

/// A file as libjpeg-turbo decodes it, at a scale of `eighths` / 8.
fn libjpeg(file: &[u8], eighths: u8) -> Option<RgbImage> {
    let decode = || -> io::Result<RgbImage> {
        let mut decoder = Decompress::new_mem(file)?;
        decoder.scale(eighths);
        let inks = decoder.components().len() == 4;
        let mut decoder = if inks { decoder.to_colorspace(ColorSpace::JCS_CMYK)? } else { decoder.rgb()? };
        let pixels = if inks {
            // As Chromium and Pillow convert them.
            let lit = |ink: u8, black: u8| ((u16::from(ink) * u16::from(black) + 127) / 255) as u8;
            let pixels = decoder.read_scanlines::<[u8; 4]>()?;
            pixels.into_iter().map(|[c, m, y, k]| [c, m, y].map(|ink| lit(ink, k))).collect()
        } else {
            decoder.read_scanlines::<[u8; 3]>()?
        };
        let (width, height) = (decoder.width() as u32, decoder.height() as u32);
        Ok(RgbImage::from_raw(width, height, pixels.into_flattened()).expect("three bytes a pixel"))
    };
    // The C library reports errors by unwinding.
    panic::catch_unwind(decode).ok()?.ok()
}

fn upright(picture: RgbImage, orientation: u8) -> RgbImage {
    let mut picture = DynamicImage::from(picture);
    picture.apply_orientation(image::metadata::Orientation::from_exif(orientation).expect("one to eight"));
    picture.into_rgb8()
}

/// The mean and the largest difference of two pictures, in levels (0 to 255).
fn difference(a: &RgbImage, b: &RgbImage) -> (f64, u8) {
    let levels = || a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b));
    (levels().map(f64::from).sum::<f64>() / a.len() as f64, levels().max().unwrap_or(0))
}

/// The largest mean and single difference allowed, in levels.
///
/// Whole pictures, halves and quarters have exactly libjpeg-turbo's pixels. So have eighths, but for subsampled colours: we
/// upsample them from the means of their blocks, while libjpeg-turbo decodes more of each block. That blurs the edges of
/// colours, which shows more in pictures this small than in photos.
///
/// Damage produces numbers that are far too large. libjpeg-turbo's portable code, which the tests call, wraps them; its SIMD
/// code, which most programs use, does not.
fn tolerance(like: &Like, reduction: u32) -> (f64, u8) {
    match (like, reduction) {
        (Like::Picture(..), 1) => (4.0, 120),
        (Like::Picture(..), _) => (16.0, 120),
        (Like::Accident, _) => (12.0, 255),
        (_, 8) => (5.0, 60),
        _ => (0.0, 0),
    }
}

fn all() -> Cases {
    [samplings(), sizes(), colours(), scans(), restarts(), placements(), rarities(), damages()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_kind_looks_as_libjpeg_shows_it_at_every_scale() {
    let cases = all();
    let mut faults = Vec::new();
    let mut compared = [0; 4];
    let mut eighths = (0.0, 0.0f64, 0);
    let mut accidents = (0, 0);
    for Case { name, file, like, orientation } in &cases {
        let refused = decode(file, &Limits::default()).err();
        match (like, &refused) {
            (Like::Rare, Some(Error::Rare { .. })) | (Like::Damaged, Some(Error::Damaged { .. })) => continue,
            (Like::Rare | Like::Damaged, _) => {
                faults.push(format!("{name}: {refused:?}"));
                continue;
            }
            _ => {}
        }
        let (reference, mut size) = match like {
            Like::Other(other) => (other, (0, 0)),
            _ => (file, (0, 0)),
        };
        if let Like::Picture(width, height) = like {
            size = (*width, *height);
        } else if let Some(whole) = libjpeg(reference, 8) {
            size = whole.dimensions();
        }
        let longer = size.0.max(size.1);
        for (scale, wanted) in [1, 2, 4, 8].into_iter().enumerate() {
            let least = longer / wanted;
            if wanted > 1 && least < 8 {
                continue; // smaller than any photo needs to be
            }
            let found = match wanted {
                1 => decode(file, &Limits::default()).map(Photo::from),
                _ => decode_reduced(file, &Limits::default(), MinSize::LongerSide(least)),
            };
            let reduction = wanted;
            let expected = match like {
                Like::Picture(width, height) => {
                    let picture = pixels(*width as usize, *height as usize);
                    let [width, height] = [width, height].map(|length| length.div_ceil(reduction));
                    Some(imageops::resize(&picture, width, height, imageops::FilterType::Triangle))
                }
                _ => libjpeg(reference, 8 / reduction as u8),
            };
            match (found, expected) {
                (Ok(found), Some(expected)) => {
                    let expected = upright(expected, *orientation);
                    compared[scale] += 1;
                    if found.pixels.dimensions() != expected.dimensions() {
                        faults.push(format!("{name}, by {reduction}: {:?}", found.pixels.dimensions()));
                        continue;
                    }
                    let (mean, most) = difference(&found.pixels, &expected);
                    let allowed = tolerance(like, reduction);
                    if mean > allowed.0 || most > allowed.1 {
                        faults.push(format!(
                            "{name}, by {reduction}: {mean:.2} levels in the mean, {most} at most"
                        ));
                    }
                    if matches!(like, Like::Accident) && reduction < 8 {
                        accidents = (accidents.0 + 1, accidents.1 + u32::from(most == 0));
                    }
                    if reduction == 8 {
                        eighths = (eighths.0 + mean, eighths.1.max(mean), eighths.2.max(most));
                    }
                }
                (found, expected) => faults.push(format!(
                    "{name}, by {reduction}: {:?}, and libjpeg's {}",
                    found.map(|photo| photo.pixels.dimensions()),
                    expected.is_some()
                )),
            }
        }
    }
    println!("{} files, {compared:?} compared whole, at a half, a quarter and an eighth", cases.len());
    println!(
        "eighths differ by {:.2} levels on average, {:.2} in the mean and {} at most",
        eighths.0 / f64::from(compared[3]),
        eighths.1,
        eighths.2
    );
    println!("{} of {} damaged pictures have identical pixels", accidents.1, accidents.0);
    assert!(accidents.1 * 100 >= accidents.0 * 98, "{accidents:?}");
    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(60)]);
}

/// A file of 30 KB whose scans pass over 64 million pixels three thousand times.
#[test]
fn the_number_of_scans_is_limited() {
    let mut file = ordinary().progressive().encode();
    let frame = file.windows(2).position(|bytes| bytes == [0xFF, 0xC2]).expect("a frame");
    file[frame + 5..frame + 9].copy_from_slice(&[8000u16.to_be_bytes(), 8000u16.to_be_bytes()].concat());
    file.truncate(file.len() - 2);
    for _ in 0..3000 {
        file.extend(segment(0xDA, &[1, 1, 0, 1, 63, 0x10]));
    }
    let begin = Instant::now();
    let photo =
        decode_reduced(&file, &Limits::default(), MinSize::LongerSide(2000)).expect("what can be seen");
    println!("{} bytes took {:?}", file.len(), begin.elapsed());
    assert_eq!(photo.pixels.dimensions(), (2000, 2000));
    assert!(begin.elapsed() < Duration::from_secs(20));
}
