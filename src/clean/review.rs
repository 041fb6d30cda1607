use super::{Decision, Decisions, Entry, Folder, Judgement, LabelledPhoto, NearDuplicates, Order, Status};

/// The photos that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subset {
    All,
    /// Those of one label: its index among [`Folder::labels`].
    Label(usize),
    /// Those with a decision.
    Decided,
    /// Files without an answer.
    Refused,
}

/// A person's walk through a folder: which photo the network is asked about next, which are shown and in which order, and which
/// one is looked at.
///
/// Each photo takes its place in the list as soon as its answer comes. Once the person has begun to look through the list, it
/// stands still until it is [ranked](Self::rank) again, so that no photo slips under their finger while they decide.
#[derive(Clone, Debug)]
pub struct Review<P> {
    folder: Folder<P>,
    decisions: Decisions,
    statuses: Vec<Status>,
    near_duplicates: NearDuplicates,
    /// How many photos have an answer or a refusal.
    settled: usize,
    /// The photos to ask the network about, in this order.
    queue: Vec<usize>,
    /// How many of them were asked about.
    asked: usize,
    order: Order,
    subset: Subset,
    shown: Vec<usize>,
    /// How many photos were settled while the list stood still.
    late: usize,
    is_still: bool,
    current: Option<usize>,
    /// Index in `shown` of the page's first photo.
    top: usize,
}

impl<P> Review<P> {
    /// Photos per page.
    pub const PAGE: usize = 24;

    pub fn new(folder: Folder<P>, decisions: Decisions) -> Self {
        let photos = folder.photos.len();
        let mut review = Self {
            decisions,
            statuses: vec![Status::Waiting; photos],
            near_duplicates: NearDuplicates::new(photos),
            settled: 0,
            queue: Vec::new(),
            asked: 0,
            order: Order::Loss,
            subset: Subset::All,
            shown: Vec::new(),
            late: 0,
            is_still: false,
            current: None,
            top: 0,
            folder,
        };
        review.line_up();
        review
    }

    /// Queues all photos without an answer: the first of each label, then the second of each, so that all labels are soon among
    /// those shown.
    fn line_up(&mut self) {
        let mut counts = vec![0; self.folder.labels.len()];
        let mut turns: Vec<(usize, usize)> = Vec::new();
        for (photo, LabelledPhoto { label, .. }) in self.folder.photos.iter().enumerate() {
            if self.statuses[photo] == Status::Waiting {
                turns.push((counts[*label], photo));
                counts[*label] += 1;
            }
        }
        turns.sort_unstable();
        self.queue = turns.into_iter().map(|(_, photo)| photo).collect();
        self.asked = 0;
    }

    pub fn folder(&self) -> &Folder<P> {
        &self.folder
    }

    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    pub fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// The next photo to ask the network about, if any is left.
    pub fn next_to_ask(&mut self) -> Option<usize> {
        let photo = *self.queue.get(self.asked)?;
        self.asked += 1;
        Some(photo)
    }

    /// A photo's answer or refusal has come.
    pub fn settle(&mut self, photo: usize, status: Status) {
        if self.statuses[photo] == Status::Waiting {
            self.settled += 1;
        }
        if let Status::Judged(Judgement { measurements: Some(measured), .. }) = &status {
            self.near_duplicates.add(photo, measured.fingerprint);
        }
        self.statuses[photo] = status;
        if self.is_still {
            self.late += 1;
        } else {
            self.sort();
        }
    }

    /// Another network answers from now on: all photos are to be asked about again. The decisions stay.
    pub fn forget_answers(&mut self) {
        self.statuses.fill(Status::Waiting);
        self.near_duplicates = NearDuplicates::new(self.statuses.len());
        self.settled = 0;
        self.line_up();
        self.rank();
    }

    /// Decisions were carried out: photos were moved or removed, see [`Folder::relocate`]. Drops the decisions on them and returns
    /// the numbers of their entries in the journal. Photos that were moved have another label and are to be asked about again, as
    /// are those whose answers have not come.
    pub fn carried_out(&mut self, moved: Vec<(usize, Option<(String, P)>)>) -> Vec<u64> {
        if moved.is_empty() {
            self.line_up();
            return Vec::new();
        }
        let done: Vec<_> = moved.iter().map(|(photo, _)| *photo).collect();
        for &photo in &done {
            self.statuses[photo] = Status::Waiting;
            self.near_duplicates.forget(photo);
        }
        let numbers = self.folder.relocate(moved);
        let mut statuses = vec![Status::Waiting; self.folder.photos.len()];
        for (status, number) in std::mem::take(&mut self.statuses).into_iter().zip(&numbers) {
            if let Some(number) = number {
                statuses[*number] = status;
            }
        }
        self.settled = statuses.iter().filter(|status| **status != Status::Waiting).count();
        self.statuses = statuses;
        self.near_duplicates = self.near_duplicates.renumbered(&numbers);
        let decisions = std::mem::replace(&mut self.decisions, Decisions::new(0));
        let (decisions, over) = decisions.carried_out(&done, &numbers);
        self.decisions = decisions;
        self.line_up();
        self.rank();
        over
    }

    /// The near-duplicates of a photo, nearest first.
    pub fn near_duplicates(&self, photo: usize) -> Vec<usize> {
        self.near_duplicates.of(photo).into_iter().map(|(other, _)| other).collect()
    }

    /// How many photos have an answer or a refusal, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.settled, self.statuses.len())
    }

    pub fn order(&self) -> Order {
        self.order
    }

    pub fn subset(&self) -> Subset {
        self.subset
    }

    /// Goes to the top of another list.
    pub fn show(&mut self, subset: Subset, order: Order) {
        (self.subset, self.order) = (subset, order);
        self.rank();
    }

    /// Goes to the top of the same list, with all answers that have come meanwhile.
    pub fn rank(&mut self) {
        (self.late, self.is_still, self.current, self.top) = (0, false, None, 0);
        self.sort();
    }

    /// How many photos were settled while the list stood still.
    pub fn late(&self) -> usize {
        self.late
    }

    fn sort(&mut self) {
        let (order, statuses) = (self.order, &self.statuses);
        let is_shown = |&photo: &usize| match self.subset {
            Subset::All => statuses[photo] != Status::Waiting,
            Subset::Label(label) => {
                self.folder.photos[photo].label == label && statuses[photo] != Status::Waiting
            }
            Subset::Decided => self.decisions.of(photo).is_some(),
            Subset::Refused => matches!(statuses[photo], Status::Refused(_)),
        };
        self.shown = (0..statuses.len()).filter(is_shown).collect();
        let groups = match order {
            Order::NearDuplicates => self.near_duplicates.groups(|photo| self.folder.photos[photo].label),
            Order::Loss | Order::Margin | Order::Disagreement | Order::Blur => Vec::new(),
        };
        self.shown.sort_by(|&a, &b| match (&statuses[a], &statuses[b]) {
            (Status::Judged(first), Status::Judged(second)) => {
                groups.get(a).cmp(&groups.get(b)).then_with(|| order.compare(first, second))
            }
            // Photos without an answer come last.
            (a, b) => matches!(b, Status::Judged(_)).cmp(&matches!(a, Status::Judged(_))),
        });
    }

    /// The index of the page's first photo in the list, the page's photos, and the length of the list.
    pub fn page(&self) -> (usize, &[usize], usize) {
        let end = self.shown.len().min(self.top + Self::PAGE);
        (self.top, &self.shown[self.top.min(end)..end], self.shown.len())
    }

    /// Turns the page.
    pub fn turn(&mut self, forward: bool) {
        let next = if forward { self.top + Self::PAGE } else { self.top.saturating_sub(Self::PAGE) };
        if next < self.shown.len() {
            self.top = next;
            self.is_still = true;
        }
    }

    /// The photo that is looked at, and its index in the list.
    pub fn current(&self) -> Option<(usize, Option<usize>)> {
        self.current.map(|photo| (photo, self.place(photo)))
    }

    fn place(&self, photo: usize) -> Option<usize> {
        self.shown.iter().position(|&shown| shown == photo)
    }

    /// Looks at a photo.
    pub fn look_at(&mut self, photo: usize) {
        (self.current, self.is_still) = (Some(photo), true);
        if let Some(place) = self.place(photo) {
            self.top = place - place % Self::PAGE;
        }
    }

    /// Looks at the next photo or the one before; if none is looked at, at the first without a decision.
    pub fn step(&mut self, forward: bool) {
        let next = match self.current.and_then(|photo| self.place(photo)) {
            Some(place) if forward => place + 1,
            Some(place) => place.wrapping_sub(1),
            None => return self.go_on(0),
        };
        if let Some(&photo) = self.shown.get(next) {
            self.look_at(photo);
        }
    }

    /// Looks at the first photo from that index on without a decision; if there is none, at the last photo.
    fn go_on(&mut self, from: usize) {
        let rest = self.shown.iter().skip(from);
        let undecided = rest.copied().find(|&photo| self.decisions.of(photo).is_none());
        if let Some(photo) = undecided.or(self.shown.last().copied()) {
            self.look_at(photo);
        }
    }

    /// The label that the network proposes for a photo, if it is not the photo's own and has a folder.
    pub fn proposal(&self, photo: usize) -> Option<&str> {
        let Status::Judged(judgement) = &self.statuses[photo] else { return None };
        let other = &judgement.predicted;
        (other != self.folder.label_of(photo) && self.folder.labels.contains(other)).then_some(other)
    }

    /// The journal's entry for a decision.
    pub fn entry(&self, photo: usize, decision: &Decision) -> Entry {
        let LabelledPhoto { file, bytes, .. } = &self.folder.photos[photo];
        Entry { file: file.clone(), bytes: *bytes, decision: decision.clone() }
    }

    /// Decides on the photo that is looked at, and looks at the next without a decision. `number`: that of the entry in the
    /// journal.
    pub fn decide(&mut self, decision: Decision, number: Option<u64>) {
        if let Some((photo, place)) = self.current() {
            self.decisions.decide(photo, decision, number);
            self.go_on(place.map_or(0, |place| place + 1));
        }
    }

    /// Takes the last decision back and looks at its photo. Returns the photo and the entry's number in the journal.
    pub fn undo(&mut self) -> Option<(usize, Option<u64>)> {
        let (photo, number) = self.decisions.undo()?;
        self.look_at(photo);
        Some((photo, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Photos of two labels, half of each; the later in its folder, the more its label is doubted.
    fn review(photos: usize) -> Review<()> {
        let path = |number: usize| (format!("d/{}/{:04}.jpg", ["a", "b"][number % 2], number / 2), 9, ());
        let folder = Folder::read((0..photos).map(path));
        Review::new(folder, Decisions::new(photos))
    }

    fn answer(review: &mut Review<()>, photo: usize) {
        let (label, file) = (review.folder().label_of(photo), &review.folder().photos[photo].file);
        let number: f32 = file[2..6].parse().unwrap();
        let (own, other) = (1.0 / (number + 2.0), if label == "a" { "b" } else { "a" });
        let said = format!(
            r#"{{"label":"{other}","name":"-","probability":{},"recognised":true,
                "alternatives":[{{"label":"{label}","probability":{own}}}],"model":"1",
                "milliseconds":{{"decode":0,"infer":0}},"width":1,"height":1}}"#,
            1.0 - own
        );
        // Of six photos, the first and the third are near-duplicates, and so are the second and the fifth.
        let kind = [0, 1, 0, 2, 1, 3][photo % 6];
        let words: Vec<_> = (0..8).map(|word| if word == kind { u32::MAX } else { 0 }).collect();
        let measured = serde_json::json!({ "sharpness": 50.0 + number, "fingerprint": words });
        let measured = serde_json::from_value(measured).unwrap();
        let judgement = Judgement::of(&serde_json::from_str(&said).unwrap(), label, Some(measured));
        review.settle(photo, Status::Judged(judgement));
    }

    fn answer_all(review: &mut Review<()>) {
        while let Some(photo) = review.next_to_ask() {
            answer(review, photo);
        }
    }

    fn files(review: &Review<()>) -> Vec<&str> {
        review.page().1.iter().map(|&photo| &*review.folder().photos[photo].file).collect()
    }

    fn current(review: &Review<()>) -> &str {
        &review.folder().photos[review.current().expect("a photo is looked at").0].file
    }

    #[test]
    fn labels_are_asked_about_in_turns_and_each_photo_once() {
        let mut review = review(6);
        let asked: Vec<_> = std::iter::from_fn(|| review.next_to_ask()).collect();
        let asked: Vec<_> = asked.iter().map(|&photo| &*review.folder().photos[photo].file).collect();
        assert_eq!(
            asked,
            ["a/0000.jpg", "b/0000.jpg", "a/0001.jpg", "b/0001.jpg", "a/0002.jpg", "b/0002.jpg"]
        );
    }

    #[test]
    fn answers_take_their_place_until_somebody_looks() {
        let mut review = review(6);
        for photo in [0, 1] {
            answer(&mut review, photo);
        }
        assert_eq!(files(&review), ["a/0001.jpg", "a/0000.jpg"]);
        review.step(true);
        assert_eq!(current(&review), "a/0001.jpg");
        for photo in [2, 3, 4] {
            answer(&mut review, photo);
        }
        assert_eq!((files(&review), review.late()), (vec!["a/0001.jpg", "a/0000.jpg"], 3));
        assert_eq!(review.progress(), (5, 6));
        review.rank();
        assert_eq!(files(&review), ["a/0002.jpg", "a/0001.jpg", "b/0001.jpg", "a/0000.jpg", "b/0000.jpg"]);
        assert_eq!((review.late(), review.current()), (0, None));
    }

    #[test]
    fn a_decision_leads_to_the_next_photo_and_undo_back() {
        let mut review = review(6);
        answer_all(&mut review);
        review.step(true);
        assert_eq!((current(&review), review.proposal(2)), ("a/0002.jpg", Some("b")));
        review.decide(Decision::Relabel("b".into()), Some(1));
        assert_eq!(current(&review), "b/0002.jpg");
        review.step(true);
        review.decide(Decision::Delete, Some(2));
        review.step(false);
        review.step(false);
        assert_eq!(current(&review), "b/0002.jpg");
        review.decide(Decision::Keep, None);
        assert_eq!(current(&review), "b/0001.jpg", "what is decided on is passed over");
        assert_eq!(review.undo(), Some((5, None)));
        assert_eq!(review.undo(), Some((1, Some(2))));
        assert_eq!(current(&review), "a/0001.jpg");
        assert_eq!(review.undo(), Some((2, Some(1))));
        assert_eq!(review.undo(), None);
    }

    #[test]
    fn lists_of_a_label_of_the_decided_and_of_the_refused() {
        let mut review = review(6);
        answer_all(&mut review);
        review.settle(4, Status::Refused("No photo.".into()));
        assert_eq!(files(&review).last(), Some(&"b/0001.jpg"), "the refused come last");
        review.show(Subset::Label(1), Order::Margin);
        assert_eq!(files(&review), ["b/0002.jpg", "b/0000.jpg", "b/0001.jpg"]);
        review.show(Subset::Refused, Order::Loss);
        assert_eq!(files(&review), ["b/0001.jpg"]);
        review.look_at(4);
        review.decide(Decision::Delete, None);
        assert_eq!(current(&review), "b/0001.jpg", "there is no other");
        review.show(Subset::Decided, Order::Loss);
        assert_eq!(files(&review), ["b/0001.jpg"]);
    }

    #[test]
    fn pages_turn_with_the_photo_that_is_looked_at() {
        let mut review = review(60);
        answer_all(&mut review);
        assert_eq!((review.page().0, review.page().1.len(), review.page().2), (0, 24, 60));
        for _ in 0..25 {
            review.step(true);
        }
        assert_eq!((review.page().0, review.current().unwrap().1), (24, Some(24)));
        review.turn(true);
        assert_eq!((review.page().0, review.page().1.len()), (48, 12));
        review.turn(true);
        assert_eq!(review.page().0, 48);
        review.turn(false);
        review.turn(false);
        review.turn(false);
        assert_eq!(review.page().0, 0);
    }

    #[test]
    fn near_duplicates_come_together_and_blurred_photos_first() {
        let mut review = review(6);
        review.show(Subset::All, Order::NearDuplicates);
        answer_all(&mut review);
        assert_eq!(
            files(&review),
            ["a/0001.jpg", "b/0001.jpg", "a/0002.jpg", "a/0000.jpg", "b/0002.jpg", "b/0000.jpg"]
        );
        assert_eq!(
            (review.near_duplicates(1), review.near_duplicates(2), review.near_duplicates(3)),
            (vec![4], vec![0], vec![])
        );
        review.show(Subset::Label(0), Order::Blur);
        assert_eq!(files(&review), ["a/0000.jpg", "a/0001.jpg", "a/0002.jpg"]);
    }

    #[test]
    fn photos_that_have_moved_are_asked_about_again_and_the_others_stay() {
        let mut review = review(6);
        answer_all(&mut review);
        for (photo, decision, number) in
            [(0, Decision::Keep, 7), (1, Decision::Relabel("b".into()), 8), (2, Decision::Delete, 9)]
        {
            review.look_at(photo);
            review.decide(decision, Some(number));
        }
        let over = review.carried_out(vec![(1, Some(("b/0001-a.jpg".into(), ()))), (2, None)]);
        assert_eq!(over, [8, 9]);
        assert_eq!((review.progress(), review.current()), ((4, 5), None));
        assert_eq!(files(&review), ["b/0002.jpg", "b/0001.jpg", "a/0000.jpg", "b/0000.jpg"]);
        assert_eq!(review.decisions().iter().collect::<Vec<_>>(), [(0, &Decision::Keep)]);
        assert_eq!((0..5).flat_map(|photo| review.near_duplicates(photo)).count(), 0);
        let moved = review.next_to_ask().expect("a photo to ask about");
        assert_eq!(review.folder().photos[moved].file, "b/0001-a.jpg");
        assert_eq!((review.folder().label_of(moved), review.progress()), ("b", (4, 5)));
        assert_eq!(review.next_to_ask(), None);
        // Photos whose answers had not come by then are asked about again, too.
        review.settle(moved, Status::Refused("No photo.".into()));
        review.forget_answers();
        review.next_to_ask();
        review.carried_out(Vec::new());
        assert_eq!(std::iter::from_fn(|| review.next_to_ask()).count(), 5);
    }

    #[test]
    fn another_network_is_asked_anew_and_the_decisions_stay() {
        let mut review = review(4);
        answer_all(&mut review);
        review.step(true);
        review.decide(Decision::Keep, None);
        review.forget_answers();
        assert_eq!((review.progress(), files(&review).len(), review.decisions().count()), ((0, 4), 0, 1));
        assert!(review.next_to_ask().is_some());
    }
}
