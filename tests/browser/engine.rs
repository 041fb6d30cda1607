//! The engine loads late, fails, dies, hangs or was ended while idle.

use crate::{
    harness::{CODE, Fault, MODEL, Page, SCRIPT, Visit},
    pictures::{jpeg, shirt},
};

/// Appended to the worker's script: the worker dies at its first photo.
const DIES: Fault = Fault::Appended(
    "addEventListener('message', (event) => {
       if (!event.data.Classify) return;
       event.stopImmediatePropagation();
       throw new Error('The test ends this worker.');
     });",
);

/// The worker dies at its fifth photo.
const DIES_OVER_ITS_FIFTH: Fault = Fault::Appended(
    "let photos = 0;
     addEventListener('message', (event) => {
       if (!event.data.Classify || ++photos < 5) return;
       event.stopImmediatePropagation();
       throw new Error('The test ends this worker.');
     });",
);

/// The worker never answers.
const HANGS: Fault = Fault::Appended(
    "addEventListener('message', (event) => { if (event.data.Classify) event.stopImmediatePropagation(); });",
);

/// Lets a test skip a minute: `aMinutePasses()` runs all timers that are due within a minute.
const MINUTES: &str = "
    const [set, clear, due] = [setTimeout, clearTimeout, new Map()];
    window.setTimeout = (run, delay, ...rest) => {
      const id = set(run, delay, ...rest);
      if (delay === 60000) due.set(id, run);
      return id;
    };
    window.clearTimeout = (id) => { due.delete(id); clear(id); };
    window.aMinutePasses = () => {
      const runs = [...due];
      for (const [id, run] of runs) { clearTimeout(id); run(); }
      return runs.length;
    };";

fn pick_two(page: &Page) {
    let first = page.file("first.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])));
    let second = page.file("second.jpg", &jpeg(&shirt(300, 400, [150, 40, 60])));
    page.pick(&[first, second]);
}

fn a_minute_passes(page: &Page) {
    assert!(page.run::<usize>("return aMinutePasses();") > 0, "no timer was due within a minute");
}

#[test]
fn the_page_can_be_used_before_the_engine_has_come() {
    let page = Visit::to("/").with(CODE, Fault::HeldAfter(0.0)).with(MODEL, Fault::HeldAfter(0.0)).open();
    let seen = page.wait_until("the page is there", |seen| seen.loading.is_some());
    assert_eq!(seen.heading.as_deref(), Some("What garment is this?"));
    assert_eq!(seen.failed, None);
    pick_two(&page);
    let seen = page.wait_until("the photos are shown", |seen| seen.cards.iter().all(|card| card.preview));
    assert_eq!(seen.cards.len(), 2);
    page.server.release();
    page.answers(2);
}

#[test]
fn the_progress_bar_tells_the_truth_to_its_end() {
    let page = Visit::to("/")
        .with(MODEL, Fault::HeldAfter(0.5))
        .after_script(
            "window.progress = [];
             (function look() {
               const value = document.getElementById('loading')?.value;
               if (value !== undefined && value !== progress.at(-1)) progress.push(value);
               requestAnimationFrame(look);
             })();",
        )
        .open();
    let mut last = None;
    let held = page.wait_until("the bar stands still", |seen| {
        let still = seen.loading.is_some_and(|value| value > 0.0) && seen.loading == last;
        last = seen.loading;
        still && page.server.requests().iter().any(|path| path.contains("clothing-"))
    });
    assert!(held.loading.is_some_and(|value| value < 100.0), "half of the model is missing: {held:?}");
    page.server.release();
    page.wait_for_engine();
    assert_eq!(page.snapshot().loading, None, "the bar goes when the engine is ready");
    let values: Vec<f64> = page.run("return progress;");
    assert!(values.is_sorted(), "{values:?}");
    assert_eq!(values.last(), Some(&100.0), "{values:?}");
}

/// A visit on which the engine fails to load: the page says so, keeps the photos and lets the visitor try again.
#[track_caller]
fn fails_then_recovers(visit: Visit, cause: &str, remedy: &str) {
    let page = visit.open();
    page.excuse("Failed to load resource");
    page.excuse("engine-"); // what the browser itself says of a worker that cannot start
    pick_two(&page);
    let seen = page.wait_until("the failure is shown", |seen| seen.failed.is_some());
    let words = seen.failed.unwrap_or_default();
    assert!(words.contains(cause) && words.contains(remedy), "{words}");
    assert!(seen.cards.iter().all(|card| card.state == "waiting"), "{:?}", seen.cards);
    assert_eq!(seen.loading, None);

    page.click(".failed button");
    let cards = page.answers(2);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert_eq!(page.snapshot().failed, None);
}

#[test]
fn a_cut_download_can_be_tried_again() {
    let visit = Visit::to("/").with(MODEL, Fault::CutAfter(0.5));
    fails_then_recovers(visit, "could not be loaded", "the photos you picked are kept");
}

#[test]
fn cut_code_can_be_tried_again() {
    let visit = Visit::to("/").with(CODE, Fault::CutAfter(0.5));
    fails_then_recovers(visit, "could not be loaded", "the photos you picked are kept");
}

#[test]
fn a_missing_file_can_be_tried_again() {
    let visit = Visit::to("/").with(MODEL, Fault::Status(404));
    fails_then_recovers(visit, "missing on the server (status 404)", "newer version");
}

#[test]
fn a_broken_model_can_be_tried_again() {
    let visit = Visit::to("/").with(MODEL, Fault::Replaced("This is no network."));
    fails_then_recovers(visit, "The network's file cannot be used", "Reload the page");
}

#[test]
fn a_worker_that_does_not_start_can_be_tried_again() {
    // Once while code and model are still loading, which is handled silently.
    let visit = Visit::to("/").with_times(3, SCRIPT, Fault::Status(500));
    fails_then_recovers(visit, "stopped while starting", "try again");
}

#[test]
fn a_worker_that_fails_to_start_once_is_replaced_unnoticed() {
    let page = Visit::to("/").with(SCRIPT, Fault::Status(500)).open();
    page.excuse("Failed to load resource");
    pick_two(&page);
    page.wait_until("all are answered and nothing has failed", |seen| {
        assert_eq!(seen.failed, None);
        seen.cards.len() == 2 && seen.cards.iter().all(|card| card.state == "done")
    });
    assert_eq!(page.workers(), 2);
}

#[test]
fn a_photo_over_which_the_worker_dies_is_tried_again() {
    let page = Visit::to("/").with(SCRIPT, DIES).open();
    page.excuse("The test ends this worker.");
    page.wait_for_engine();
    pick_two(&page);
    let cards = page.answers(2);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert_eq!(page.snapshot().failed, None);
    assert_eq!(page.workers(), 2);
}

#[test]
fn a_photo_over_which_the_worker_dies_twice_is_refused_and_the_others_are_answered() {
    let page = Visit::to("/").with_times(2, SCRIPT, DIES).open();
    page.excuse("The test ends this worker.");
    page.wait_for_engine();
    pick_two(&page);
    let cards = page.answers(2);
    assert_eq!(cards[0].state, "refused", "{cards:?}");
    assert!(
        cards[0].words().contains("more memory") && cards[0].words().contains("Save it smaller"),
        "{cards:?}"
    );
    assert_eq!(cards[1].state, "done", "{cards:?}");
    assert_eq!(page.workers(), 3);
}

/// The worker dies while the browser decodes a photo for it.
const DIES_DECODING: Fault = Fault::Appended(
    "self.createImageBitmap = () => {
       Promise.reject(new Error('The test ends this worker.'));
       return new Promise(() => {});
     };",
);

#[test]
fn a_photo_over_which_the_worker_dies_while_the_browser_decodes_is_tried_again() {
    let page = Visit::to("/").with(SCRIPT, DIES_DECODING).open();
    page.excuse("The test ends this worker.");
    page.wait_for_engine();
    let foreign = page.file("foreign.avif", include_bytes!("../fixtures/formats/upright.avif"));
    page.pick(&[foreign, page.file("own.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    let cards = page.answers(2);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert_eq!(page.workers(), 2);
}

#[test]
fn a_photo_over_which_the_worker_hangs_is_tried_again_after_a_minute() {
    let page = Visit::to("/").with(SCRIPT, HANGS).after_script(MINUTES).open();
    page.wait_for_engine();
    pick_two(&page);
    page.wait_until("the first is selected", |seen| seen.cards.iter().any(|card| card.state == "working"));
    a_minute_passes(&page);
    let cards = page.answers(2);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert_eq!(page.workers(), 2);
}

#[test]
fn an_idle_worker_is_ended_and_comes_back_with_the_next_photo() {
    let page = Visit::to("/").after_script(MINUTES).online_only().open();
    page.wait_for_engine();
    pick_two(&page);
    page.answers(2);
    a_minute_passes(&page);
    assert_eq!(page.workers(), 1);
    let told = page.record_announcements();
    page.pick(&[page.file("third.jpg", &jpeg(&shirt(300, 400, [30, 120, 60])))]);
    assert_eq!(page.answer("third.jpg").state, "done");
    assert_eq!(page.workers(), 2);
    assert_eq!(told(), ["All 3 photos are answered."], "nothing is announced about the engine");
}

/// Counts the workers that are still alive.
const LIVING: &str = "
    window.living = 0;
    window.Worker = class extends Worker {
      constructor(...given) { super(...given); window.living += 1; }
      terminate() { super.terminate(); window.living -= 1; }
    };";

fn pick(page: &Page, count: usize) {
    let photos: Vec<_> = (0..count)
        .map(|number| {
            let photo = jpeg(&shirt(300, 400, [10 * number as u8, 70, 150]));
            page.file(&format!("{number:02}.jpg"), &photo)
        })
        .collect();
    page.pick(&photos);
}

#[test]
fn many_photos_are_shared_by_several_workers_which_go_when_they_idle() {
    let page = Visit::to("/").with_cores(8).after_script(LIVING).after_script(MINUTES).online_only().open();
    page.wait_for_engine();
    pick(&page, 3);
    page.answers(3);
    assert_eq!(page.workers(), 1, "a few photos are not worth a second worker");

    page.click(".toolbar button:last-child");
    pick(&page, 24);
    let cards = page.answers(24);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    let started = page.workers();
    assert!((2..=4).contains(&started), "{started} workers");
    page.wait_for("return window.living === 1 && due.size > 0;");
    a_minute_passes(&page);
    page.wait_for("return window.living === 0;");
    pick(&page, 1);
    page.answers(25);
    assert_eq!(page.workers(), started + 1);
}

#[test]
fn a_worker_that_dies_beside_others_costs_no_photo() {
    let page = Visit::to("/").with_cores(8).with(SCRIPT, DIES_OVER_ITS_FIFTH).open();
    page.excuse("The test ends this worker.");
    page.wait_for_engine();
    pick(&page, 24);
    let cards = page.answers(24);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert_eq!(page.snapshot().failed, None);
}

#[test]
fn a_second_worker_that_does_not_start_costs_nothing() {
    // The first request is the page's first worker's.
    let page = Visit::to("/")
        .with_cores(8)
        .with(SCRIPT, Fault::Appended(""))
        .with_times(9, SCRIPT, Fault::Status(500))
        .open();
    page.excuse("Failed to load resource");
    page.wait_for_engine();
    pick(&page, 24);
    let cards = page.answers(24);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert_eq!(page.snapshot().failed, None);
    assert_eq!(page.workers(), 2, "it is not tried over and over");
}
