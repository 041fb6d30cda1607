//! Which photo is asked about next, by which worker, and what becomes of it when that worker dies.

use std::collections::VecDeque;

/// Names one photo in the page's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub u32);

/// How often a photo is tried before it is refused.
const ATTEMPTS: u8 = 2;

#[derive(Debug)]
struct Job<P> {
    id: ItemId,
    payload: P,
    attempts: u8,
}

/// What a worker is doing.
#[derive(Debug)]
enum Current<P> {
    Job(Job<P>),
    /// It still computes an answer that nobody wants any more.
    Cancelled(ItemId),
}

impl<P> Current<P> {
    fn id(&self) -> ItemId {
        match self {
            Self::Job(Job { id, .. }) | Self::Cancelled(id) => *id,
        }
    }
}

/// What a worker's death means for the photo it had.
#[derive(Debug, PartialEq, Eq)]
pub enum Death {
    /// It had none.
    Idle,
    /// It is first in the queue again.
    Retried(ItemId),
    /// It was tried often enough and is dropped.
    GivenUp(ItemId),
}

/// Photos in the order in which they came; each worker, which goes by a number, has one at a time.
#[derive(Debug)]
pub struct Queue<P> {
    waiting: VecDeque<Job<P>>,
    /// What each worker that is not idle does; they are few.
    busy: Vec<(u32, Current<P>)>,
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), busy: Vec::new() }
    }
}

impl<P: Clone> Queue<P> {
    /// Adds a photo at the end.
    pub fn push(&mut self, id: ItemId, payload: P) {
        self.waiting.push_back(Job { id, payload, attempts: 0 });
    }

    /// Gives a worker its next photo, if it is idle and one waits.
    pub fn take_next(&mut self, worker: u32) -> Option<(ItemId, P)> {
        if self.is_busy(worker) {
            return None;
        }
        let mut job = self.waiting.pop_front()?;
        job.attempts += 1;
        let next = (job.id, job.payload.clone());
        self.busy.push((worker, Current::Job(job)));
        Some(next)
    }

    /// Forgets a photo. One that is with a worker is finished there, and its answer ignored.
    pub fn cancel(&mut self, id: ItemId) {
        self.waiting.retain(|job| job.id != id);
        if let Some((_, current)) = self.busy.iter_mut().find(|(_, current)| current.id() == id) {
            *current = Current::Cancelled(id);
        }
    }

    /// A worker answered; says whether the answer is still wanted.
    pub fn answered(&mut self, worker: u32, id: ItemId) -> bool {
        let is_meant = |(busy, current): &(u32, Current<P>)| *busy == worker && current.id() == id;
        let Some(index) = self.busy.iter().position(is_meant) else { return false };
        matches!(self.busy.swap_remove(index), (_, Current::Job(_)))
    }

    /// All workers are ended, through no fault of their photos, which come first again.
    pub fn interrupt(&mut self) {
        self.busy.sort_by_key(|(_, current)| current.id());
        while let Some((_, current)) = self.busy.pop() {
            if let Current::Job(job) = current {
                self.waiting.push_front(Job { attempts: job.attempts - 1, ..job });
            }
        }
    }

    /// A worker is gone, whatever it was doing.
    pub fn died(&mut self, worker: u32) -> Death {
        let index = self.busy.iter().position(|(busy, _)| *busy == worker);
        match index.map(|index| self.busy.swap_remove(index).1) {
            Some(Current::Job(job)) if job.attempts >= ATTEMPTS => Death::GivenUp(job.id),
            Some(Current::Job(job)) => {
                let id = job.id;
                self.waiting.push_front(job);
                Death::Retried(id)
            }
            Some(Current::Cancelled(_)) | None => Death::Idle,
        }
    }

    /// Whether a worker has something to do.
    pub fn is_busy(&self, worker: u32) -> bool {
        self.busy.iter().any(|(busy, _)| *busy == worker)
    }

    /// How many photos wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(ids: &[u32]) -> Queue<String> {
        let mut queue = Queue::default();
        for &id in ids {
            queue.push(ItemId(id), format!("{id}.jpg"));
        }
        queue
    }

    fn next(queue: &mut Queue<String>, worker: u32) -> Option<u32> {
        queue.take_next(worker).map(|(id, _)| id.0)
    }

    #[test]
    fn photos_are_asked_one_at_a_time_in_order() {
        let mut queue = queue(&[1, 2]);
        assert_eq!(queue.take_next(1), Some((ItemId(1), "1.jpg".to_string())));
        assert_eq!(next(&mut queue, 1), None, "the worker is busy");
        assert!(queue.answered(1, ItemId(1)));
        assert_eq!(next(&mut queue, 1), Some(2));
        assert!(queue.answered(1, ItemId(2)));
        assert_eq!(next(&mut queue, 1), None);
        assert!(!queue.is_busy(1));
    }

    #[test]
    fn each_worker_has_a_photo_of_its_own() {
        let mut queue = queue(&[1, 2, 3]);
        assert_eq!((next(&mut queue, 1), next(&mut queue, 2)), (Some(1), Some(2)));
        assert!(!queue.answered(1, ItemId(2)), "that photo is another worker's");
        assert!(queue.answered(2, ItemId(2)), "the second may be the first to answer");
        assert_eq!(next(&mut queue, 2), Some(3));
        assert_eq!(queue.died(2), Death::Retried(ItemId(3)));
        assert!(queue.answered(1, ItemId(1)), "another's death is nothing to the first");
        assert_eq!(next(&mut queue, 1), Some(3), "any worker may take up what another has dropped");
    }

    #[test]
    fn a_waiting_photo_that_is_cancelled_is_never_asked() {
        let mut queue = queue(&[1, 2, 3]);
        next(&mut queue, 1);
        queue.cancel(ItemId(2));
        queue.answered(1, ItemId(1));
        assert_eq!(next(&mut queue, 1), Some(3));
    }

    #[test]
    fn the_answer_of_a_cancelled_photo_is_ignored_and_the_next_is_asked() {
        let mut queue = queue(&[1, 2]);
        next(&mut queue, 1);
        queue.cancel(ItemId(1));
        assert_eq!(next(&mut queue, 1), None, "the worker still computes");
        assert!(!queue.answered(1, ItemId(1)));
        assert_eq!(next(&mut queue, 1), Some(2));
    }

    #[test]
    fn a_photo_whose_worker_died_is_tried_once_more_before_the_others() {
        let mut queue = queue(&[1, 2]);
        next(&mut queue, 1);
        assert_eq!(queue.died(1), Death::Retried(ItemId(1)));
        assert_eq!(next(&mut queue, 2), Some(1));
        assert_eq!(queue.died(2), Death::GivenUp(ItemId(1)));
        assert_eq!(next(&mut queue, 3), Some(2));
    }

    #[test]
    fn photos_whose_workers_were_ended_lose_neither_attempt_nor_place() {
        let mut queue = queue(&[1, 2, 3]);
        for _ in 0..3 {
            assert_eq!((next(&mut queue, 2), next(&mut queue, 1)), (Some(1), Some(2)));
            queue.interrupt();
        }
        assert_eq!(next(&mut queue, 1), Some(1));
        assert_eq!(queue.died(1), Death::Retried(ItemId(1)));
    }

    #[test]
    fn a_death_while_idle_or_over_a_cancelled_photo_costs_nothing() {
        let mut queue = queue(&[1, 2]);
        assert_eq!(queue.died(1), Death::Idle);
        next(&mut queue, 1);
        queue.cancel(ItemId(1));
        assert_eq!(queue.died(1), Death::Idle);
        assert_eq!(next(&mut queue, 1), Some(2));
    }

    #[test]
    fn an_answer_nobody_asked_for_changes_nothing() {
        let mut queue = queue(&[1]);
        assert!(!queue.answered(1, ItemId(9)));
        next(&mut queue, 1);
        assert!(!queue.answered(1, ItemId(9)));
        assert!(queue.is_busy(1));
    }
}
