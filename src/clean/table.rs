use std::{cmp::Reverse, collections::BTreeMap};

use super::{Decision, Decisions, Folder, Status};
use crate::csv::{cell, row};

/// Photos of one label that get another, or are deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub from: String,
    /// The new label; `None` if they are deleted.
    pub to: Option<String>,
    /// Their number.
    pub photos: usize,
}

/// A summary of the decisions, most photos first; photos that keep their label are left out.
pub fn changes<P>(folder: &Folder<P>, decisions: &Decisions) -> Vec<Change> {
    let mut counts: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for (photo, decision) in decisions.iter() {
        let to = match decision {
            Decision::Keep => continue,
            Decision::Relabel(label) => Some(label.as_str()),
            Decision::Delete => None,
        };
        *counts.entry((folder.label_of(photo), to)).or_default() += 1;
    }
    let change = |((from, to), photos): ((&str, Option<&str>), usize)| Change {
        from: from.into(),
        to: to.map(String::from),
        photos,
    };
    let mut changes: Vec<_> = counts.into_iter().map(change).collect();
    changes.sort_by_key(|change| Reverse(change.photos));
    changes
}

/// The decisions as CSV, with a row for each photo that has one. It contains the columns that `python -m clothing_model apply`
/// reads (`file`, `label`, `action`, `new_label`) and what the network said, under the names that `losses` uses.
pub fn table<P>(folder: &Folder<P>, decisions: &Decisions, statuses: &[Status]) -> String {
    let head = ["file", "label", "predicted", "probability", "own", "loss", "margin", "action", "new_label"];
    let mut rows = vec![row(head.map(String::from).into_iter())];
    for (photo, decision) in decisions.iter() {
        let judged = match &statuses[photo] {
            Status::Judged(judgement) => Some(judgement),
            Status::Waiting | Status::Refused(_) => None,
        };
        let figure = |figure: Option<f32>| figure.map_or(String::new(), |figure| format!("{figure:.4}"));
        let (action, new_label) = match decision {
            Decision::Keep => ("keep", ""),
            Decision::Relabel(label) => ("relabel", label.as_str()),
            Decision::Delete => ("delete", ""),
        };
        let fields = [
            cell(&folder.photos[photo].file),
            cell(folder.label_of(photo)),
            judged.map_or(String::new(), |judgement| cell(&judgement.predicted)),
            figure(judged.map(|judgement| judgement.probability)),
            figure(judged.and_then(|judgement| judgement.own)),
            figure(judged.and_then(|judgement| judgement.loss())),
            figure(judged.and_then(|judgement| judgement.margin())),
            action.into(),
            cell(new_label),
        ];
        rows.push(row(fields.into_iter()));
    }
    rows.into_iter().map(|each| each + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classifier::Prediction, clean::Judgement};

    fn folder() -> Folder<()> {
        let paths = ["bowler/a, b.jpg", "bowler/1.jpg", "bowler/2.jpg", "=beanie/=1.jpg", "=beanie/2.jpg"];
        Folder::read(paths.map(|path| (format!("hats/{path}"), 1, ())))
    }

    #[test]
    fn a_row_for_each_decision_as_apply_reads_it() {
        let folder = folder();
        let decisions = Decisions::on(
            &folder,
            &[
                ("bowler/a, b.jpg", Decision::Delete),
                ("=beanie/=1.jpg", Decision::Relabel("bowler".into())),
                ("bowler/1.jpg", Decision::Keep),
            ],
        );
        let said = r#"{"label":"bowler","name":"Bowler","probability":0.75,"recognised":true,
            "alternatives":[{"label":"=beanie","probability":0.25}],"model":"1","milliseconds":{"decode":0,"infer":0},
            "width":1,"height":1}"#;
        let said: Prediction = serde_json::from_str(said).unwrap();
        let mut statuses = vec![Status::Waiting; 5];
        statuses[1] = Status::Judged(Judgement::of(&said, "=beanie", None));
        statuses[4] = Status::Refused("No photo.".into());
        assert_eq!(
            table(&folder, &decisions, &statuses),
            "file,label,predicted,probability,own,loss,margin,action,new_label\n\
             '=beanie/=1.jpg,'=beanie,bowler,0.7500,0.2500,1.3863,-0.5000,relabel,bowler\n\
             bowler/1.jpg,bowler,,,,,,keep,\n\
             \"bowler/a, b.jpg\",bowler,,,,,,delete,\n"
        );
    }

    #[test]
    fn changes_are_counted_by_label() {
        let folder = folder();
        let decisions = Decisions::on(
            &folder,
            &[
                ("=beanie/2.jpg", Decision::Keep),
                ("bowler/1.jpg", Decision::Delete),
                ("=beanie/=1.jpg", Decision::Relabel("bowler".into())),
                ("bowler/2.jpg", Decision::Delete),
            ],
        );
        let change = |from: &str, to: Option<&str>, photos| Change {
            from: from.into(),
            to: to.map(String::from),
            photos,
        };
        assert_eq!(
            changes(&folder, &decisions),
            [change("bowler", None, 2), change("=beanie", Some("bowler"), 1)]
        );
        assert_eq!(changes(&folder, &Decisions::new(5)), []);
    }
}
