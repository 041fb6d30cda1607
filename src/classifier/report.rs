//! Answers to many photos as JSON and CSV, for downloads and the command line.

use std::iter;

use serde::Serialize;

use super::{Label, Prediction};
use crate::csv::{cell, row};

/// What came of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name or path.
    pub file: String,
    /// The answer, or a sentence that says why there is none.
    pub outcome: Result<Prediction, String>,
}

/// A JSON array with an object for each row, as [`json_line`] writes it.
pub fn json(rows: &[Row]) -> String {
    let lines: Vec<_> = rows.iter().map(json_line).collect();
    if lines.is_empty() { "[]\n".into() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

/// A JSON object on one line: `file` and the prediction, or `file` and `error`.
pub fn json_line(row: &Row) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        file: &'a str,
        #[serde(flatten)]
        prediction: Option<&'a Prediction>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a String>,
    }
    let line =
        Line { file: &row.file, prediction: row.outcome.as_ref().ok(), error: row.outcome.as_ref().err() };
    serde_json::to_string(&line).expect("strings and numbers only")
}

/// A table: [`csv_header`], then [`csv_line`] for each row, each ended by a line feed.
pub fn csv(rows: &[Row], labels: &[Label]) -> String {
    iter::once(csv_header(labels))
        .chain(rows.iter().map(|row| csv_line(row, labels)))
        .map(|line| line + "\n")
        .collect()
}

/// The columns' names: `file`, `label`, `name`, `probability`, `recognised`, `family` (its identifier), `model`, `decode_ms`,
/// `infer_ms`, `width`, `height`, `error`; then each label's identifier, for its probability.
pub fn csv_header(labels: &[Label]) -> String {
    let columns = [
        "file",
        "label",
        "name",
        "probability",
        "recognised",
        "family",
        "model",
        "decode_ms",
        "infer_ms",
        "width",
        "height",
        "error",
    ];
    row(columns.into_iter().chain(labels.iter().map(|label| &*label.id)).map(cell))
}

/// A row under [`csv_header`]. What does not apply is left empty.
pub fn csv_line(of: &Row, labels: &[Label]) -> String {
    let file = cell(&of.file);
    match &of.outcome {
        Ok(prediction) => {
            let fields = [
                file,
                cell(&prediction.label),
                cell(&prediction.name),
                prediction.probability.to_string(),
                prediction.recognised.to_string(),
                prediction.family.as_ref().map_or(String::new(), |family| cell(&family.id)),
                cell(&prediction.model),
                prediction.milliseconds.decode.to_string(),
                prediction.milliseconds.infer.to_string(),
                prediction.width.to_string(),
                prediction.height.to_string(),
                String::new(),
            ];
            let probability = |label: &Label| {
                let others = prediction.alternatives.iter().map(|other| (&other.label, other.probability));
                let mut all = iter::once((&prediction.label, prediction.probability)).chain(others);
                all.find(|(id, _)| **id == label.id)
                    .map_or(String::new(), |(_, probability)| probability.to_string())
            };
            row(fields.into_iter().chain(labels.iter().map(probability)))
        }
        Err(error) => {
            let empty = |count| iter::repeat_n(String::new(), count);
            row(iter::once(file).chain(empty(10)).chain([cell(error)]).chain(empty(labels.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{Alternative, Group, KnownFamily, Milliseconds};

    fn labels() -> Vec<Label> {
        ["dress", "polo-shirt"]
            .map(|id| Label {
                id: id.into(),
                name: id.into(),
                phrase: None,
                group: Group::Core,
                recall: None,
            })
            .into()
    }

    fn row(file: &str) -> Row {
        let prediction = Prediction {
            label: "polo-shirt".into(),
            name: "Polo shirt".into(),
            probability: 0.94,
            recognised: true,
            family: None,
            alternatives: vec![Alternative { label: "dress".into(), probability: 0.06 }],
            model: "2026.11-1".into(),
            milliseconds: Milliseconds { decode: 21.0, infer: 38.5 },
            width: 3024,
            height: 4032,
        };
        Row { file: file.into(), outcome: Ok(prediction) }
    }

    fn refused(file: &str) -> Row {
        Row { file: file.into(), outcome: Err("Not a photo, alas.".into()) }
    }

    const LINE: &str = r#"{"file":"a.jpg","label":"polo-shirt","name":"Polo shirt","probability":0.94,"recognised":true,"family":null,"alternatives":[{"label":"dress","probability":0.06}],"model":"2026.11-1","milliseconds":{"decode":21.0,"infer":38.5},"width":3024,"height":4032}"#;

    #[test]
    fn json_has_the_prediction_or_the_error() {
        assert_eq!(json_line(&row("a.jpg")), LINE);
        let error = r#"{"file":"b \"2\".txt","error":"Not a photo, alas."}"#;
        assert_eq!(json_line(&refused("b \"2\".txt")), error);
        assert_eq!(json(&[row("a.jpg"), refused("b \"2\".txt")]), format!("[\n{LINE},\n{error}\n]\n"));
        assert_eq!(json(&[]), "[]\n");
    }

    #[test]
    fn csv_has_a_column_for_each_label() {
        assert_eq!(
            csv(&[row("a, b.jpg"), refused("n.txt")], &labels()),
            "file,label,name,probability,recognised,family,model,decode_ms,infer_ms,width,height,error,dress,polo-shirt\n\
             \"a, b.jpg\",polo-shirt,Polo shirt,0.94,true,,2026.11-1,21,38.5,3024,4032,,0.06,0.94\n\
             n.txt,,,,,,,,,,,\"Not a photo, alas.\",,\n"
        );
    }

    #[test]
    fn labels_headers_and_models_are_no_formulas_either() {
        let mut labels = labels();
        labels[1].id = "=evil()".into();
        let mut row = row("a.jpg");
        let prediction = row.outcome.as_mut().unwrap();
        prediction.label = "=evil()".into();
        prediction.family = Some(KnownFamily { id: "@top".into(), name: "Top".into(), probability: 0.9 });
        prediction.name = "-A name".into();
        prediction.model = "two\n=lines".into();
        let table = csv(&[row], &labels);
        let mut reader = ::csv::Reader::from_reader(table.as_bytes());
        assert_eq!(&reader.headers().unwrap()[13], "'=evil()");
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(
            [&record[1], &record[2], &record[5], &record[6]],
            ["'=evil()", "'-A name", "'@top", "two\n'=lines"]
        );
        assert_eq!([&record[3], &record[13]], ["0.94", "0.94"]);
    }

    #[test]
    fn file_names_are_quoted_and_are_no_formulas() {
        for (name, field) in [
            ("=1+1.jpg", "'=1+1.jpg"),
            ("-front.jpg", "'-front.jpg"),
            ("@me \"x\".jpg", "\"'@me \"\"x\"\".jpg\""),
            ("two\nlines.jpg", "\"two\nlines.jpg\""),
        ] {
            let line = csv_line(&refused(name), &[]);
            assert!(line.starts_with(&format!("{field},")), "{line}");
        }
    }
}
