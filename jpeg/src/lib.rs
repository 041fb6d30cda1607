//! JPEG files → RGB pixels, whole or reduced to a half, a quarter or an eighth while they are decoded.
//!
//! One reader for all four scales, so that a file is the same picture at each. What a file means is decided as
//! libjpeg-turbo decides it, and so as browsers do, also where the standard leaves it open: how colours are stored
//! ([`ColourSpace`]), what stands in for missing Huffman tables, how reading goes on behind damage. Its pixels are
//! those of libjpeg-turbo's accurate integer transform with smooth ("fancy") upsampling.
//!
//! A file goes through these modules:
//!
//! - `segments` finds the markers and reads the tables and headers between them;
//! - `scan` reads the entropy-coded blocks, with the codes of `huffman`;
//! - `picture` makes pixels of them, with `idct`, `upsample` and `colour`.
//!
//! A JPEG stores blocks of 8 × 8 pixels as frequencies, of which a smaller picture needs only the lowest. Its pixels
//! are the means of the squares of 2 × 2, 4 × 4 or 8 × 8 that they stand for. A block's mean is its first coefficient
//! (DC); for an eighth the other 63 (AC) are passed over, which takes a fraction of the time.
//!
//! Baseline, extended sequential and progressive files with 8 bits a sample and Huffman codes are decoded. Arithmetic
//! codes, 12 bits, lossless and hierarchical files are not; hardly anything writes or shows those.
//!
//! Annexes, tables and figures are those of ITU-T T.81 (ISO/IEC 10918-1).

mod colour;
mod frame;
mod huffman;
mod idct;
mod lanes;
mod picture;
mod scan;
mod segments;
mod upsample;

use std::fmt;

pub use colour::ColourSpace;
use frame::{Component, Frame};
use picture::Painter;
use scan::{Blocks, Scan};
use segments::{Marker, Segments, Tables};

/// A file whose headers have been read.
pub struct Jpeg<'a> {
    segments: Segments<'a>,
    tables: Tables,
    frame: Frame,
    colour_space: ColourSpace,
    exif: Vec<&'a [u8]>,
    /// The first scan's header.
    scan: &'a [u8],
}

/// How much of a picture's size is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Whole,
    Half,
    Quarter,
    Eighth,
}

impl Scale {
    /// How many of the file's pixels become one, across and down.
    pub fn reduction(self) -> u32 {
        match self {
            Scale::Whole => 1,
            Scale::Half => 2,
            Scale::Quarter => 4,
            Scale::Eighth => 8,
        }
    }
}

/// Pixels, top row first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Red, green and blue of each pixel: `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

/// Why a file cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Of a variety that hardly anything writes.
    Rare(&'static str),
    /// Not in keeping with the standard before any of the picture.
    Damaged(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Error::Rare(reason) | Error::Damaged(reason)) = self;
        f.write_str(reason)
    }
}

impl std::error::Error for Error {}

/// More scans than any encoder writes; each of them may go over the whole picture.
const MOST_SCANS: usize = 100;

/// More EXIF segments than any program writes.
const MOST_EXIF: usize = 10;

impl<'a> Jpeg<'a> {
    /// Reads what stands before the picture. Takes no memory for pixels.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn open(file: &'a [u8]) -> Result<Self, Error> {
        let mut segments = Segments::new(file);
        let mut tables = Tables::default();
        let mut frame = None;
        let mut hints = colour::Hints::default();
        let mut exif = Vec::new();
        let scan = loop {
            match segments.next().ok_or(Error::Damaged("it ends before the picture"))? {
                (Marker::Frame(process), segment) => {
                    if frame.is_some() {
                        return Err(Error::Damaged("it has two frame headers"));
                    }
                    frame = Some(Frame::read(process, segment)?);
                }
                (Marker::Scan, segment) => break segment,
                (Marker::Application(number), segment) => {
                    hints.read(number, segment);
                    // The byte behind the zero is meant to be another, but some programs write what they like.
                    if let (1, Some([_, tiff @ ..])) = (number, segment.strip_prefix(b"Exif\0"))
                        && exif.len() < MOST_EXIF
                    {
                        exif.push(tiff);
                    }
                }
                (Marker::End, _) => return Err(Error::Damaged("it has no picture")),
                (marker, segment) => tables.read(marker, segment)?,
            }
        };
        let mut frame = frame.ok_or(Error::Damaged("it has no frame header"))?;
        let colour_space = hints.colour_space(&frame)?;
        if frame.height == 0 {
            frame.height = segments.number_of_lines().ok_or(Error::Damaged("it has no height"))?;
        }
        if !frame.progressive {
            tables.assume_usual();
        }
        Ok(Self { segments, tables, frame, colour_space, exif, scan })
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.frame.width as u32
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.frame.height as u32
    }

    /// How the file stores colours.
    pub fn colour_space(&self) -> ColourSpace {
        self.colour_space
    }

    /// The TIFF blocks of the file's EXIF segments, in their order.
    pub fn exif(&self) -> impl Iterator<Item = &'a [u8]> {
        self.exif.iter().copied()
    }

    /// The picture as stored, not turned, `[width / reduction, height / reduction]` pixels, rounded up.
    ///
    /// A file that is cut short or damaged behind its headers comes as far as it can be read: the rest is grey, or as
    /// coarse as the last scan left it. Takes three bytes a pixel of the result, and for files of several scans six
    /// bytes a pixel of the file's (two for grey ones, and a 64th of it for an eighth).
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if the first scan's header is wrong or nothing of the picture follows it.
    pub fn decode(self, scale: Scale) -> Result<Picture, Error> {
        if scale == Scale::Eighth && self.frame.means_suffice(self.colour_space) {
            self.decode_blocks::<1>(scale)
        } else {
            self.decode_blocks::<64>(scale)
        }
    }

    /// With the first `N` coefficients of each block.
    fn decode_blocks<const N: usize>(mut self, scale: Scale) -> Result<Picture, Error> {
        let frame = &self.frame;
        let mut quantisation = vec![None; frame.components.len()];
        let scan = Scan::new(self.scan, frame, &self.tables, &mut quantisation)?;
        if !self.segments.has_codes() {
            return Err(Error::Damaged("nothing of the picture is there"));
        }
        let mut painter = Painter::new::<N>(frame, self.colour_space, scale);
        let (mcus_across, mcus_down) = frame.mcus();
        let blocks = |mcus_down: usize| -> Vec<Blocks<N>> {
            let size = |part: &Component| Blocks::new(mcus_across * part.columns, mcus_down * part.rows);
            frame.components.iter().map(size).collect()
        };
        if !frame.progressive && scan.is_complete(frame) {
            // Each row of MCUs becomes pixels as soon as it has been read.
            scan.read(&mut self.segments, &mut blocks(1), |row| {
                painter.paint(row, &quantisation);
                row.iter_mut().for_each(Blocks::clear);
            });
            return Ok(painter.picture);
        }
        let mut blocks = blocks(mcus_down);
        scan.read(&mut self.segments, &mut blocks, |_| ());
        let mut scans = 1;
        // From here on what is wrong ends the reading, and the picture is what has been read.
        while let Some((marker, segment)) = self.segments.next() {
            match marker {
                Marker::Scan if scans < MOST_SCANS => {
                    let scan = Scan::new(segment, frame, &self.tables, &mut quantisation);
                    let Ok(scan) = scan else { break };
                    scan.read(&mut self.segments, &mut blocks, |_| ());
                    scans += 1;
                }
                Marker::Frame(_) | Marker::Scan | Marker::End => break,
                marker if self.tables.read(marker, segment).is_err() => break,
                _ => {}
            }
        }
        for _ in 0..mcus_down {
            painter.paint(&blocks, &quantisation);
        }
        Ok(painter.picture)
    }
}
