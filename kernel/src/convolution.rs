//! Convolutions, each by the method that suits its window.

use crate::{
    depthwise::Depthwise,
    epilogue::{Epilogue, Output},
    im2col::Im2col,
    window::Window,
    winograd::Winograd,
};

/// With fewer input channels, Winograd's transforms cost what its multiplications save.
const MIN_WINOGRAD_CHANNELS: usize = 16;

/// Which input channels an output channel is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// From all of them; how many there are.
    All(usize),
    /// From the one with the same number (a depthwise convolution).
    Depthwise,
}

/// A convolution without dilation, over all channels or depthwise, with its weights packed.
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
    /// `bias`: one number for each output channel, at least one. `weigh(channel, weights)` writes the weights of an output
    /// channel: `[inputs, rows, columns]`, or `[rows, columns]` for [`Channels::Depthwise`]. It is called once for each
    /// channel, so that weights stored in another type need not all be in memory as floats at the same time.
    pub fn new(
        channels: Channels,
        window: Window,
        bias: &[f32],
        weigh: impl FnMut(usize, &mut [f32]),
    ) -> Self {
        let outputs = bias.len();
        let (inputs, method) = match channels {
            Channels::All(inputs) if window == Window::THREE && inputs >= MIN_WINOGRAD_CHANNELS => {
                (inputs, Method::Winograd(Winograd::new(inputs, bias, weigh)))
            }
            Channels::All(inputs) => (inputs, Method::Im2col(Im2col::new(inputs, window, bias, weigh))),
            Channels::Depthwise => (outputs, Method::Depthwise(Depthwise::new(window, bias, weigh))),
        };
        Self { window, inputs, outputs, method }
    }

    /// Number of output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Its geometry.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Convolves `input` `[inputs, height, width]`, of `size` `[height, width]`, into `output` `[outputs, rows, columns]`, whose
    /// size is that of [`Window::output_size`].
    ///
    /// # Panics
    ///
    /// `input`, `output` or the residual has another length, or the picture is smaller than the window.
    pub fn run(&self, input: &[f32], size: [usize; 2], epilogue: Epilogue, output: &mut [f32]) {
        let [rows, columns] = self.window.output_size(size).expect("a picture larger than the window");
        assert_eq!(input.len(), self.inputs * size[0] * size[1], "length of the input");
        assert_eq!(output.len(), self.outputs * rows * columns, "length of the output");
        let output = Output::new(output, epilogue);
        match &self.method {
            Method::Winograd(winograd) => winograd.run(input, size, output),
            Method::Im2col(im2col) => im2col.run(input, size, output),
            Method::Depthwise(depthwise) => depthwise.run(input, size, output),
        }
    }
}
