//! Which photo is asked about next, and what becomes of it when its worker dies.

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

/// What the worker is doing.
#[derive(Debug)]
enum Current<P> {
    Idle,
    Job(Job<P>),
    /// It still computes an answer that nobody wants any more.
    Cancelled(ItemId),
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

/// Photos in the order in which they came, one at a time with the worker.
#[derive(Debug)]
pub struct Queue<P> {
    waiting: VecDeque<Job<P>>,
    current: Current<P>,
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), current: Current::Idle }
    }
}

impl<P> Queue<P> {
    /// Adds a photo at the end.
    pub fn push(&mut self, id: ItemId, payload: P) {
        self.waiting.push_back(Job { id, payload, attempts: 0 });
    }

    /// Gives the worker its next photo, if it is idle and one waits.
    pub fn take_next(&mut self) -> Option<(ItemId, &P)> {
        if !matches!(self.current, Current::Idle) {
            return None;
        }
        let mut job = self.waiting.pop_front()?;
        job.attempts += 1;
        self.current = Current::Job(job);
        match &self.current {
            Current::Job(job) => Some((job.id, &job.payload)),
            _ => None,
        }
    }

    /// Forgets a photo. One that is with the worker is finished there, and its answer ignored.
    pub fn cancel(&mut self, id: ItemId) {
        self.waiting.retain(|job| job.id != id);
        if matches!(&self.current, Current::Job(job) if job.id == id) {
            self.current = Current::Cancelled(id);
        }
    }

    /// The worker answered; says whether the answer is still wanted.
    pub fn answered(&mut self, id: ItemId) -> bool {
        match &self.current {
            Current::Job(job) if job.id == id => {
                self.current = Current::Idle;
                true
            }
            Current::Cancelled(cancelled) if *cancelled == id => {
                self.current = Current::Idle;
                false
            }
            _ => false,
        }
    }

    /// The worker is ended, through no fault of its photo, which comes first again.
    pub fn interrupt(&mut self) {
        if let Current::Job(mut job) = std::mem::replace(&mut self.current, Current::Idle) {
            job.attempts -= 1;
            self.waiting.push_front(job);
        }
    }

    /// The worker is gone, whatever it was doing.
    pub fn died(&mut self) -> Death {
        match std::mem::replace(&mut self.current, Current::Idle) {
            Current::Job(job) if job.attempts >= ATTEMPTS => Death::GivenUp(job.id),
            Current::Job(job) => {
                let id = job.id;
                self.waiting.push_front(job);
                Death::Retried(id)
            }
            Current::Idle | Current::Cancelled(_) => Death::Idle,
        }
    }

    /// Whether the worker has something to do.
    pub fn is_busy(&self) -> bool {
        !matches!(self.current, Current::Idle)
    }

    /// Whether photos wait.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
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

    fn next(queue: &mut Queue<String>) -> Option<u32> {
        queue.take_next().map(|(id, _)| id.0)
    }

    #[test]
    fn photos_are_asked_one_at_a_time_in_order() {
        let mut queue = queue(&[1, 2]);
        assert_eq!(queue.take_next(), Some((ItemId(1), &"1.jpg".to_string())));
        assert_eq!(next(&mut queue), None, "the worker is busy");
        assert!(queue.answered(ItemId(1)));
        assert_eq!(next(&mut queue), Some(2));
        assert!(queue.answered(ItemId(2)));
        assert_eq!(next(&mut queue), None);
        assert!(!queue.is_busy());
    }

    #[test]
    fn a_waiting_photo_that_is_cancelled_is_never_asked() {
        let mut queue = queue(&[1, 2, 3]);
        next(&mut queue);
        queue.cancel(ItemId(2));
        queue.answered(ItemId(1));
        assert_eq!(next(&mut queue), Some(3));
    }

    #[test]
    fn the_answer_of_a_cancelled_photo_is_ignored_and_the_next_is_asked() {
        let mut queue = queue(&[1, 2]);
        next(&mut queue);
        queue.cancel(ItemId(1));
        assert_eq!(next(&mut queue), None, "the worker still computes");
        assert!(!queue.answered(ItemId(1)));
        assert_eq!(next(&mut queue), Some(2));
    }

    #[test]
    fn a_photo_whose_worker_died_is_tried_once_more_before_the_others() {
        let mut queue = queue(&[1, 2]);
        next(&mut queue);
        assert_eq!(queue.died(), Death::Retried(ItemId(1)));
        assert_eq!(next(&mut queue), Some(1));
        assert_eq!(queue.died(), Death::GivenUp(ItemId(1)));
        assert_eq!(next(&mut queue), Some(2));
    }

    #[test]
    fn a_photo_whose_worker_was_ended_loses_no_attempt() {
        let mut queue = queue(&[1, 2]);
        for _ in 0..3 {
            assert_eq!(next(&mut queue), Some(1));
            queue.interrupt();
        }
        assert_eq!(next(&mut queue), Some(1));
        assert_eq!(queue.died(), Death::Retried(ItemId(1)));
    }

    #[test]
    fn a_death_while_idle_or_over_a_cancelled_photo_costs_nothing() {
        let mut queue = queue(&[1, 2]);
        assert_eq!(queue.died(), Death::Idle);
        next(&mut queue);
        queue.cancel(ItemId(1));
        assert_eq!(queue.died(), Death::Idle);
        assert_eq!(next(&mut queue), Some(2));
    }

    #[test]
    fn an_answer_nobody_asked_for_changes_nothing() {
        let mut queue = queue(&[1]);
        assert!(!queue.answered(ItemId(9)));
        next(&mut queue);
        assert!(!queue.answered(ItemId(9)));
        assert!(queue.is_busy());
    }
}
