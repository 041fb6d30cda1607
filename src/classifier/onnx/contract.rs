//! What a graph must keep to: known operators, used in supported ways.
//!
//! `operators.json` lists both. The pipeline in `model/` reads the same file and checks what it exports.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, tensor_proto::DataLocation};

use super::reader::name_of;
use crate::classifier::{Fault, UnknownUse};

/// What `operators.json` holds.
#[derive(Deserialize)]
pub struct Contract {
    /// First and last known version of ONNX's operators.
    pub opset: [i64; 2],
    /// By the operator's name.
    pub operators: BTreeMap<String, Uses>,
}

/// In which ways an operator may be used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uses {
    /// Slots of inputs that must be constant, if they are given.
    #[serde(default)]
    constant: BTreeSet<usize>,
    /// The supported values of some attributes; others may have any value.
    #[serde(default)]
    attributes: BTreeMap<String, Vec<Value>>,
    /// How many of its outputs may be used.
    #[serde(default = "one")]
    outputs: usize,
}

fn one() -> usize {
    1
}

impl Contract {
    pub fn read() -> Self {
        serde_json::from_str(include_str!("operators.json")).expect("the tests read it")
    }

    /// Everything in the file that is not supported.
    pub fn faults(&self, model: &ModelProto, graph: &GraphProto) -> Vec<Fault> {
        let mut faults = Vec::new();
        let opset = opset(model);
        if !(self.opset[0]..=self.opset[1]).contains(&opset) {
            faults.push(Fault::Opset { found: opset, known: self.opset });
        }
        let in_nodes = graph.node.iter().flat_map(|node| &node.attribute).filter_map(|each| each.t.as_ref());
        let is_elsewhere = |tensor: &TensorProto| tensor.data_location == Some(DataLocation::External.into());
        if graph.initializer.iter().chain(in_nodes).any(is_elsewhere) {
            faults.push(Fault::WeightsElsewhere);
        }
        let mut constants: BTreeSet<&str> = graph.initializer.iter().map(|tensor| &*tensor.name).collect();
        let mut unknown = BTreeSet::new();
        for node in &graph.node {
            match self.operators.get(&node.op_type).filter(|_| is_onnx(&node.domain)) {
                Some(uses) => {
                    uses.violations(node, &constants)
                        .into_iter()
                        .for_each(|how| note(&mut faults, node, how));
                }
                None => _ = unknown.insert(operator(node)),
            }
            if node.input.iter().all(|input| input.is_empty() || constants.contains(&**input)) {
                constants.extend(node.output.iter().map(|output| &**output));
            }
        }
        if !unknown.is_empty() {
            let known = self.operators.keys().cloned().collect();
            faults.push(Fault::UnknownOperators { unknown: unknown.into_iter().collect(), known });
        }
        faults
    }
}

impl Uses {
    /// In which ways the node is not used as it may be.
    fn violations(&self, node: &NodeProto, constants: &BTreeSet<&str>) -> Vec<UnknownUse> {
        let mut violations = Vec::new();
        for given in &node.attribute {
            let is_given = |known: &Value| match known {
                Value::String(text) => text.as_bytes() == given.s,
                number => number.as_i64() == Some(given.i),
            };
            if let Some(known) = self.attributes.get(&given.name)
                && !known.iter().any(is_given)
            {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
                let known = known.iter().map(text).collect();
                violations.push(UnknownUse::Attribute { name: given.name.clone(), known });
            }
        }
        for &slot in &self.constant {
            if node.input.get(slot).is_some_and(|name| !name.is_empty() && !constants.contains(&**name)) {
                violations.push(UnknownUse::ComputedInput { slot });
            }
        }
        let used = node.output.iter().filter(|name| !name.is_empty()).count();
        if used > self.outputs {
            violations.push(UnknownUse::Outputs { used, known: self.outputs });
        }
        violations
    }
}

/// Adds a fault, or counts it if another node has the same.
fn note(faults: &mut Vec<Fault>, node: &NodeProto, how: UnknownUse) {
    for fault in &mut *faults {
        if let Fault::UnknownUse { operator, how: known, times, .. } = fault
            && *operator == node.op_type
            && *known == how
        {
            *times += 1;
            return;
        }
    }
    let (operator, node) = (node.op_type.clone(), name_of(node).into());
    faults.push(Fault::UnknownUse { operator, node, how, times: 1 });
}

/// The version of ONNX's operators that the model uses; 0 if it does not say.
pub fn opset(model: &ModelProto) -> i64 {
    let own = model.opset_import.iter().filter(|import| is_onnx(&import.domain));
    own.map(|import| import.version).max().unwrap_or(0)
}

fn is_onnx(domain: &str) -> bool {
    ["", "ai.onnx"].contains(&domain)
}

fn operator(node: &NodeProto) -> String {
    if is_onnx(&node.domain) { node.op_type.clone() } else { format!("{}.{}", node.domain, node.op_type) }
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::{AttributeProto, OperatorSetIdProto, attribute_proto::AttributeType};

    use super::*;

    fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
        let [input, output] =
            [inputs, outputs].map(|names| names.iter().map(|name| name.to_string()).collect());
        NodeProto { op_type: op.into(), input, output, ..Default::default() }
    }

    fn with(mut node: NodeProto, attribute: AttributeProto) -> NodeProto {
        node.attribute.push(attribute);
        node
    }

    fn faults(nodes: Vec<NodeProto>) -> Vec<Fault> {
        let known = OperatorSetIdProto { domain: String::new(), version: 13 };
        let graph = GraphProto { node: nodes, ..Default::default() };
        let model = ModelProto { opset_import: vec![known], ..Default::default() };
        Contract::read().faults(&model, &graph)
    }

    #[test]
    fn all_unknown_uses_are_told_once() {
        let text = |s: &str| AttributeProto {
            name: "mode".into(),
            r#type: AttributeType::String.into(),
            s: s.into(),
            ..Default::default()
        };
        let number = |name: &str, i| AttributeProto {
            name: name.into(),
            r#type: AttributeType::Int.into(),
            i,
            ..Default::default()
        };
        assert_eq!(
            faults(vec![
                node("Constant", &[], &["c"]),
                node("Unsqueeze", &["c", "c"], &["d"]),
                node("Reshape", &["x", "d"], &["r"]),
                with(node("Pad", &["x", "c"], &["p"]), text("edge")),
                with(node("MaxPool", &["x"], &["m"]), number("storage_order", 0)),
                node("Split", &["x"], &["a", "b", "c"]),
            ]),
            []
        );
        let attribute = |name: &str, known: &[&str]| UnknownUse::Attribute {
            name: name.into(),
            known: known.iter().map(|value| value.to_string()).collect(),
        };
        let unknown_use = |operator: &str, node: &str, how, times| Fault::UnknownUse {
            operator: operator.into(),
            node: node.into(),
            how,
            times,
        };
        let pad = |output| with(node("Pad", &["x", "x"], &[output]), text("wrap"));
        assert_eq!(
            faults(vec![
                pad("a"),
                pad("b"),
                pad("c"),
                with(node("MaxPool", &["x"], &["m", "n"]), number("storage_order", 1)),
            ]),
            [
                unknown_use("Pad", "a", attribute("mode", &["constant", "edge", "reflect"]), 3),
                unknown_use("Pad", "a", UnknownUse::ComputedInput { slot: 1 }, 3),
                unknown_use("MaxPool", "m", attribute("storage_order", &["0"]), 1),
                unknown_use("MaxPool", "m", UnknownUse::Outputs { used: 2, known: 1 }, 1),
            ]
        );
    }

    #[test]
    fn versions_before_and_after_are_refused() {
        let graph = GraphProto::default();
        for (version, refused) in [(0, true), (6, true), (7, false), (17, false), (29, true)] {
            let import = OperatorSetIdProto { domain: String::new(), version };
            let model = ModelProto { opset_import: vec![import], ..Default::default() };
            assert_eq!(!Contract::read().faults(&model, &graph).is_empty(), refused, "{version}");
        }
    }
}
