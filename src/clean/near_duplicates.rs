use crate::photo::Fingerprint;

/// Which photos nearly equal which. Each is compared with all before it when its fingerprint comes, so that the work is
/// spread over the answers.
#[derive(Clone, Debug)]
pub struct Twins {
    fingerprints: Vec<Option<Fingerprint>>,
    /// Another of the photo's group that comes before it, or itself: who follows this comes to the group's first.
    links: Vec<usize>,
}

/// A photo's place among near-duplicates: the lesser, the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Twinship {
    /// In a group under more than one label: the group's first photo.
    Across(usize),
    /// In a group under one label.
    Within(usize),
    Alone,
}

impl Twins {
    /// None known yet, of so many photos.
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

    /// A photo is not what it was, or is gone.
    pub fn forget(&mut self, photo: usize) {
        self.fingerprints[photo] = None;
    }

    /// The photos that nearly equal one, with the bits in which they differ, nearest first.
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

    /// Every photo's place. Photos are of one group if each nearly equals another of it.
    pub fn places(&self, label: impl Fn(usize) -> usize) -> Vec<Twinship> {
        let photos = self.links.len();
        let firsts: Vec<_> = (0..photos).map(|photo| self.first(photo)).collect();
        let (mut is_group, mut is_across) = (vec![false; photos], vec![false; photos]);
        for (photo, &first) in firsts.iter().enumerate() {
            is_group[first] |= photo != first;
            is_across[first] |= label(photo) != label(first);
        }
        let place = |first: usize| match (is_across[first], is_group[first]) {
            (true, _) => Twinship::Across(first),
            (false, true) => Twinship::Within(first),
            (false, false) => Twinship::Alone,
        };
        firsts.into_iter().map(place).collect()
    }

    /// The same once photos have other numbers: `numbers` has each one's, `None` where it is gone.
    pub fn renumbered(&self, numbers: &[Option<usize>]) -> Self {
        let mut twins = Self::new(numbers.iter().flatten().count());
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); numbers.len()];
        for (photo, number) in numbers.iter().enumerate() {
            let (Some(number), Some(fingerprint)) = (*number, self.fingerprints[photo]) else { continue };
            twins.fingerprints[number] = Some(fingerprint);
            // Who is gone may have been what linked two others.
            let group = &mut groups[self.first(photo)];
            for &other in &*group {
                if twins.fingerprints[other].is_some_and(|other| other.is_near(fingerprint)) {
                    twins.link(number, other);
                }
            }
            group.push(number);
        }
        twins
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

    /// With so many of the first bits set.
    fn fingerprint(bits: u32) -> Fingerprint {
        let text: Vec<u32> =
            (0..8).map(|word| ((1u64 << bits.saturating_sub(32 * word).min(32)) - 1) as u32).collect();
        serde_json::from_value(serde_json::json!(text)).unwrap()
    }

    fn twins(bits: &[u32]) -> Twins {
        let mut twins = Twins::new(bits.len());
        for (photo, &bits) in bits.iter().enumerate() {
            twins.add(photo, fingerprint(bits));
        }
        twins
    }

    #[test]
    fn near_photos_are_found_nearest_first() {
        let twins = twins(&[0, 100, 14, 3, 15]);
        assert_eq!(twins.of(0), [(3, 3), (2, 14)]);
        assert_eq!(twins.of(1), []);
        assert_eq!(Twins::new(3).of(1), []);
    }

    #[test]
    fn groups_under_several_labels_come_first() {
        use Twinship::*;
        let twins = twins(&[0, 100, 200, 102, 10, 20]);
        // 0, 4 and 5 are of one group: 0 and 5 by way of 4.
        let labels = [1, 1, 1, 2, 1, 1];
        let places = twins.places(|photo| labels[photo]);
        assert_eq!(places, [Within(0), Across(1), Alone, Across(1), Within(0), Within(0)]);
        assert!(Across(9) < Within(0) && Within(9) < Alone);
    }

    #[test]
    fn what_is_left_of_a_group_is_grouped_anew() {
        use Twinship::*;
        let twins = twins(&[0, 100, 10, 102, 20]);
        let left = twins.renumbered(&[Some(3), Some(0), None, Some(1), Some(2)]);
        assert_eq!(left.places(|_| 0), [Within(0), Within(0), Alone, Alone]);
        assert_eq!(left.of(1), [(0, 2)]);
        let left = twins.renumbered(&[Some(2), None, Some(1), None, Some(0)]);
        assert_eq!(left.places(|photo| photo), [Across(0); 3]);
    }

    #[test]
    fn thousands_are_compared_in_no_time() {
        let (mut state, mut twins) = (1u32, Twins::new(5000));
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state ^ state >> 15
        };
        let (begin, mut longest) = (Instant::now(), 0f64);
        for photo in 0..5000 {
            let words: Vec<_> = (0..8).map(|_| random()).collect();
            let fingerprint = serde_json::from_value(serde_json::json!(words)).unwrap();
            let begin = Instant::now();
            twins.add(photo, fingerprint);
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
