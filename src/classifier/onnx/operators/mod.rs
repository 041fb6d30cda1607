//! The ONNX operators that can be read: a function each, registered by name in one table.
//!
//! `operators.json` lists the same names, with the limits on their use. A test compares the two.

mod constants;
mod elementwise;
mod products;
mod reductions;
mod shapes;
#[cfg(test)]
mod tests;
mod windows;

use tract_onnx::{
    pb::NodeProto,
    prelude::TractResult,
    tract_core::ops::{math, nn},
};

use super::reader::{GraphReader, Value};

/// Adds a node to the model and returns its first output. Further outputs are left with the reader.
pub type Operator = for<'a> fn(&mut GraphReader<'a>, &'a NodeProto) -> TractResult<Value>;

const OPERATORS: &[(&str, Operator)] = &[
    ("Add", |reader, node| reader.binary(node, math::add())),
    ("AveragePool", windows::average_pool),
    ("BatchNormalization", reductions::batch_normalization),
    ("Clip", elementwise::clip),
    ("Concat", shapes::concat),
    ("Constant", constants::constant),
    ("Conv", windows::conv),
    ("DequantizeLinear", constants::dequantize_linear),
    ("Div", |reader, node| reader.binary(node, math::div())),
    ("Dropout", constants::identity),
    ("Erf", |reader, node| reader.unary(node, math::erf())),
    ("Flatten", shapes::flatten),
    ("Gelu", elementwise::gelu),
    ("Gemm", products::gemm),
    ("GlobalAveragePool", reductions::global_average_pool),
    ("HardSigmoid", elementwise::hard_sigmoid),
    ("HardSwish", |reader, node| reader.unary(node, nn::hard_swish())),
    ("Identity", constants::identity),
    ("LayerNormalization", reductions::layer_normalization),
    ("LeakyRelu", elementwise::leaky_relu),
    ("MatMul", products::mat_mul),
    ("MaxPool", windows::max_pool),
    ("Mul", |reader, node| reader.binary(node, math::mul())),
    ("Pad", shapes::pad),
    ("Pow", elementwise::pow),
    ("ReduceL2", reductions::reduce_l2),
    ("ReduceMean", reductions::reduce_mean),
    ("ReduceSum", reductions::reduce_sum),
    ("Relu", elementwise::relu),
    ("Reshape", shapes::reshape),
    ("Sigmoid", |reader, node| reader.unary(node, nn::sigmoid())),
    ("Slice", shapes::slice),
    ("Softmax", reductions::softmax),
    ("Split", shapes::split),
    ("Sqrt", |reader, node| reader.unary(node, math::sqrt())),
    ("Squeeze", shapes::squeeze),
    ("Sub", |reader, node| reader.binary(node, math::sub())),
    ("Tanh", |reader, node| reader.unary(node, math::tanh())),
    ("Transpose", shapes::transpose),
    ("Unsqueeze", shapes::unsqueeze),
];

/// The operator of that name; `None` if it cannot be read.
pub fn named(name: &str) -> Option<Operator> {
    OPERATORS.iter().find(|(known, _)| *known == name).map(|&(_, operator)| operator)
}
