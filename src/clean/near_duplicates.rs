use crate::photo::Fingerprint;

/// Which photos are near-duplicates of which. Each is compared with all before when its fingerprint comes, so that the work is
/// spread over time.
#[derive(Clone, Debug)]
pub struct NearDuplicates {
    fingerprints: Vec<Option<Fingerprint>>,
    /// By photo: an earlier one of its group, or itself. Following the links leads to the group's first photo.
    links: Vec<usize>,
}

/// The group of near-duplicates that a photo belongs to, named by its first photo. Ordered as shown: smaller is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grouping {
    /// Its photos have several labels.
    AcrossLabels(usize),
    /// All its photos have the same label.
    WithinLabel(usize),
    /// The photo has no near-duplicates.
    Alone,
}

impl NearDuplicates {
    /// Without any fingerprint yet. `photos`: their number.
    pub fn new(photos: usize) -> Self {
        Self { fingerprints: vec![None; photos], links: (0..photos).collect() }
    }

    /// A photo's fingerprint has come.
    pub fn add(&mut self, photo: usize, fingerprint: Fingerprint) {
        self.fingerprints[photo] = Some(fingerprint);
        for (other, _) in self.of(photo) {
            self.link(photo, other);
        }
    }

    /// A photo has changed, or is gone.
    pub fn forget(&mut self, photo: usize) {
        self.fingerprints[photo] = None;
    }

    /// The near-duplicates of a photo, each with the number of bits that differ, nearest first.
    pub fn of(&self, photo: usize) -> Vec<(usize, u32)> {
        let Some(own) = self.fingerprints[photo] else { return Vec::new() };
        let others = self.fingerprints.iter().enumerate().filter(|(other, _)| *other != photo);
        let mut near: Vec<_> = others
            .filter_map(|(other, fingerprint)| Some((other, (*fingerprint)?)))
            .filter(|(_, fingerprint)| fingerprint.is_near(own))
            .map(|(other, fingerprint)| (other, fingerprint.distance(own)))
            .collect();
        near.sort_by_key(|(_, distance)| *distance);
        near
    }

    /// The group of every photo. Each photo of a group is a near-duplicate of another in it. `label`: that of a photo.
    pub fn groups(&self, label: impl Fn(usize) -> usize) -> Vec<Grouping> {
        let photos = self.links.len();
        let firsts: Vec<_> = (0..photos).map(|photo| self.first(photo)).collect();
        let (mut is_group, mut is_across) = (vec![false; photos], vec![false; photos]);
        for (photo, &first) in firsts.iter().enumerate() {
            is_group[first] |= photo != first;
            is_across[first] |= label(photo) != label(first);
        }
        let place = |first: usize| match (is_across[first], is_group[first]) {
            (true, _) => Grouping::AcrossLabels(first),
            (false, true) => Grouping::WithinLabel(first),
            (false, false) => Grouping::Alone,
        };
        firsts.into_iter().map(place).collect()
    }

    /// The same after photos were renumbered. `numbers`: the new index of each, `None` if it is gone.
    pub fn renumbered(&self, numbers: &[Option<usize>]) -> Self {
        let mut near = Self::new(numbers.iter().flatten().count());
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); numbers.len()];
        for (photo, number) in numbers.iter().enumerate() {
            let (Some(number), Some(fingerprint)) = (*number, self.fingerprints[photo]) else { continue };
            near.fingerprints[number] = Some(fingerprint);
            // A photo that is gone may have been the link between two others.
            let group = &mut groups[self.first(photo)];
            for &other in &*group {
                if near.fingerprints[other].is_some_and(|other| other.is_near(fingerprint)) {
                    near.link(number, other);
                }
            }
            group.push(number);
        }
        near
    }

    fn link(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.links[a.max(b)] = a.min(b);
    }

    fn first(&self, mut photo: usize) -> usize {
        while self.links[photo] != photo {
            photo = self.links[photo];
        }
        photo
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// With the first `bits` bits set.
    fn fingerprint(bits: u32) -> Fingerprint {
        let text: Vec<u32> =
            (0..8).map(|word| ((1u64 << bits.saturating_sub(32 * word).min(32)) - 1) as u32).collect();
        serde_json::from_value(serde_json::json!(text)).unwrap()
    }

    fn of(bits: &[u32]) -> NearDuplicates {
        let mut near = NearDuplicates::new(bits.len());
        for (photo, &bits) in bits.iter().enumerate() {
            near.add(photo, fingerprint(bits));
        }
        near
    }

    #[test]
    fn near_photos_are_found_nearest_first() {
        let near = of(&[0, 100, 14, 3, 15]);
        assert_eq!(near.of(0), [(3, 3), (2, 14)]);
        assert_eq!(near.of(1), []);
        assert_eq!(NearDuplicates::new(3).of(1), []);
    }

    #[test]
    fn groups_under_several_labels_come_first() {
        use Grouping::*;
        let near = of(&[0, 100, 200, 102, 10, 20]);
        // 0, 4 and 5 are of one group: 0 and 5 by way of 4.
        let labels = [1, 1, 1, 2, 1, 1];
        let groups = near.groups(|photo| labels[photo]);
        assert_eq!(
            groups,
            [WithinLabel(0), AcrossLabels(1), Alone, AcrossLabels(1), WithinLabel(0), WithinLabel(0)]
        );
        assert!(AcrossLabels(9) < WithinLabel(0) && WithinLabel(9) < Alone);
    }

    #[test]
    fn what_is_left_of_a_group_is_grouped_anew() {
        use Grouping::*;
        let near = of(&[0, 100, 10, 102, 20]);
        let left = near.renumbered(&[Some(3), Some(0), None, Some(1), Some(2)]);
        assert_eq!(left.groups(|_| 0), [WithinLabel(0), WithinLabel(0), Alone, Alone]);
        assert_eq!(left.of(1), [(0, 2)]);
        let left = near.renumbered(&[Some(2), None, Some(1), None, Some(0)]);
        assert_eq!(left.groups(|photo| photo), [AcrossLabels(0); 3]);
    }

    #[test]
    fn thousands_are_compared_in_no_time() {
        let (mut state, mut near) = (1u32, NearDuplicates::new(5000));
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state ^ state >> 15
        };
        let (begin, mut longest) = (Instant::now(), 0f64);
        for photo in 0..5000 {
            let words: Vec<_> = (0..8).map(|_| random()).collect();
            let fingerprint = serde_json::from_value(serde_json::json!(words)).unwrap();
            let begin = Instant::now();
            near.add(photo, fingerprint);
            longest = longest.max(begin.elapsed().as_secs_f64());
        }
        let all = begin.elapsed().as_secs_f64();
        println!(
            "5,000 photos are compared in {all:.2} s, one with all others in {:.2} ms.",
            longest * 1000.0
        );
        assert!(all < 30.0);
    }
}
