//! One AV1 picture, decoded by rav1d.

use std::{mem::MaybeUninit, ptr::NonNull};

use re_rav1d::{
    Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Plane, Settings,
    include::dav1d::headers::Dav1dSequenceHeader, src::lib::dav1d_parse_sequence_header,
};

use super::container::Coding;

/// A decoded picture: a luma plane and, unless it is grey, two chroma planes.
pub struct Frame {
    picture: Picture,
    planes: Vec<Plane>,
    /// As the AV1 data says.
    pub coding: Coding,
}

/// The resolution of the chroma planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chroma {
    /// There are none: 4:0:0.
    None,
    /// 4:2:0.
    Quarter,
    /// 4:2:2.
    Half,
    /// 4:4:4.
    Full,
}

/// The samples of one row of a plane.
#[derive(Clone, Copy)]
pub enum Samples<'a> {
    Bytes(&'a [u8]),
    /// Samples of 10 or 12 bits, two bytes each.
    Words(&'a [[u8; 2]]),
}

impl Samples<'_> {
    pub fn get(self, x: usize) -> f32 {
        match self {
            Samples::Bytes(row) => row[x].into(),
            Samples::Words(row) => u16::from_ne_bytes(row[x]).into(),
        }
    }
}

/// Decodes one item. A picture of more than `pixels` is refused before memory is allocated for it.
pub fn decode(item: &[u8], pixels: u32) -> Result<Frame, Error> {
    let mut settings = Settings::new();
    // The command line decodes several photos at once instead. With several threads here, the decoder would wait for one that
    // had panicked.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    // Of a layered picture, only the last layer is wanted: it is complete.
    settings.set_all_layers(false);
    settings.set_frame_size_limit(pixels);
    let mut decoder = Decoder::with_settings(&settings)?;
    let mut sent = decoder.send_data(item.to_vec(), None, None, None);
    let mut last = None;
    // The decoder takes no more data until its picture has been fetched.
    while let Ok(picture) = decoder.get_picture() {
        last = Some(picture);
        if sent == Err(Error::Again) {
            sent = decoder.send_pending_data();
        }
    }
    sent?;
    let picture = last.map_or_else(|| decoder.get_picture(), Ok)?;
    Ok(Frame::new(picture, coding(item).ok_or(Error::InvalidArgument)?))
}

/// The coding of colours in the sequence header. (The picture's own methods do not return reserved numbers.)
fn coding(item: &[u8]) -> Option<Coding> {
    let mut header = MaybeUninit::<Dav1dSequenceHeader>::uninit();
    // SAFETY: it reads no more than `item.len()` bytes, and has filled the header if it returns 0.
    let header = unsafe {
        let to = NonNull::from(&mut header).cast();
        let read = dav1d_parse_sequence_header(Some(to), Some(NonNull::from(item).cast()), item.len());
        (read.0 == 0).then(|| header.assume_init_ref())?
    };
    Some(Coding { matrix: header.mtrx as u16, is_full_range: header.color_range != 0 })
}

impl Frame {
    fn new(picture: Picture, coding: Coding) -> Self {
        use PlanarImageComponent::{U, V, Y};
        let planes = if picture.pixel_layout() == PixelLayout::I400 { &[Y][..] } else { &[Y, U, V] };
        Self { planes: planes.iter().map(|plane| picture.plane(*plane)).collect(), picture, coding }
    }

    pub fn width(&self) -> usize {
        self.picture.width() as usize
    }

    pub fn height(&self) -> usize {
        self.picture.height() as usize
    }

    /// Bits per sample: 8, 10 or 12.
    pub fn depth(&self) -> u32 {
        self.picture.bit_depth() as u32
    }

    pub fn chroma(&self) -> Chroma {
        match self.picture.pixel_layout() {
            PixelLayout::I400 => Chroma::None,
            PixelLayout::I420 => Chroma::Quarter,
            PixelLayout::I422 => Chroma::Half,
            PixelLayout::I444 => Chroma::Full,
        }
    }

    /// A row of the luma plane (0) or a chroma plane (1 or 2). It may be longer than the picture is wide.
    ///
    /// # Panics
    ///
    /// If the picture has no such plane or row.
    pub fn row(&self, plane: usize, y: usize) -> Samples<'_> {
        let component = if plane == 0 { PlanarImageComponent::Y } else { PlanarImageComponent::U };
        let stride = self.picture.stride(component) as usize;
        let row = &self.planes[plane][y * stride..][..stride];
        if self.depth() == 8 { Samples::Bytes(row) } else { Samples::Words(row.as_chunks().0) }
    }
}
