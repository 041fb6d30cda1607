//! Convolutions, each done in the way that suits its window.

use crate::{depthwise::Depthwise, im2col::Im2col, lanes::F32x4, winograd::Winograd};

/// With fewer input channels Winograd's transforms cost what its multiplications save.
const LEAST_CHANNELS: usize = 16;

/// The window of a convolution: what of the picture one result is computed from, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns, in pixels.
    pub size: [usize; 2],
    /// From one result to the next, in pixels.
    pub stride: [usize; 2],
    /// Rows of zeros above and columns of zeros left of the picture.
    pub before: [usize; 2],
    /// The same below and right of it.
    pub after: [usize; 2],
}

impl Window {
    /// The one that [`Winograd`] knows.
    pub(crate) const THREE: Self = Self { size: [3; 2], stride: [1; 2], before: [1; 2], after: [1; 2] };

    /// Rows and columns of what is made of a picture of so many, if the window fits into it.
    pub fn results(&self, picture: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let places = picture[axis].checked_add(self.before[axis])?.checked_add(self.after[axis])?;
            Some(places.checked_sub(self.size[axis])?.checked_div(self.stride[axis])? + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// Whether it fits into a picture of that size, no border is as wide as it, and no step longer than the picture: memory
    /// is then in proportion to picture and results.
    pub fn suits(&self, picture: [usize; 2]) -> bool {
        let is_narrow =
            |border: [usize; 2]| border.iter().zip(self.size).all(|(border, size)| *border < size);
        let is_short = self.stride.iter().zip(picture).all(|(stride, picture)| *stride <= picture);
        self.results(picture).is_some() && is_narrow(self.before) && is_narrow(self.after) && is_short
    }

    pub(crate) fn area(&self) -> usize {
        self.size[0] * self.size[1]
    }
}

/// Which input channels an output channel is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// From all, of which there are so many.
    All(usize),
    /// From its own.
    Each,
}

/// What is done to the sums before they are stored, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a> {
    /// Is added: as many numbers as there are results, in their order.
    pub plus: Option<&'a [f32]>,
    /// No result is less: 0 makes it a ReLU, minus infinity leaves all as they are.
    pub least: f32,
}

/// A convolution, without dilation, over all channels or of each by itself, with its weights packed.
pub struct Convolution {
    window: Window,
    inputs: usize,
    outputs: usize,
    method: Method,
}

enum Method {
    Winograd(Winograd),
    Im2col(Im2col),
    Depthwise(Depthwise),
}

impl Convolution {
    /// `bias`: of each output channel; there is at least one. `weigh` writes the weights of an output channel, `[inputs, rows,
    /// columns]`, or `[rows, columns]` where there are but those of [`Channels::Each`]; it is asked for each once. So they need
    /// not all be in memory as floats once more.
    pub fn new(
        channels: Channels,
        window: Window,
        bias: &[f32],
        weigh: impl FnMut(usize, &mut [f32]),
    ) -> Self {
        let outputs = bias.len();
        let (inputs, method) = match channels {
            Channels::All(inputs) if window == Window::THREE && inputs >= LEAST_CHANNELS => {
                (inputs, Method::Winograd(Winograd::new(inputs, bias, weigh)))
            }
            Channels::All(inputs) => (inputs, Method::Im2col(Im2col::new(inputs, window, bias, weigh))),
            Channels::Each => (outputs, Method::Depthwise(Depthwise::new(window, bias, weigh))),
        };
        Self { window, inputs, outputs, method }
    }

    /// How many output channels there are.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How it moves over a picture.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Convolves `input` `[inputs, height, width]` into `output` `[outputs, rows, columns]`, as [`Window::results`] has it.
    ///
    /// # Panics
    ///
    /// `input`, `output` or what is added is not that long, or the picture is smaller than the window.
    pub fn run(&self, input: &[f32], size: [usize; 2], finish: Finish, output: &mut [f32]) {
        let [rows, columns] = self.window.results(size).expect("a picture larger than the window");
        assert_eq!(input.len(), self.inputs * size[0] * size[1], "numbers of the picture");
        assert_eq!(output.len(), self.outputs * rows * columns, "numbers of the result");
        assert!(finish.plus.is_none_or(|plus| plus.len() == output.len()), "numbers to be added");
        let results = Results { output, finish };
        match &self.method {
            Method::Winograd(winograd) => winograd.run(input, size, results),
            Method::Im2col(im2col) => im2col.run(input, size, results),
            Method::Depthwise(depthwise) => depthwise.run(input, size, results),
        }
    }
}

/// Where results go.
pub(crate) struct Results<'a> {
    output: &'a mut [f32],
    finish: Finish<'a>,
}

impl Results<'_> {
    /// Four from that place on.
    #[inline(always)]
    pub fn put_four(&mut self, at: usize, mut four: F32x4) {
        if let Some(plus) = self.finish.plus {
            let plus = &plus[at..][..4];
            // SAFETY: four there are.
            four = four.plus(unsafe { F32x4::load(plus.as_ptr()) });
        }
        let to = &mut self.output[at..][..4];
        // SAFETY: four there are.
        unsafe { four.at_least(F32x4::splat(self.finish.least)).store(to.as_mut_ptr()) };
    }

    /// One. What is no number stays so.
    #[inline(always)]
    pub fn put(&mut self, at: usize, value: f32) {
        let value = value + self.finish.plus.map_or(0.0, |plus| plus[at]);
        self.output[at] = if value < self.finish.least { self.finish.least } else { value };
    }
}
