//! JPEG files → RGB pixels, whole or reduced to a half, a quarter or an eighth while they are decoded.
//!
//! One decoder for all four scales, so that a file shows the same picture at each. Where the standard leaves a choice, it
//! is libjpeg-turbo's, and so that of browsers: how colours are stored ([`ColourSpace`]), which tables replace missing
//! Huffman tables, how decoding resumes after damage. The pixels are those of libjpeg-turbo's accurate integer transform
//! with "fancy" upsampling.
//!
//! A file passes through these modules:
//!
//! - `segments` finds the markers and reads the tables and headers between them;
//! - `scan` decodes the entropy-coded blocks, with the tables of `huffman`;
//! - `picture` turns them into pixels, with `idct`, `upsample` and `colour`.
//!
//! A JPEG stores blocks of 8 × 8 samples as 64 frequency coefficients. A pixel of a reduced picture is the mean of the
//! 2 × 2, 4 × 4 or 8 × 8 pixels that it replaces, and needs only the low frequencies. A block's mean is its DC coefficient;
//! for an eighth, the 63 AC coefficients are skipped, which takes a fraction of the time.
//!
//! Baseline, extended sequential and progressive files with 8 bits a sample and Huffman coding are supported. Arithmetic
//! coding, 12 bits, lossless and hierarchical files are not: hardly any program writes or shows those.
//!
//! Annexes, tables, figures and the names of variables are those of ITU-T T.81 (ISO/IEC 10918-1).

mod colour;
mod error;
mod frame;
mod huffman;
mod idct;
mod lanes;
mod picture;
mod scan;
mod segments;
mod upsample;

pub use colour::ColourSpace;
pub use error::Error;
use frame::{Component, Frame};
use picture::Painter;
pub use picture::{Picture, Scale};
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

/// More scans than any encoder writes. The limit bounds the time, since each scan may cover the whole picture.
const MAX_SCANS: usize = 100;

/// More EXIF segments than any program writes.
const MAX_EXIF: usize = 10;

impl<'a> Jpeg<'a> {
    /// Reads everything before the first scan. Allocates no memory for pixels.
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
                    // The byte after the zero should be zero, too, but some programs write anything there.
                    if let (1, Some([_, tiff @ ..])) = (number, segment.strip_prefix(b"Exif\0"))
                        && exif.len() < MAX_EXIF
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
            tables.assume_standard_huffman();
        }
        Ok(Self { segments, tables, frame, colour_space, exif, scan })
    }

    /// In pixels, as stored.
    pub fn width(&self) -> u32 {
        self.frame.width as u32
    }

    /// In pixels, as stored.
    pub fn height(&self) -> u32 {
        self.frame.height as u32
    }

    /// How the file stores colours.
    pub fn colour_space(&self) -> ColourSpace {
        self.colour_space
    }

    /// The TIFF data of the file's EXIF segments, in their order.
    pub fn exif(&self) -> impl Iterator<Item = &'a [u8]> {
        self.exif.iter().copied()
    }

    /// The picture as stored, not turned: `width / reduction` by `height / reduction` pixels, rounded up.
    ///
    /// A file that is cut short or damaged after its headers is decoded as far as possible: the rest is grey, or as coarse
    /// as the last scan left it. Takes three bytes for each pixel of the result. Files of several scans take another six
    /// bytes for each pixel of the file (two if it is grey; a 64th of that for an eighth).
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if the first scan's header is wrong, or no data follow it.
    pub fn decode(self, scale: Scale) -> Result<Picture, Error> {
        if scale == Scale::Eighth && self.dc_suffices() {
            self.decode_blocks::<1>(scale)
        } else {
            self.decode_blocks::<64>(scale)
        }
    }

    /// Whether an eighth can be decoded from DC coefficients alone: each component has a block for each pixel, or at least one
    /// for 2 × 2 pixels if it is chrominance.
    fn dc_suffices(&self) -> bool {
        let frame = &self.frame;
        frame.components.iter().enumerate().all(|(index, component)| {
            let most = if self.colour_space == ColourSpace::YCbCr && index > 0 { 2 } else { 1 };
            most * component.h >= frame.h_max && most * component.v >= frame.v_max
        })
    }

    /// Decodes from the first `N` coefficients of each block.
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
            let size =
                |component: &Component| Blocks::new(mcus_across * component.h, mcus_down * component.v);
            frame.components.iter().map(size).collect()
        };
        if !frame.progressive && scan.is_complete(frame) {
            // One scan has everything: each row of MCUs is painted as soon as it has been read.
            scan.read(&mut self.segments, &mut blocks(1), |row| {
                painter.paint(row, &quantisation);
                row.iter_mut().for_each(Blocks::clear);
            });
            return Ok(painter.picture);
        }
        let mut blocks = blocks(mcus_down);
        scan.read(&mut self.segments, &mut blocks, |_| ());
        let mut scans = 1;
        // From here on an error only ends the decoding: the picture is what has been read so far.
        while let Some((marker, segment)) = self.segments.next() {
            match marker {
                Marker::Scan if scans < MAX_SCANS => {
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
