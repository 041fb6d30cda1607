use super::{Decision, Decisions, Entry, Folder, Judgement, Order, Photo, Standing, Twins};

/// Which photos are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    All,
    /// Those of one label: its index among [`Folder::labels`].
    Label(usize),
    /// Those that are decided on.
    Decided,
    /// Files for which there is no answer.
    Refused,
}

/// Looking through a folder: who is asked next, what is shown in which order, and where one is.
///
/// While photos are still being answered, each takes its place in the list at once; but as soon as somebody has begun to
/// look through it, the list stands still until it is [ranked](Self::rank) again: nobody decides on a photo that has
/// just slipped under their finger.
#[derive(Clone, Debug)]
pub struct Review<P> {
    folder: Folder<P>,
    decisions: Decisions,
    standings: Vec<Standing>,
    twins: Twins,
    settled: usize,
    /// The photos that are to be asked about, in their order, and how many of them were.
    queue: Vec<usize>,
    asked: usize,
    order: Order,
    filter: Filter,
    shown: Vec<usize>,
    /// How many photos were answered since the list stands still.
    late: usize,
    is_still: bool,
    current: Option<usize>,
    /// Place in `shown` at which the page begins.
    top: usize,
}

impl<P> Review<P> {
    /// How many photos make up a page.
    pub const PAGE: usize = 24;

    pub fn new(folder: Folder<P>, decisions: Decisions) -> Self {
        let photos = folder.photos.len();
        let mut review = Self {
            decisions,
            standings: vec![Standing::Waiting; photos],
            twins: Twins::new(photos),
            settled: 0,
            queue: Vec::new(),
            asked: 0,
            order: Order::Loss,
            filter: Filter::All,
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

    /// All photos that have no answer are to be asked about: each label's first, then its second, so that the first ranks
    /// are soon of all labels.
    fn line_up(&mut self) {
        let mut counts = vec![0; self.folder.labels.len()];
        let mut turns: Vec<(usize, usize)> = Vec::new();
        for (photo, Photo { label, .. }) in self.folder.photos.iter().enumerate() {
            if self.standings[photo] == Standing::Waiting {
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

    pub fn standings(&self) -> &[Standing] {
        &self.standings
    }

    /// The photo to ask about next, if any is left; each is told once.
    pub fn next_to_ask(&mut self) -> Option<usize> {
        let photo = *self.queue.get(self.asked)?;
        self.asked += 1;
        Some(photo)
    }

    /// An answer has come.
    pub fn settle(&mut self, photo: usize, standing: Standing) {
        if self.standings[photo] == Standing::Waiting {
            self.settled += 1;
        }
        if let Standing::Judged(Judgement { measurements: Some(measured), .. }) = &standing {
            self.twins.add(photo, measured.fingerprint);
        }
        self.standings[photo] = standing;
        if self.is_still {
            self.late += 1;
        } else {
            self.sort();
        }
    }

    /// Another network answers from now on: all are asked about again. The decisions stay.
    pub fn forget_answers(&mut self) {
        self.standings.fill(Standing::Waiting);
        self.twins = Twins::new(self.standings.len());
        self.settled = 0;
        self.line_up();
        self.rank();
    }

    /// Decisions are carried out: photos are now elsewhere, or gone. The decisions on them are over; returns their entries'
    /// numbers in the journal. Who is elsewhere has another label and is asked about again, as is everybody who was asked
    /// about and has no answer yet.
    pub fn carried_out(&mut self, moved: Vec<(usize, Option<(String, P)>)>) -> Vec<u64> {
        if moved.is_empty() {
            self.line_up();
            return Vec::new();
        }
        let done: Vec<_> = moved.iter().map(|(photo, _)| *photo).collect();
        for &photo in &done {
            self.standings[photo] = Standing::Waiting;
            self.twins.forget(photo);
        }
        let numbers = self.folder.relocate(moved);
        let mut standings = vec![Standing::Waiting; self.folder.photos.len()];
        for (standing, number) in std::mem::take(&mut self.standings).into_iter().zip(&numbers) {
            if let Some(number) = number {
                standings[*number] = standing;
            }
        }
        self.settled = standings.iter().filter(|standing| **standing != Standing::Waiting).count();
        self.standings = standings;
        self.twins = self.twins.renumbered(&numbers);
        let decisions = std::mem::replace(&mut self.decisions, Decisions::new(0));
        let (decisions, over) = decisions.carried_out(&done, &numbers);
        self.decisions = decisions;
        self.line_up();
        self.rank();
        over
    }

    /// The photos that nearly equal one, nearest first.
    pub fn twins(&self, photo: usize) -> Vec<usize> {
        self.twins.of(photo).into_iter().map(|(other, _)| other).collect()
    }

    /// How many photos have their answer or refusal, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.settled, self.standings.len())
    }

    pub fn order(&self) -> Order {
        self.order
    }

    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// Begins at the top of another list.
    pub fn show(&mut self, filter: Filter, order: Order) {
        (self.filter, self.order) = (filter, order);
        self.rank();
    }

    /// Begins at the top again, with all answers that have come meanwhile.
    pub fn rank(&mut self) {
        (self.late, self.is_still, self.current, self.top) = (0, false, None, 0);
        self.sort();
    }

    /// How many photos the list lacks since it stands still.
    pub fn late(&self) -> usize {
        self.late
    }

    fn sort(&mut self) {
        let (filter, order, standings) = (self.filter, self.order, &self.standings);
        let is_shown = |&photo: &usize| match filter {
            Filter::All => standings[photo] != Standing::Waiting,
            Filter::Label(label) => {
                self.folder.photos[photo].label == label && standings[photo] != Standing::Waiting
            }
            Filter::Decided => self.decisions.of(photo).is_some(),
            Filter::Refused => matches!(standings[photo], Standing::Refused(_)),
        };
        self.shown = (0..standings.len()).filter(is_shown).collect();
        let groups = match order {
            Order::Twins => self.twins.places(|photo| self.folder.photos[photo].label),
            Order::Loss | Order::Margin | Order::Disagreement | Order::Blur => Vec::new(),
        };
        self.shown.sort_by(|&a, &b| match (&standings[a], &standings[b]) {
            (Standing::Judged(first), Standing::Judged(second)) => {
                groups.get(a).cmp(&groups.get(b)).then_with(|| order.compare(first, second))
            }
            // What has no place among the ranked comes after them.
            (a, b) => matches!(b, Standing::Judged(_)).cmp(&matches!(a, Standing::Judged(_))),
        });
    }

    /// The page's first place in the list, its photos, and the length of the list.
    pub fn page(&self) -> (usize, &[usize], usize) {
        let end = self.shown.len().min(self.top + Self::PAGE);
        (self.top, &self.shown[self.top.min(end)..end], self.shown.len())
    }

    /// Turns pages.
    pub fn turn(&mut self, forward: bool) {
        let next = if forward { self.top + Self::PAGE } else { self.top.saturating_sub(Self::PAGE) };
        if next < self.shown.len() {
            self.top = next;
            self.is_still = true;
        }
    }

    /// The photo that is looked at and its place in the list.
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

    /// Looks at the next photo or the one before; at first, at the first that is not decided on.
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

    /// Looks at the first photo from that place on that is not decided on; if there is none, at the last.
    fn go_on(&mut self, from: usize) {
        let rest = self.shown.iter().skip(from);
        let undecided = rest.copied().find(|&photo| self.decisions.of(photo).is_none());
        if let Some(photo) = undecided.or(self.shown.last().copied()) {
            self.look_at(photo);
        }
    }

    /// The label that the network proposes for a photo: another than its own that has a folder.
    pub fn proposal(&self, photo: usize) -> Option<&str> {
        let Standing::Judged(judgement) = &self.standings[photo] else { return None };
        let other = &judgement.predicted;
        (other != self.folder.label_of(photo) && self.folder.labels.contains(other)).then_some(other)
    }

    /// What the journal is to say.
    pub fn entry(&self, photo: usize, decision: &Decision) -> Entry {
        let Photo { file, bytes, .. } = &self.folder.photos[photo];
        Entry { file: file.clone(), bytes: *bytes, decision: decision.clone() }
    }

    /// Decides on the photo that is looked at, and looks at the next that is not decided on. `number`: that of the entry
    /// in the journal.
    pub fn decide(&mut self, decision: Decision, number: Option<u64>) {
        if let Some((photo, place)) = self.current() {
            self.decisions.decide(photo, decision, number);
            self.go_on(place.map_or(0, |place| place + 1));
        }
    }

    /// Takes the last decision back and looks at its photo; returns that and the entry's number in the journal.
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
        // Of six photos, the first and the third are twins, and so are the second and the fifth.
        let kind = [0, 1, 0, 2, 1, 3][photo % 6];
        let words: Vec<_> = (0..8).map(|word| if word == kind { u32::MAX } else { 0 }).collect();
        let measured = serde_json::json!({ "sharpness": 50.0 + number, "fingerprint": words });
        let measured = serde_json::from_value(measured).unwrap();
        let judgement = Judgement::of(&serde_json::from_str(&said).unwrap(), label, Some(measured));
        review.settle(photo, Standing::Judged(judgement));
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
        review.settle(4, Standing::Refused("No photo.".into()));
        assert_eq!(files(&review).last(), Some(&"b/0001.jpg"), "the refused come last");
        review.show(Filter::Label(1), Order::Margin);
        assert_eq!(files(&review), ["b/0002.jpg", "b/0000.jpg", "b/0001.jpg"]);
        review.show(Filter::Refused, Order::Loss);
        assert_eq!(files(&review), ["b/0001.jpg"]);
        review.look_at(4);
        review.decide(Decision::Delete, None);
        assert_eq!(current(&review), "b/0001.jpg", "there is no other");
        review.show(Filter::Decided, Order::Loss);
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
    fn twins_come_together_and_blurred_photos_first() {
        let mut review = review(6);
        review.show(Filter::All, Order::Twins);
        answer_all(&mut review);
        assert_eq!(
            files(&review),
            ["a/0001.jpg", "b/0001.jpg", "a/0002.jpg", "a/0000.jpg", "b/0002.jpg", "b/0000.jpg"]
        );
        assert_eq!((review.twins(1), review.twins(2), review.twins(3)), (vec![4], vec![0], vec![]));
        review.show(Filter::Label(0), Order::Blur);
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
        assert_eq!((0..5).flat_map(|photo| review.twins(photo)).count(), 0);
        let moved = review.next_to_ask().expect("a photo to ask about");
        assert_eq!(review.folder().photos[moved].file, "b/0001-a.jpg");
        assert_eq!((review.folder().label_of(moved), review.progress()), ("b", (4, 5)));
        assert_eq!(review.next_to_ask(), None);
        // Who was asked when it happened is asked again, too.
        review.settle(moved, Standing::Refused("No photo.".into()));
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
