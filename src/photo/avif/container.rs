//! The boxes of an AVIF file: where its coded pictures are, and how they make up the one that is shown.
//!
//! Section numbers refer to HEIF (ISO/IEC 23008-12:2022) or, after "BMFF", to its base (ISO/IEC 14496-12).

use std::borrow::Cow;

/// The picture that an AVIF file shows.
pub struct Container<'a> {
    pub colour: Coded<'a>,
    pub alpha: Option<Coded<'a>>,
    /// Whether the colours are multiplied by alpha.
    pub is_premultiplied: bool,
    /// The coding of colours, if the boxes say it. It takes precedence over the coded picture's own.
    pub coding: Option<Coding>,
    /// Anticlockwise quarter turns to apply, 0 to 3.
    pub quarters: u8,
    /// The mirroring to apply after that.
    pub mirror: Option<Mirror>,
}

/// A coded picture, in one piece or as a grid of tiles.
pub struct Coded<'a> {
    pub width: u32,
    pub height: u32,
    pub columns: u32,
    /// The coded tiles, row by row.
    pub tiles: Vec<Cow<'a, [u8]>>,
}

/// How colours are coded (ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    pub matrix: u16,
    pub is_full_range: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// Top and bottom are swapped.
    Vertical,
    /// Left and right are swapped.
    Horizontal,
}

/// Why a file cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AvifError {
    Damaged(&'static str),
    Rare(&'static str),
}

/// Something is missing or cut short.
const BROKEN: AvifError = AvifError::Damaged("its boxes are cut short or contradict each other");

/// Reads the boxes of a file.
///
/// # Errors
///
/// See [`AvifError`].
pub fn read(file: &[u8]) -> Result<Container<'_>, AvifError> {
    let mut boxes = BoxReader(file);
    let meta = std::iter::from_fn(|| boxes.next_box()).find(|each| each.kind == *b"meta").ok_or(BROKEN)?;
    let items = Items::read(file, meta.data).ok_or(BROKEN)?;
    items.container()
}

type FourCc = [u8; 4];

/// The file's items and how they relate (box `meta`).
struct Items<'a> {
    file: &'a [u8],
    primary: u32,
    kinds: Vec<(u32, FourCc)>,
    places: Vec<Place>,
    /// Kind of the reference, the item that refers, and those that it refers to.
    references: Vec<(FourCc, u32, Vec<u32>)>,
    properties: Vec<IsoBox<'a>>,
    /// An item, the number of its property (from 1), and whether the property is essential: without knowing it, the item must not be
    /// shown.
    associations: Vec<(u32, usize, bool)>,
    /// Data within the boxes (box `idat`).
    data: &'a [u8],
}

/// Where an item's bytes are.
struct Place {
    item: u32,
    is_in_boxes: bool,
    /// Offsets and lengths.
    extents: Vec<(u64, u64)>,
}

impl<'a> Items<'a> {
    fn read(file: &'a [u8], meta: &'a [u8]) -> Option<Self> {
        let mut items = Self {
            file,
            primary: 0,
            kinds: Vec::new(),
            places: Vec::new(),
            references: Vec::new(),
            properties: Vec::new(),
            associations: Vec::new(),
            data: &[],
        };
        let mut boxes = BoxReader(meta);
        boxes.full()?;
        while let Some(IsoBox { kind, data }) = boxes.next_box() {
            let mut inside = BoxReader(data);
            match &kind {
                b"pitm" => {
                    let (version, _) = inside.full()?;
                    items.primary = inside.id(version > 0)?;
                }
                b"iinf" => items.read_kinds(inside)?,
                b"iloc" => items.read_places(inside)?,
                b"iref" => items.read_references(inside)?,
                b"iprp" => {
                    while let Some(IsoBox { kind, data }) = inside.next_box() {
                        match &kind {
                            b"ipco" => {
                                let mut properties = BoxReader(data);
                                items.properties.extend(std::iter::from_fn(|| properties.next_box()));
                            }
                            b"ipma" => items.read_associations(BoxReader(data))?,
                            _ => {}
                        }
                    }
                }
                b"idat" => items.data = data,
                _ => {}
            }
        }
        Some(items)
    }

    /// Box `iinf`, BMFF 8.11.6.
    fn read_kinds(&mut self, mut infos: BoxReader) -> Option<()> {
        let (version, _) = infos.full()?;
        infos.number(if version == 0 { 2 } else { 4 })?;
        while let Some(IsoBox { data, .. }) = infos.next_box() {
            let mut info = BoxReader(data);
            let (version, _) = info.full()?;
            let item = info.id(version > 2)?;
            info.take(2)?;
            self.kinds.push((item, info.four()?));
        }
        Some(())
    }

    /// Box `iloc`, BMFF 8.11.3.
    fn read_places(&mut self, mut places: BoxReader) -> Option<()> {
        let (version, _) = places.full()?;
        let sizes = places.number(2)? as usize;
        let [offset, length, base, index] = [12, 8, 4, 0].map(|shift| sizes >> shift & 15);
        let index = if version > 0 { index } else { 0 };
        for _ in 0..places.id(version > 1)? {
            let item = places.id(version > 1)?;
            let method = if version > 0 { places.number(2)? & 15 } else { 0 };
            places.number(2)?;
            let base = places.number(base)?;
            let count = places.number(2)?;
            // An extent without a stated size is the whole file. Many of them would exhaust the memory.
            if offset + length + index == 0 && count > 1 {
                return None;
            }
            let mut extents = Vec::new();
            for _ in 0..count {
                places.number(index)?;
                extents.push((base.checked_add(places.number(offset)?)?, places.number(length)?));
            }
            // Method 2, data within other items, is not used by AVIF.
            if method < 2 {
                self.places.push(Place { item, is_in_boxes: method == 1, extents });
            }
        }
        Some(())
    }

    /// Box `iref`, BMFF 8.11.12.
    fn read_references(&mut self, mut references: BoxReader) -> Option<()> {
        let (version, _) = references.full()?;
        while let Some(IsoBox { kind, data }) = references.next_box() {
            let mut inside = BoxReader(data);
            let from = inside.id(version > 0)?;
            let count = inside.number(2)?;
            let to = (0..count).map(|_| inside.id(version > 0)).collect::<Option<_>>()?;
            self.references.push((kind, from, to));
        }
        Some(())
    }

    /// Box `ipma`, BMFF 8.11.14.
    fn read_associations(&mut self, mut entries: BoxReader) -> Option<()> {
        let (version, flags) = entries.full()?;
        let size = if flags & 1 == 1 { 2 } else { 1 };
        for _ in 0..entries.number(4)? {
            let item = entries.id(version > 0)?;
            for _ in 0..entries.number(1)? {
                let property = entries.number(size)? as usize;
                let essential = 1 << (8 * size - 1);
                self.associations.push((item, property & (essential - 1), property & essential != 0));
            }
        }
        Some(())
    }

    fn container(&self) -> Result<Container<'a>, AvifError> {
        let primary = self.primary;
        let colour = self.coded(primary)?;
        let is_alpha = |item: u32| {
            self.property(item, b"auxC").is_some_and(|data| {
                data.get(4..).is_some_and(|urn| {
                    urn.starts_with(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
                        || urn.starts_with(b"urn:mpeg:hevc:2015:auxid:1\0")
                })
            })
        };
        let alpha = self.references.iter().find_map(|(kind, from, to)| {
            (kind == b"auxl" && to.contains(&primary) && is_alpha(*from)).then_some(*from)
        });
        let premultiplied = |(kind, from, to): &(FourCc, u32, Vec<u32>)| {
            kind == b"prem" && *from == primary && Some(&to[..]) == alpha.as_ref().map(std::slice::from_ref)
        };
        let first = |kind| self.property(primary, kind).and_then(|data| data.first().copied());
        Ok(Container {
            alpha: alpha.map(|item| self.coded(item)).transpose()?,
            is_premultiplied: self.references.iter().any(premultiplied),
            coding: self.properties_of(primary).find_map(|property| coding(&property)),
            // Boxes `irot` and `imir`, 6.5.10 and 6.5.12.
            quarters: first(b"irot").map_or(0, |angle| angle & 3),
            mirror: first(b"imir")
                .map(|axis| if axis & 1 == 0 { Mirror::Vertical } else { Mirror::Horizontal }),
            colour,
        })
    }

    fn coded(&self, item: u32) -> Result<Coded<'a>, AvifError> {
        const KNOWN: [&FourCc; 13] = [
            b"ispe", b"pixi", b"av1C", b"colr", b"auxC", b"irot", b"imir", b"clap", b"pasp", b"clli",
            b"mdcv", b"a1lx", b"amve",
        ];
        let is_known = |number: usize| {
            self.properties
                .get(number.wrapping_sub(1))
                .is_some_and(|property| KNOWN.contains(&&property.kind))
        };
        if self
            .associations
            .iter()
            .any(|(of, number, essential)| *of == item && *essential && !is_known(*number))
        {
            return Err(AvifError::Rare("it has essential properties that are not known here"));
        }
        let (_, kind) = self.kinds.iter().find(|(number, _)| *number == item).ok_or(BROKEN)?;
        match kind {
            b"av01" => {
                let (width, height) = self.extent(item).ok_or(BROKEN)?;
                Ok(Coded { width, height, columns: 1, tiles: vec![self.data(item).ok_or(BROKEN)?] })
            }
            b"grid" => self.grid(item).ok_or(BROKEN),
            _ => Err(AvifError::Rare("what it shows is neither coded as AV1 nor a grid")),
        }
    }

    /// A grid of tiles, 6.6.2.3.
    fn grid(&self, item: u32) -> Option<Coded<'a>> {
        let data = self.data(item)?;
        let mut grid = BoxReader(&data);
        let flags = grid.number(2)? & 0xFF;
        let size = if flags & 1 == 1 { 4 } else { 2 };
        let (rows, columns) = (grid.number(1)? + 1, grid.number(1)? as u32 + 1);
        let (width, height) = (grid.number(size)? as u32, grid.number(size)? as u32);
        let (_, _, tiles) =
            self.references.iter().find(|(kind, from, _)| kind == b"dimg" && *from == item)?;
        let is_coded = |tile| self.kinds.contains(&(tile, *b"av01"));
        if tiles.len() as u64 != rows * u64::from(columns) || !tiles.iter().all(|&tile| is_coded(tile)) {
            return None;
        }
        let tiles = tiles.iter().map(|&tile| self.data(tile)).collect::<Option<_>>()?;
        Some(Coded { width, height, columns, tiles })
    }

    /// Width and height (box `ispe`), 6.5.3.
    fn extent(&self, item: u32) -> Option<(u32, u32)> {
        let mut extent = BoxReader(self.property(item, b"ispe")?);
        extent.full()?;
        Some((extent.number(4)? as u32, extent.number(4)? as u32))
    }

    fn properties_of(&self, item: u32) -> impl Iterator<Item = IsoBox<'a>> {
        let of_item = self.associations.iter().filter(move |(of, ..)| *of == item);
        of_item.filter_map(|(_, number, _)| self.properties.get(number.checked_sub(1)?).copied())
    }

    fn property(&self, item: u32, kind: &FourCc) -> Option<&'a [u8]> {
        self.properties_of(item).find(|property| property.kind == *kind).map(|property| property.data)
    }

    fn data(&self, item: u32) -> Option<Cow<'a, [u8]>> {
        let place = self.places.iter().find(|place| place.item == item)?;
        let within = if place.is_in_boxes { self.data } else { self.file };
        let part = |&(begin, length): &(u64, u64)| {
            let rest = within.get(usize::try_from(begin).ok()?..)?;
            if length == 0 { Some(rest) } else { rest.get(..usize::try_from(length).ok()?) }
        };
        match &place.extents[..] {
            [extent] => part(extent).map(Cow::Borrowed),
            extents => {
                let parts: Vec<_> = extents.iter().map(part).collect::<Option<_>>()?;
                // Overlapping parts could add up to any size.
                let total = parts.iter().try_fold(0usize, |sum, part| sum.checked_add(part.len()))?;
                (total <= self.file.len()).then(|| parts.concat().into())
            }
        }
    }
}

/// Box `colr`, 6.5.5. Kinds other than `nclx` are ICC profiles, which are ignored.
fn coding(property: &IsoBox) -> Option<Coding> {
    let mut data = BoxReader(property.data);
    if property.kind != *b"colr" || data.four()? != *b"nclx" {
        return None;
    }
    data.take(4)?;
    Some(Coding { matrix: data.number(2)? as u16, is_full_range: data.number(1)? & 0x80 != 0 })
}

/// A box (BMFF 4.2).
#[derive(Clone, Copy)]
struct IsoBox<'a> {
    kind: FourCc,
    data: &'a [u8],
}

#[derive(Clone, Copy)]
struct BoxReader<'a>(&'a [u8]);

impl<'a> BoxReader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        self.0.split_off(..count)
    }

    /// A big-endian number of up to 8 bytes.
    fn number(&mut self, bytes: usize) -> Option<u64> {
        (bytes <= 8).then_some(())?;
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn four(&mut self) -> Option<FourCc> {
        self.take(4)?.try_into().ok()
    }

    /// An item's number, or the number of items.
    fn id(&mut self, is_long: bool) -> Option<u32> {
        self.number(if is_long { 4 } else { 2 }).map(|id| id as u32)
    }

    /// Version and flags, at the start of many boxes.
    fn full(&mut self) -> Option<(u64, u64)> {
        Some((self.number(1)?, self.number(3)?))
    }

    /// `None` at the end, and if the box is cut short.
    fn next_box(&mut self) -> Option<IsoBox<'a>> {
        let mut rest = *self;
        let length = rest.number(4)?;
        let kind = rest.four()?;
        let length = match length {
            0 => self.0.len() as u64,
            1 => rest.number(8)?,
            _ => length,
        };
        let head = self.0.len() - rest.0.len();
        let data = rest.take(usize::try_from(length).ok()?.checked_sub(head)?)?;
        self.0 = rest.0;
        Some(IsoBox { kind, data })
    }
}
