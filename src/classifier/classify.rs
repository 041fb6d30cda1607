use std::{
    panic::{self, AssertUnwindSafe},
    time::Duration,
};

use web_time::Instant;

use super::{
    Answer, ClassMap, ClassifyError, Fault, InferenceError, Milliseconds, ModelError, ModelInfo, decide,
    onnx::{self, Network, NetworkOutput},
    preprocess::normalise,
};
use crate::photo::{self, Format, Limits, Photo, Placement, to_square};

/// A network that is ready to answer. It remembers nothing of the photos it has seen, so one can serve several threads.
pub struct Classifier {
    info: ModelInfo,
    network: Network,
}

impl Classifier {
    /// Reads an ONNX file, checks that this program can use it, and optimises it. Bytes that are passed by value are freed before
    /// the network is built.
    ///
    /// # Errors
    ///
    /// See [`ModelError`]: the file is too large or not ONNX; or all its [faults](Fault), in metadata, shapes and operators.
    pub fn from_onnx(bytes: impl AsRef<[u8]>) -> Result<Self, ModelError> {
        ModelInfo::check_bytes(bytes.as_ref().len() as u64)?;
        // tract's loader asserts some things that a file may break. (In a browser that ends the worker, and the page says so.)
        panic::catch_unwind(AssertUnwindSafe(|| Self::load(bytes)))
            .unwrap_or_else(|_| Err(ModelError::Unfit(vec![Fault::Panicked])))
    }

    fn load(bytes: impl AsRef<[u8]>) -> Result<Self, ModelError> {
        let proto = onnx::parse(bytes.as_ref())?;
        drop(bytes);
        let (info, shapes) =
            ModelInfo::read(proto.metadata_props.iter().map(|entry| (&*entry.key, &*entry.value)));
        match (info, onnx::read(proto, &shapes)) {
            (Ok(info), Ok(graph)) => Ok(Self { info, network: Network::new(graph)? }),
            (info, graph) => {
                let faults = [info.err(), graph.err()].into_iter().flatten().flatten();
                Err(ModelError::Unfit(faults.collect()))
            }
        }
    }

    /// What the model file says about itself.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Answers an upright photo. `decoding`: how long it took to decode it, for [`Milliseconds::decode`].
    ///
    /// # Errors
    ///
    /// [`ClassifyError::Inference`] if the photo has no pixels or the network's output is not a number.
    pub fn classify(&self, photo: &Photo, decoding: Duration) -> Result<Answer, ClassifyError> {
        let start = Instant::now();
        let (output, placement) = self.run(photo)?;
        let class_map = ClassMap::new(output.class_map(decide::best(&output.logits)), output.grid, placement);
        let milliseconds =
            Milliseconds { decode: milliseconds(decoding), infer: milliseconds(start.elapsed()) };
        let size = (photo.width, photo.height);
        let prediction = decide::prediction(&self.info, &output.logits, size, milliseconds);
        Ok(Answer { prediction, class_map, preview: None })
    }

    /// Decodes a file and answers it.
    ///
    /// # Errors
    ///
    /// [`ClassifyError::Photo`] if the file is not accepted as a photo; else as [`classify`](Self::classify).
    pub fn classify_bytes(&self, bytes: &[u8], limits: &Limits) -> Result<Answer, ClassifyError> {
        let format = photo::accept(bytes.len() as u64, bytes, limits)?;
        self.classify_as(format, bytes, limits)
    }

    /// Decodes a file of a format that was [accepted](photo::accept), as far as the network needs it, and answers it.
    ///
    /// # Errors
    ///
    /// As [`classify_bytes`](Self::classify_bytes).
    pub fn classify_as(
        &self,
        format: Format,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Answer, ClassifyError> {
        let start = Instant::now();
        let min_size = self.info.resize.min_size(self.info.input_size);
        let photo = photo::decode_as(format, bytes, limits, Some(min_size))?;
        self.classify(&photo, start.elapsed())
    }

    /// The network's own output for an upright photo: a logit for each of [`ModelInfo::labels`], not calibrated.
    ///
    /// # Errors
    ///
    /// As [`classify`](Self::classify).
    pub fn logits(&self, photo: &Photo) -> Result<Vec<f32>, ClassifyError> {
        Ok(self.run(photo)?.0.logits)
    }

    /// The same for [normalised](super::normalise) pixels, `[3, side, side]`.
    ///
    /// # Errors
    ///
    /// As [`classify`](Self::classify); also if the number of pixels is wrong.
    pub fn logits_of_pixels(&self, pixels: &[f32]) -> Result<Vec<f32>, ClassifyError> {
        Ok(self.network.run(pixels)?.logits)
    }

    fn run(&self, photo: &Photo) -> Result<(NetworkOutput, Placement), ClassifyError> {
        if photo.pixels.is_empty() {
            return Err(InferenceError::NoPixels.into());
        }
        let (square, placement) = to_square(photo, self.info.input_size, self.info.resize);
        let output = self.network.run(&normalise(&square, self.info.mean, self.info.std))?;
        Ok((output, placement))
    }
}

/// As in [`Milliseconds`]: to the thousandth, which is finer than any browser's clock. More digits would only swell the JSON.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
