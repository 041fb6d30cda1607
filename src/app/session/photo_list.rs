use std::{cell::Cell, collections::HashMap};

use leptos::prelude::*;
use web_sys::{File, Url};

use crate::engine::{ItemState, queue::ItemId};

/// One photo of the list. Its signals are counted references: it outlives the page it was picked on.
#[derive(Clone)]
pub struct Item {
    pub id: ItemId,
    pub file_name: String,
    /// Object URL of the file, revoked when the item is removed.
    pub url: String,
    pub state: ArcRwSignal<ItemState>,
    /// Whether it is shown large.
    pub open: ArcRwSignal<bool>,
}

/// How often the list had been cleared: what was picked before that does not come to it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearings(u32);

/// The photos that were picked: newest pick first, each pick in its own order.
#[derive(Clone, Copy)]
pub struct PhotoList {
    items: RwSignal<Vec<Item>>,
    /// How many of the picked photos are yet to come to the list.
    incoming: RwSignal<usize>,
    /// The items' files, for when another model answers.
    files: StoredValue<HashMap<ItemId, File>, LocalStorage>,
    next_id: StoredValue<Cell<u32>, LocalStorage>,
    clearings: StoredValue<Cell<u32>, LocalStorage>,
}

impl PhotoList {
    pub fn new() -> Self {
        Self {
            items: RwSignal::new(Vec::new()),
            incoming: RwSignal::new(0),
            files: StoredValue::new_local(HashMap::new()),
            next_id: StoredValue::new_local(Cell::new(0)),
            clearings: StoredValue::new_local(Cell::new(0)),
        }
    }

    pub fn items(self) -> Vec<Item> {
        self.items.get()
    }

    /// How many are listed; more may be on their way.
    pub fn len(self) -> usize {
        self.items.with(Vec::len)
    }

    pub fn is_empty(self) -> bool {
        self.items.with(Vec::is_empty)
    }

    pub fn find(self, id: ItemId) -> Option<Item> {
        self.items.with_untracked(|items| items.iter().find(|item| item.id == id).cloned())
    }

    /// Each item's photo.
    pub fn files(self) -> Vec<(ItemId, File)> {
        let items = self.items.get_untracked();
        self.files.with_value(|files| {
            items.iter().filter_map(|item| Some((item.id, files.get(&item.id)?.clone()))).collect()
        })
    }

    /// How many photos have their answer or refusal, and how many there are, those on their way included.
    pub fn progress(self) -> (usize, usize) {
        self.items.with(|items| {
            let done = items.iter().filter(|item| item.state.with(ItemState::is_final)).count();
            (done, items.len() + self.incoming.get())
        })
    }

    /// A number for a photo, on the list or beside it.
    pub fn new_id(self) -> ItemId {
        ItemId(self.next_id.with_value(|next| next.replace(next.get() + 1)))
    }

    pub fn clearings(self) -> Clearings {
        Clearings(self.clearings.with_value(Cell::get))
    }

    pub fn close_all(self) {
        for item in self.items.get_untracked() {
            item.open.set(false);
        }
    }

    /// So many more photos are on their way to the list.
    pub fn expect(self, photos: usize) {
        self.incoming.update(|incoming| *incoming += photos);
    }

    /// Lists some of the photos that were on their way, behind the item `last` or on top. They were `expected` so many: files
    /// that have gone meanwhile are not among them. Returns the new items, in their order.
    pub fn insert(
        self,
        files: &[File],
        expected: usize,
        open: bool,
        last: Option<ItemId>,
    ) -> Vec<(ItemId, File)> {
        self.incoming.update(|incoming| *incoming -= expected);
        let added: Vec<_> =
            files.iter().filter_map(|file| Some((self.item(file, open)?, file.clone()))).collect();
        self.items.update(|items| {
            let behind = |last| items.iter().position(|item| item.id == last).map(|index| index + 1);
            let at = last.and_then(behind).unwrap_or(0);
            items.splice(at..at, added.iter().map(|(item, _)| item.clone()));
        });
        let note = |(item, file): (Item, File)| {
            self.files.update_value(|files| _ = files.insert(item.id, file.clone()));
            (item.id, file)
        };
        added.into_iter().map(note).collect()
    }

    fn item(self, file: &File, open: bool) -> Option<Item> {
        Some(Item {
            id: self.new_id(),
            file_name: file.name(),
            url: Url::create_object_url_with_blob(file).ok()?,
            state: ArcRwSignal::new(ItemState::Waiting),
            open: ArcRwSignal::new(open),
        })
    }

    /// Takes a photo off the list; also the item that then is in its place, or last.
    pub fn remove(self, id: ItemId) -> Option<(Item, Option<ItemId>)> {
        let index = self.items.with_untracked(|items| items.iter().position(|item| item.id == id))?;
        let removed = self.items.try_update(|items| items.remove(index))?;
        self.let_go(&removed);
        let neighbour =
            self.items.with_untracked(|items| items.get(index).or(items.last()).map(|item| item.id));
        Some((removed, neighbour))
    }

    /// Takes all photos off the list, those included that are on their way; returns them.
    pub fn clear(self) -> Vec<Item> {
        self.clearings.with_value(|clearings| clearings.set(clearings.get() + 1));
        self.incoming.set(0);
        let removed = self.items.try_update(std::mem::take).unwrap_or_default();
        removed.iter().for_each(|item| self.let_go(item));
        removed
    }

    fn let_go(self, item: &Item) {
        let _ = Url::revoke_object_url(&item.url);
        self.files.update_value(|files| _ = files.remove(&item.id));
    }
}
