//! The geometry of a convolution.

/// The window of a convolution: which pixels each output pixel is computed from. `[vertical, horizontal]`, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns.
    pub size: [usize; 2],
    /// Distance from one output pixel's window to the next.
    pub stride: [usize; 2],
    /// Padding: rows of zeros above and columns of zeros left of the picture.
    pub before: [usize; 2],
    /// Padding below and right of the picture.
    pub after: [usize; 2],
}

impl Window {
    /// 3 × 3, stride 1, padding 1: the window of Winograd's method.
    pub(crate) const THREE: Self = Self { size: [3; 2], stride: [1; 2], before: [1; 2], after: [1; 2] };

    /// Rows and columns of the output for a picture of `[rows, columns]`; `None` if the window does not fit into it.
    pub fn output_size(&self, picture: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let padded = picture[axis].checked_add(self.before[axis])?.checked_add(self.after[axis])?;
            Some(padded.checked_sub(self.size[axis])?.checked_div(self.stride[axis])? + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// Whether the window fits into a picture of that size, with padding narrower than the window and a stride no longer than
    /// the picture. The memory that a convolution takes is then in proportion to its input and output.
    pub fn supports(&self, picture: [usize; 2]) -> bool {
        let is_narrow =
            |padding: [usize; 2]| padding.iter().zip(self.size).all(|(padding, size)| *padding < size);
        let is_short = self.stride.iter().zip(picture).all(|(stride, picture)| *stride <= picture);
        self.output_size(picture).is_some() && is_narrow(self.before) && is_narrow(self.after) && is_short
    }

    /// Pixels in the window.
    pub(crate) fn area(&self) -> usize {
        self.size[0] * self.size[1]
    }
}
