//! Matrix products.

use tract_onnx::{
    pb::NodeProto,
    prelude::{Datum, OutletId, TractResult},
    tract_core::{
        internal::{AxesMapping, ensure},
        ops::{change_axes::wire_rank_broadcast, einsum::EinSum, math},
    },
};

use crate::classifier::onnx::reader::{GraphReader, Value, name_of};

/// `alpha × A × B + beta × C`, with A and B transposed where the node says so.
pub fn gemm(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let (alpha, beta) =
        (node.get_attr_opt("alpha")?.unwrap_or(1.0), node.get_attr_opt("beta")?.unwrap_or(1.0));
    let transposed = |name| TractResult::Ok(node.get_attr_opt::<i64>(name)?.unwrap_or(0) != 0);
    let inputs = [reader.input(node, 0)?, reader.input(node, 1)?];
    let mut wire =
        product(reader, &format!("{name}.product"), inputs, transposed("transA")?, transposed("transB")?)?;
    if alpha != 1.0 {
        wire = reader.with_number(&format!("{name}.alpha"), math::mul(), wire, alpha)?;
    }
    if reader.has(node, 2) {
        let mut addend = reader.input(node, 2)?;
        if beta != 1.0 {
            addend = reader.with_number(&format!("{name}.beta"), math::mul(), addend, beta)?;
        }
        wire = reader.broadcast(name, math::add(), &[wire, addend])?;
    }
    Ok(wire.into())
}

pub fn mat_mul(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let inputs = [reader.input(node, 0)?, reader.input(node, 1)?];
    product(reader, name_of(node), inputs, false, false).map(Value::Wire)
}

/// The product of matrices, which are the last two axes of each input.
fn product(
    reader: &mut GraphReader,
    name: &str,
    inputs: [OutletId; 2],
    transposed_a: bool,
    transposed_b: bool,
) -> TractResult<OutletId> {
    let ranks = [reader.lengths(inputs[0])?.len(), reader.lengths(inputs[1])?.len()];
    ensure!(ranks.iter().all(|&rank| rank >= 2), "only matrices are multiplied");
    let inputs = wire_rank_broadcast(name, &mut reader.model, &inputs)?;
    let axes = AxesMapping::for_numpy_matmul(ranks[0].max(ranks[1]), transposed_a, transposed_b, false)?;
    reader.wired(name, EinSum::new(axes, f32::datum_type()), &inputs)
}
