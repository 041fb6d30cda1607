//! A folder of the device, where the browser lets the page have it and not just copies of what is in it (the File System
//! Access API: Chrome, Edge and their kin). To change anything there takes the person's leave.

use js_sys::{Array, AsyncIterator, Error, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DataTransfer, File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemHandle, FileSystemHandleKind, FileSystemWritableFileStream,
};

#[wasm_bindgen]
extern "C" {
    // What web-sys has not taken in yet.
    #[wasm_bindgen(catch, js_namespace = window, js_name = showDirectoryPicker)]
    fn show_directory_picker(options: &JsValue) -> Result<Promise, JsValue>;

    type Handle;
    #[wasm_bindgen(catch, method, js_name = requestPermission)]
    fn request_permission(this: &Handle, options: &JsValue) -> Result<Promise, JsValue>;

    type Dropped;
    #[wasm_bindgen(catch, method, js_name = getAsFileSystemHandle)]
    fn get_as_file_system_handle(this: &Dropped) -> Result<Promise, JsValue>;
}

/// A folder that is open. Paths are relative to it, with forward slashes.
#[derive(Clone, Debug)]
pub struct Directory(FileSystemDirectoryHandle);

/// Whether the browser has a dialogue for such folders.
pub fn can_pick() -> bool {
    web_sys::window().is_some_and(|window| has(&window, "showDirectoryPicker"))
}

/// Has the person choose a folder; `None` if they do not.
///
/// # Errors
///
/// The browser's, if it shows no dialogue.
pub async fn pick() -> Result<Option<Directory>, JsValue> {
    match wait(show_directory_picker(&mode("read"))?).await {
        Ok(folder) => Ok(Some(Directory(folder.unchecked_into()))),
        Err(error) if is(&error, "AbortError") => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is to become the one thing that was dropped. Browsers tell it only while the event lasts.
pub fn dropped(transfer: &DataTransfer) -> Option<Promise> {
    let items = transfer.items();
    let item = items.get(0).filter(|item| items.length() == 1 && has(item, "getAsFileSystemHandle"))?;
    item.unchecked_ref::<Dropped>().get_as_file_system_handle().ok()
}

impl Directory {
    /// What was dropped, if it is a folder.
    pub async fn of(dropped: Promise) -> Option<Self> {
        let handle: FileSystemHandle = wait(dropped).await.ok()?.dyn_into().ok()?;
        (handle.kind() == FileSystemHandleKind::Directory).then(|| Self(handle.unchecked_into()))
    }

    /// All files in it and in the folders in it, each with its path, this folder's name first. Hidden folders and what cannot
    /// be read are left out.
    pub async fn files(&self) -> Vec<(String, File)> {
        let (mut files, mut folders) = (Vec::new(), vec![(self.0.name(), self.0.clone())]);
        while let Some((path, folder)) = folders.pop() {
            let mut asked = Vec::new();
            for handle in entries(folder.values()).await.unwrap_or_default() {
                let handle: FileSystemHandle = handle.unchecked_into();
                let (name, is_folder) = (handle.name(), handle.kind() == FileSystemHandleKind::Directory);
                let path = format!("{path}/{name}");
                if !is_folder {
                    // All at once: it is another process that has to answer.
                    let file = handle.unchecked_ref::<FileSystemFileHandle>().get_file();
                    asked.push((path, JsFuture::from(file)));
                } else if !name.starts_with('.') {
                    folders.push((path, handle.unchecked_into()));
                }
            }
            for (path, file) in asked {
                if let Ok(file) = file.await {
                    files.push((path, file.unchecked_into()));
                }
            }
        }
        files
    }

    /// Asks the person whether files may be changed; whether they say so.
    pub async fn ask_to_write(&self) -> bool {
        let handle: &Handle = self.0.unchecked_ref();
        match handle.request_permission(&mode("readwrite")) {
            Ok(asked) => {
                wait(asked).await.is_ok_and(|answer| answer.as_string().as_deref() == Some("granted"))
            }
            Err(_) => false,
        }
    }

    /// Names of what is in a folder; none if there is no such folder.
    pub async fn names(&self, folder: &str) -> Result<Vec<String>, JsValue> {
        match self.folder(folder, false).await {
            Ok(folder) => Ok(entries(folder.keys()).await?.iter().filter_map(JsValue::as_string).collect()),
            Err(error) if is(&error, "NotFoundError") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// A file; `None` if there is none of that path.
    pub async fn file(&self, path: &str) -> Result<Option<File>, JsValue> {
        let found = async {
            let (folder, name) = self.place(path, false).await?;
            let handle: FileSystemFileHandle = wait(folder.get_file_handle(name)).await?.unchecked_into();
            wait(handle.get_file()).await
        };
        match found.await {
            Ok(file) => Ok(Some(file.unchecked_into())),
            Err(error) if is(&error, "NotFoundError") || is(&error, "TypeMismatchError") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file that is not there yet, and its folder if need be.
    pub async fn write(&self, path: &str, content: &Blob) -> Result<File, JsValue> {
        let (folder, name) = self.place(path, true).await?;
        match wait(folder.get_file_handle(name)).await {
            Err(error) if is(&error, "NotFoundError") => {}
            Err(error) if !is(&error, "TypeMismatchError") => return Err(error),
            Ok(_) | Err(_) => return Err(Error::new(&format!("{path} is there already")).into()),
        }
        let create = FileSystemGetFileOptions::new();
        create.set_create(true);
        let handle = wait(folder.get_file_handle_with_options(name, &create)).await?.unchecked_into();
        let written = fill(&handle, content).await;
        if written.is_err() {
            let _ = wait(folder.remove_entry(name)).await;
        }
        written
    }

    /// Moves a file to a path that is not there yet. The file is never missing: it is copied first, and its first place is
    /// cleared when the whole of it has arrived.
    pub async fn relocate(&self, from: &str, to: &str) -> Result<File, JsValue> {
        let file = self.file(from).await?.ok_or_else(|| Error::new("it is not there any more"))?;
        let copy = self.write(to, &file).await?;
        if let Err(error) = self.remove(from).await {
            if self.file(from).await?.is_some() {
                self.remove(to).await?;
            }
            return Err(error);
        }
        Ok(copy)
    }

    /// Removes a file, or a folder with nothing in it.
    pub async fn remove(&self, path: &str) -> Result<(), JsValue> {
        let (folder, name) = self.place(path, false).await?;
        wait(folder.remove_entry(name)).await.map(|_| ())
    }

    /// The folder of a path, and the last name in it.
    async fn place<'a>(
        &self,
        path: &'a str,
        create: bool,
    ) -> Result<(FileSystemDirectoryHandle, &'a str), JsValue> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.folder(folder, create).await?, name))
    }

    async fn folder(&self, path: &str, create: bool) -> Result<FileSystemDirectoryHandle, JsValue> {
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(create);
        let mut folder = self.0.clone();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            folder = wait(folder.get_directory_handle_with_options(name, &options)).await?.unchecked_into();
        }
        Ok(folder)
    }
}

async fn fill(handle: &FileSystemFileHandle, content: &Blob) -> Result<File, JsValue> {
    let stream: FileSystemWritableFileStream = wait(handle.create_writable()).await?.unchecked_into();
    let written = async {
        wait(stream.write_with_blob(content)?).await?;
        wait(stream.close()).await
    };
    if let Err(error) = written.await {
        let _ = wait(stream.abort()).await;
        return Err(error);
    }
    let file: File = wait(handle.get_file()).await?.unchecked_into();
    if file.size() == content.size() { Ok(file) } else { Err(Error::new("not all of it was written").into()) }
}

async fn entries(iterator: AsyncIterator) -> Result<Vec<JsValue>, JsValue> {
    let mut entries = Vec::new();
    loop {
        let next = wait(iterator.next()?).await?;
        if Reflect::get(&next, &"done".into())?.is_truthy() {
            return Ok(entries);
        }
        entries.push(Reflect::get(&next, &"value".into())?);
    }
}

async fn wait(promise: Promise) -> Result<JsValue, JsValue> {
    JsFuture::from(promise).await
}

/// What the browser says of an error.
pub fn reason(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "the browser gives no reason".into())
}

/// A text to be written.
pub fn text(text: &str) -> Result<Blob, JsValue> {
    Blob::new_with_str_sequence(&Array::of1(&text.into()))
}

fn mode(mode: &str) -> JsValue {
    let options = Object::new();
    let _ = Reflect::set(&options, &"mode".into(), &mode.into());
    options.into()
}

fn has(object: &JsValue, name: &str) -> bool {
    Reflect::has(object, &name.into()).unwrap_or(false)
}

fn is(error: &JsValue, name: &str) -> bool {
    Reflect::get(error, &"name".into()).is_ok_and(|of| of.as_string().as_deref() == Some(name))
}
