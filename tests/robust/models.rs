//! Foreign and damaged model files are refused with reasons.

use std::{fs, panic, path::Path, thread, time::Duration};

use clothing_classifier::{
    classifier::{Classifier, ClassifyError, Fault, ModelError},
    photo::Limits,
    words::{self, Explained},
};
use image::RgbImage;
use prost::Message;
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto,
    tensor_proto::DataLocation,
    tensor_shape_proto::{Dimension, dimension::Value},
    type_proto,
};

use crate::{files::mutate::Mutations, tiny_model::tiny_model};

fn read(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn ours() -> ModelProto {
    ModelProto::decode(&*read("model/clothing.onnx")).expect("our own model")
}

/// The side of its square input.
fn side() -> u32 {
    Classifier::from_onnx(read("model/clothing.onnx")).expect("our own model").info().input_size
}

fn load(model: &ModelProto) -> Result<Classifier, ModelError> {
    Classifier::from_onnx(model.encode_to_vec())
}

#[track_caller]
fn refused(file: &[u8]) -> ModelError {
    let error = Classifier::from_onnx(file).err().expect("a refusal");
    for words in [error.cause().trim_end(), &error.remedy()] {
        assert!(words.ends_with('.') && words.len() > 15 && words.len() < 2000, "{words}");
    }
    error
}

/// The faults found in an ONNX file.
#[track_caller]
fn faults(error: ModelError) -> Vec<Fault> {
    match error {
        ModelError::Unfit(faults) => faults,
        other => panic!("{other:?}"),
    }
}

/// Asserts that there is exactly this fault.
#[track_caller]
fn only(error: ModelError, words: &str) {
    let faults = faults(error);
    assert!(faults.len() == 1 && words::fault(&faults[0]).contains(words), "{words}: {faults:?}");
}

/// The error for our model after a change.
#[track_caller]
fn refusal(change: impl FnOnce(&mut ModelProto, fn(&mut ModelProto) -> &mut GraphProto)) -> ModelError {
    let mut model = ours();
    change(&mut model, |model| model.graph.as_mut().expect("a graph"));
    refused(&model.encode_to_vec())
}

fn set(model: &mut ModelProto, key: &str, value: &str) {
    let entry = model.metadata_props.iter_mut().find(|entry| entry.key == key).expect("the key");
    entry.value = value.into();
}

/// The dimensions of a graph's first input.
fn input_shape(graph: &mut GraphProto) -> &mut Vec<Dimension> {
    let kind = graph.input[0].r#type.as_mut().and_then(|kind| kind.value.as_mut()).expect("a type");
    let type_proto::Value::TensorType(tensor) = kind;
    &mut tensor.shape.as_mut().expect("a shape").dim
}

#[test]
fn our_model_is_loaded_after_being_written_again() {
    assert!(load(&ours()).is_ok());
}

#[test]
fn files_of_other_kinds_are_no_models() {
    let other = ["tests/fixtures/polo-shirt.jpg", "tests/fixtures/tiny-1x1.png", "README.md", "Cargo.lock"];
    let mut files: Vec<_> = other.map(read).into();
    files.extend([
        vec![],
        vec![0; 1000],
        vec![0xFF; 1000],
        b"PK\x03\x04 archive.pt".to_vec(),
        b"{}".to_vec(),
    ]);
    for file in files {
        let error = refused(&file);
        assert!(matches!(error, ModelError::NotOnnx { .. }), "{error:?}");
    }
}

#[test]
fn a_model_cut_short_anywhere_is_refused() {
    let whole = read("model/clothing.onnx");
    for share in 0..50 {
        refused(&whole[..whole.len() * share / 50]);
    }
    for missing in [1, 2, 10, 100, 1000, 10_000] {
        refused(&whole[..whole.len() - missing]);
    }
}

#[test]
fn a_model_that_is_too_large_is_refused_unread() {
    let error = refused(&vec![0; 200_000_001]);
    assert_eq!(error.cause(), "The model file has 201 MB; at most 200 MB can be used.");
}

#[test]
fn all_faults_of_a_foreign_model_are_listed() {
    let error = refusal(|model, _| model.metadata_props.clear());
    assert_eq!(
        error.cause(),
        "Its metadata lack “format”, “version”, “labels”, “input_size”, “resize”, “mean”, “std”, “temperature”, “thresholds”, \
         “training_data”, “license”."
    );
    assert!(error.remedy().contains("docs/model-file.md"), "{error:?}");

    let foreign = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
    let error = refusal(|model, graph| {
        model.metadata_props = vec![foreign("author", "somebody")];
        graph(model).input[0].r#type = None;
        graph(model).output.truncate(1);
        graph(model).output[0].name = "output".into();
        graph(model).node[0].op_type = "Einsum".into();
        graph(model).initializer[0].data_location = Some(DataLocation::External.into());
    });
    let told = error.explanation();
    for words in [
        "Its metadata lack “format”",
        "lie in another file: save it as one",
        "not known here: Einsum. Known are Add, ",
        "no output “logits”; its outputs are “output”",
        "no output “class_maps”",
        "one float [1, 3, side, side], each length a number, but is no tensor",
    ] {
        assert!(told.contains(words), "{words} of {told}");
    }
    assert_eq!(faults(error).len(), 6, "{told}");
}

#[test]
fn metadata_that_contradict_the_network_are_refused() {
    let labels = r#"[{"id":"a","name":"A","group":"core"},{"id":"b","name":"B","group":"none"}]"#;
    let error = refusal(|model, _| set(model, "labels", labels));
    let places = side() / 32;
    let shapes = [
        "“logits” must be float [1, 2], but is float [1, 17]".into(),
        format!("“class_maps” must be float [1, 2, {places}, {places}]"),
    ];
    for (fault, words) in faults(error).iter().zip(shapes) {
        assert!(words::fault(fault).contains(&words), "{fault:?}");
    }
    only(refusal(|model, _| set(model, "input_size", "320")), "float [1, 3, 320, 320]");
    only(refusal(|model, _| set(model, "mean", "0.5")), "“mean” are wrong");
    only(refusal(|model, _| set(model, "thresholds", r#"{"family":0.5}"#)), "a group of the labels has none");
}

#[test]
fn networks_of_another_shape_are_refused() {
    let side = side();
    only(
        refusal(|model, graph| {
            let mut second = graph(model).input[0].clone();
            second.name = "mask".into();
            graph(model).input.push(second);
        }),
        &format!("but is float [1, 3, {side}, {side}] and float [1, 3, {side}, {side}]."),
    );
    only(
        refusal(|model, graph| {
            input_shape(graph(model))[0].value = Some(Value::DimParam("batch".into()));
        }),
        &format!("but is float [batch, 3, {side}, {side}]."),
    );
    // The consequences of such inputs are detected in different places.
    for length in [0, 2, -7, i64::MAX] {
        refusal(|model, graph| input_shape(graph(model))[0].value = Some(Value::DimValue(length)));
    }
    refusal(|model, graph| input_shape(graph(model))[1].value = Some(Value::DimValue(1)));
    refusal(|model, graph| input_shape(graph(model)).clear());
    refusal(|model, graph| graph(model).input.clear());
    refusal(|model, graph| graph(model).input[0].r#type = None);
    refusal(|model, graph| graph(model).output.clear());
    refusal(|model, graph| graph(model).output[0].name = "scores".into());
}

/// Exported by `model/` from a backbone whose operators were once missing.
#[test]
fn a_ghost_net_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/failing/own-ghostnet_050.onnx");
    let Ok(file) = fs::read(&path) else {
        println!("Skipped: there is no {}.", path.display());
        return;
    };
    let classifier = Classifier::from_onnx(file).expect("it opens");
    let shirt = read("tests/fixtures/polo-shirt.jpg");
    let answer = classifier.classify_bytes(&shirt, &Limits::default()).expect("an answer");
    assert_eq!(answer.prediction.model, "test-1");
}

#[test]
fn inconsistent_graphs_are_refused() {
    refusal(|model, _| model.graph = None);
    refusal(|model, _| model.graph = Some(GraphProto::default()));
    refusal(|model, graph| graph(model).node.clear());
    refusal(|model, graph| drop(graph(model).node.remove(3)));
    refusal(|model, graph| graph(model).initializer.clear());
    only(refusal(|model, graph| graph(model).node[0].op_type = "Mystery".into()), "not known here: Mystery.");
    refusal(|model, graph| graph(model).node[5].input[0] = "nowhere".into());
    refusal(|model, graph| graph(model).node[5].input.clear());
    refusal(|model, graph| graph(model).node[5].output.clear());
    // A node that depends on its own output.
    refusal(|model, graph| {
        let last = graph(model).node.last().expect("nodes").output[0].clone();
        graph(model).node[0].input[0] = last;
    });
}

#[test]
fn weights_that_are_not_what_they_claim_are_refused() {
    fn largest(graph: &mut GraphProto) -> &mut TensorProto {
        let length = |tensor: &&mut TensorProto| tensor.raw_data.len();
        graph.initializer.iter_mut().max_by_key(length).expect("weights")
    }
    refusal(|model, graph| largest(graph(model)).raw_data.truncate(1000));
    refusal(|model, graph| largest(graph(model)).raw_data.clear());
    refusal(|model, graph| largest(graph(model)).dims.clear());
    for length in [0, -1, i64::MIN, i64::MAX, 1 << 40] {
        refusal(|model, graph| largest(graph(model)).dims[0] = length);
        refusal(|model, graph| {
            largest(graph(model)).dims[0] = length;
            largest(graph(model)).raw_data.clear();
        });
    }
    refusal(|model, graph| largest(graph(model)).data_type = 99);
    // Weights in a separate file, which a page does not have and the command line must not read.
    let elsewhere = refusal(|model, graph| {
        let tensor = largest(graph(model));
        tensor.raw_data.clear();
        tensor.data_location = Some(DataLocation::External.into());
        let location = StringStringEntryProto { key: "location".into(), value: "Cargo.lock".into() };
        tensor.external_data = vec![location];
    });
    only(elsewhere, "Its weights lie in another file: save it as one.");
}

/// Shapes that take a few bytes to write and more memory than there is.
#[test]
fn excessive_memory_is_not_allocated() {
    refusal(|model, graph| {
        let graph = graph(model);
        graph.initializer.push(TensorProto {
            name: "shape".into(),
            dims: vec![3],
            data_type: 7,
            int64_data: vec![1 << 20, 1 << 20, 1 << 20],
            ..Default::default()
        });
        graph.node.push(NodeProto {
            op_type: "ConstantOfShape".into(),
            name: "huge".into(),
            input: vec!["shape".into()],
            output: vec!["huge".into()],
            ..Default::default()
        });
        let last =
            graph.node.iter().position(|node| node.output.iter().any(|name| name == "logits")).expect("it");
        let before = graph.node[last].output[0].clone();
        graph.node[last].output[0] = "few".into();
        graph.node.push(NodeProto {
            op_type: "Add".into(),
            name: "sum".into(),
            input: vec!["few".into(), "huge".into()],
            output: vec![before],
            ..Default::default()
        });
    });
}

#[test]
fn nan_weights_give_no_answer() {
    let mut model = ours();
    for tensor in &mut model.graph.as_mut().expect("a graph").initializer {
        if tensor.data_type == 1 {
            let nan = f32::NAN.to_le_bytes();
            tensor.raw_data = nan.repeat(tensor.raw_data.len() / 4);
        }
    }
    let classifier = match load(&model) {
        Ok(classifier) => classifier,
        Err(_) => return, // just as good
    };
    let found = classifier.classify(&RgbImage::new(50, 50).into(), Duration::ZERO);
    assert!(matches!(found, Err(ClassifyError::Inference(_))), "{found:?}");
}

#[test]
fn mutated_models_are_refused_or_answer() {
    const COUNT: u64 = 2000;
    let usual = panic::take_hook();
    // Panics inside tract are caught; they need not be printed.
    panic::set_hook(Box::new(move |panicked| {
        if thread::current().name() != Some("quiet") {
            usual(panicked);
        }
    }));
    let mutations = Mutations::of(vec![("tiny", tiny_model())]);
    let try_all = move || {
        let load = |number| {
            let classifier = Classifier::from_onnx(mutations.file(number).1)?;
            Ok(classifier.classify(&RgbImage::new(9, 7).into(), Duration::ZERO).is_ok())
        };
        (0..COUNT).map(load).collect::<Vec<Result<bool, ModelError>>>()
    };
    let quiet = thread::Builder::new().name("quiet".into()).spawn(try_all).expect("a thread");
    let found = quiet.join().expect("no panic escapes");
    let answering = found.iter().filter(|found| matches!(found, Ok(true))).count();
    let panicked = found
        .iter()
        .filter(|found| matches!(found, Err(ModelError::Unfit(faults)) if *faults == [Fault::Panicked]));
    println!("{answering} of {COUNT} mutated models answer, tract panics over {}", panicked.count());
    assert!(answering > 20 && answering < 1800, "{answering} answer");
}
