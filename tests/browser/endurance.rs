//! A page left open: it answers hundreds of photos, and its worker dies once.

use std::{env, path::PathBuf, thread, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    harness::{Fault, Page, SCRIPT, Visit},
    pictures::{SIX, jpeg, real, shirt},
};

/// The number of different photos, which are repeated: after the first hundred, none is larger than all earlier ones.
const DIFFERENT: usize = 40;
/// In milliseconds. Users notice tasks over 50, but tasks are timed by the clock, so other programs on the machine count, too: a
/// task of 50 ms took 155 beside a compiler.
const LONGEST_TASK: f64 = 300.0;
const MIB: f64 = 1048576.0;

/// Appended to the worker's script: reports the size of its WebAssembly memory with every photo.
const TELLS: &str = "
    const channel = new BroadcastChannel('memory');
    addEventListener('message', () => channel.postMessage(wasm.memory.buffer.byteLength));";

/// The same; the worker also dies at its fiftieth photo.
const TELLS_AND_DIES: &str = "
    const channel = new BroadcastChannel('memory');
    addEventListener('message', () => channel.postMessage(wasm.memory.buffer.byteLength));
    let photos = 0;
    addEventListener('message', (event) => {
      if (!event.data.Classify || ++photos < 50) return;
      event.stopImmediatePropagation();
      throw new Error('The test ends this worker.');
    });";

/// Runs in the page: records the worker's memory, and tasks that delay the page's response to the user. Tasks caused by the test
/// do not count: the driver checks the picked files, which takes a few hundred milliseconds for a thousand, in the task that
/// dispatches the page's event.
const WATCH: &str = "
    window.worker = 0;
    window.pauses = [];
    window.tasks = [];
    window.picked = 0;
    addEventListener('change', () => (picked = performance.now()), true);
    new BroadcastChannel('memory').onmessage = ({ data }) => { worker = data; };
    window.observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
    observer.observe({ type: 'longtask' });
    window.longTasks = () => {
      tasks.push(...observer.takeRecords());
      const ours = (task) => pauses.some(([from, to]) => task.startTime < to && task.startTime + task.duration > from);
      const length = ({ startTime, duration }) => duration - Math.min(duration, Math.max(0, picked - startTime));
      return tasks.filter((task) => !ours(task)).map(length).filter((length) => length > 50);
    };";

/// Bytes.
#[derive(Clone, Copy, Debug)]
struct Memory {
    /// The worker's WebAssembly memory.
    worker: f64,
    /// The page's JavaScript heap after garbage collection, without WebAssembly.
    heap: f64,
    /// Resident memory of the process that runs page and worker; 0 if the system does not tell.
    process: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeapUsage {
    used_size: f64,
}

impl Memory {
    fn of(page: &Page) -> Self {
        let begin: f64 = page.run("return performance.now();");
        page.cdp("HeapProfiler.collectGarbage", json!({}));
        let heap: HeapUsage = serde_json::from_value(page.cdp("Runtime.getHeapUsage", json!({})))
            .expect("the protocol's answer");
        let worker: f64 = page.run(&format!("pauses.push([{begin}, performance.now()]); return worker;"));
        Self { worker, heap: heap.used_size, process: page.memory().unwrap_or(0) as f64 }
    }
}

/// Waits until `count` photos are answered, with scripts that take the page little time.
fn wait_for(page: &Page, count: usize) {
    let mut before = (0, 0);
    loop {
        let done: usize = page.run("return document.querySelectorAll('[data-state=done]').length;");
        if done >= count {
            return;
        }
        before = if before.0 == done { (done, before.1 + 1) } else { (done, 0) };
        assert!(before.1 < 450, "{done} photos are answered, and no more in 90 seconds");
        thread::sleep(Duration::from_millis(200));
    }
}

fn photos(page: &Page) -> Vec<PathBuf> {
    let mut photos: Vec<_> =
        SIX.iter().flat_map(|label| real(label).into_iter().take(DIFFERENT / 6 + 1)).collect();
    if photos.is_empty() {
        println!("Without real photos: with drawn ones.");
        photos = (0..DIFFERENT)
            .map(|number| {
                let file = jpeg(&shirt(480 + 16 * number as u32, 640, [6 * number as u8, 70, 150]));
                page.file(&format!("drawn-{number}.jpg"), &file)
            })
            .collect();
    }
    photos.truncate(DIFFERENT);
    photos
}

/// With `PHOTOS` photos, 200 by default; `make torture` uses a thousand.
#[test]
fn a_page_left_open_keeps_its_memory_its_ease_and_all_photos() {
    let count = env::var("PHOTOS").map_or(200, |count| count.parse().expect("PHOTOS is a number"));
    let page = Visit::to("/")
        .with(SCRIPT, Fault::Appended(TELLS_AND_DIES))
        .with(SCRIPT, Fault::Appended(TELLS))
        .after_script(WATCH)
        .open();
    page.excuse("The test ends this worker.");
    page.wait_for_engine();
    let picked: Vec<_> = photos(&page).into_iter().cycle().take(count).collect();
    page.run::<Value>("tasks.length = 0; observer.takeRecords();");

    page.pick(&picked);
    let mut levels = Vec::new();
    for answered in (100..=count).step_by(100) {
        wait_for(&page, answered);
        let level = Memory::of(&page);
        println!(
            "after {answered:4} photos: worker {:.1} MiB, page's heap {:.1} MiB, process {:.0} MiB",
            level.worker / MIB,
            level.heap / MIB,
            level.process / MIB
        );
        levels.push(level);
    }
    wait_for(&page, count);
    assert_eq!(page.workers(), 2, "the first dies over its fiftieth photo, the second answers all others");

    let (first, last) = (levels[0], levels[levels.len() - 1]);
    assert!(last.worker <= first.worker, "the worker's memory grows: {levels:?}");
    // Each photo adds a card to the page.
    let more = (count - 100) as f64;
    assert!(last.heap - first.heap < more * 20_000.0 + 2.0 * MIB, "the page's memory grows: {levels:?}");
    assert!(last.process - first.process < more * 100_000.0 + 60.0 * MIB, "the process grows: {levels:?}");

    println!("tasks over 50 ms: {:?}", page.run::<Vec<f64>>("return longTasks();"));
    page.click(".toolbar button:last-child");
    page.wait_until("the list is empty", |seen| seen.cards.is_empty());
    let tasks: Vec<f64> = page.run("return longTasks();");
    println!("and after all are removed: {tasks:?}");
    assert!(
        tasks.iter().all(|task| *task < LONGEST_TASK),
        "tasks of {tasks:?} ms keep the page from answering"
    );

    let emptied = Memory::of(&page);
    println!(
        "after all are removed: page's heap {:.1} MiB, process {:.0} MiB",
        emptied.heap / MIB,
        emptied.process / MIB
    );
    // The empty page shows its samples again; leaked cards would leave the heap as large as it was.
    let half_of_growth = (last.heap - first.heap) / 2.0;
    assert!(
        emptied.heap <= first.heap + half_of_growth,
        "cards that are gone are held: {emptied:?}, {levels:?}"
    );
}
