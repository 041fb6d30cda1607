use std::panic::{self, AssertUnwindSafe};

use web_time::Instant;

use super::{
    Answer, ClassMap, ClassifyError, Fault, ModelError, ModelInfo, Placement, decide,
    network::{self, Network, Output},
    preprocess::{least, normalise, to_square},
};
use crate::photo::{self, Limits, Photo};

/// A network that is ready to answer. It keeps no memory of the photos it has seen, so that one can serve
/// several threads.
pub struct Classifier {
    info: ModelInfo,
    network: Network,
}

impl Classifier {
    /// Reads an ONNX file, checks that it is one that this program can use, and optimises it. Bytes that are given away are
    /// gone before the network takes its room.
    ///
    /// # Errors
    ///
    /// See [`ModelError`]: the file is too large or no ONNX file; or all its [faults](Fault), in its metadata, shapes and
    /// operators.
    pub fn from_onnx(bytes: impl AsRef<[u8]>) -> Result<Self, ModelError> {
        ModelInfo::check_bytes(bytes.as_ref().len() as u64)?;
        // tract's loader asserts in places what a file may not keep to. (In a browser that ends the worker, and the
        // page says so.)
        panic::catch_unwind(AssertUnwindSafe(|| Self::load(bytes))).unwrap_or_else(|_| {
            Err(ModelError::Unfit(vec![Fault::Broken { reason: "they do not fit together".into() }]))
        })
    }

    fn load(bytes: impl AsRef<[u8]>) -> Result<Self, ModelError> {
        let proto = network::parse(bytes.as_ref())?;
        drop(bytes);
        let (info, shapes) =
            ModelInfo::read(proto.metadata_props.iter().map(|entry| (&*entry.key, &*entry.value)));
        match (info, network::read(proto, &shapes)) {
            (Ok(info), Ok(graph)) => Ok(Self { info, network: Network::new(graph)? }),
            (info, graph) => {
                let faults = [info.err(), graph.err()].into_iter().flatten().flatten();
                Err(ModelError::Unfit(faults.collect()))
            }
        }
    }

    /// What the model file says of itself.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Answers an upright photo. [`Milliseconds::decode`](super::Milliseconds::decode) is 0, since nothing was decoded here.
    ///
    /// # Errors
    ///
    /// [`ClassifyError::Inference`] if the photo has no pixels or the network yields what is not a number.
    pub fn classify(&self, photo: &Photo) -> Result<Answer, ClassifyError> {
        let start = Instant::now();
        let (output, placement) = self.run(photo)?;
        let class_map = |label: usize| ClassMap::new(output.class_map(label), output.grid, placement);
        let mut answer = decide::answer(&self.info, &output.logits, class_map);
        answer.prediction.width = photo.width;
        answer.prediction.height = photo.height;
        answer.prediction.milliseconds.infer = milliseconds_since(start);
        Ok(answer)
    }

    /// Decodes a file and answers it.
    ///
    /// # Errors
    ///
    /// [`ClassifyError::Photo`] if the file is not accepted as a photo, else as [`classify`](Self::classify).
    pub fn classify_bytes(&self, bytes: &[u8], limits: &Limits) -> Result<Answer, ClassifyError> {
        let start = Instant::now();
        let photo = self.decode(bytes, limits)?;
        let decode = milliseconds_since(start);
        let mut answer = self.classify(&photo)?;
        answer.prediction.milliseconds.decode = decode;
        Ok(answer)
    }

    /// Decodes a file as far as this network needs it.
    ///
    /// # Errors
    ///
    /// See [`photo::decode`].
    pub fn decode(&self, bytes: &[u8], limits: &Limits) -> Result<Photo, photo::Error> {
        photo::decode_reduced(bytes, limits, least(self.info.input_size, self.info.resize))
    }

    /// What the network itself says of an upright photo: a logit for each of [`ModelInfo::labels`], not calibrated.
    ///
    /// # Errors
    ///
    /// As [`classify`](Self::classify).
    pub fn logits(&self, photo: &Photo) -> Result<Vec<f32>, ClassifyError> {
        Ok(self.run(photo)?.0.logits)
    }

    /// What the network itself says of its input, `[3, side, side]` [normalised](super::normalise) pixels.
    ///
    /// # Errors
    ///
    /// As [`classify`](Self::classify); also if there are more or fewer pixels.
    pub fn logits_of_pixels(&self, pixels: &[f32]) -> Result<Vec<f32>, ClassifyError> {
        Ok(self.network.run(pixels)?.logits)
    }

    fn run(&self, photo: &Photo) -> Result<(Output, Placement), ClassifyError> {
        if photo.pixels.is_empty() {
            return Err(ClassifyError::Inference("the photo has no pixels".into()));
        }
        let (square, placement) = to_square(photo, self.info.input_size, self.info.resize);
        let output = self.network.run(&normalise(&square, self.info.mean, self.info.std))?;
        Ok((output, placement))
    }
}

/// As they stand in [`Milliseconds`](super::Milliseconds).
pub fn milliseconds_since(start: Instant) -> f64 {
    // Thousandths are finer than any browser's clock; more digits would only swell the JSON.
    (start.elapsed().as_secs_f64() * 1e6).round() / 1e3
}
