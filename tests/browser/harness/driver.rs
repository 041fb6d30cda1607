//! The WebDriver servers of the browsers, and finding the programs that the tests start.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::LazyLock,
};

use super::project;

/// The one chromedriver of this process, started at first use.
pub fn chromedriver() -> &'static Driver {
    static DRIVER: LazyLock<Driver> =
        LazyLock::new(|| Driver::start(&program("CHROMEDRIVER", "chromedriver"), "successfully on port "));
    &DRIVER
}

/// A new geckodriver; each drives one browser.
pub fn geckodriver() -> Driver {
    Driver::start(&program("GECKODRIVER", "geckodriver"), "Listening on 127.0.0.1:")
}

/// A WebDriver server. Dropping it ends it and its browsers.
pub struct Driver {
    port: u16,
    /// Its input is a pipe from this process, which closes when this process ends, in whatever way.
    _guard: Child,
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts the program, which prints its port after `words`.
    fn start(program: &Path, words: &str) -> Self {
        // When its input closes, the guard kills its process group: the driver and any browsers left.
        let mut guard = Command::new("sh")
            .args(["-c", r#""$0" --port=0 & read -r _; kill -s KILL -- -$$"#])
            .arg(program)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut output = BufReader::new(guard.stdout.take().expect("a piped output"));
        let port = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split_once(words)?.1.trim_end_matches('.').parse().ok())
            .unwrap_or_else(|| panic!("{} does not start", program.display()));
        Self { port, _guard: guard, _output: output }
    }

    /// The server's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The program that the environment variable names, or else the one that `tools/setup.sh` installed, or else the one on the
/// PATH.
pub fn program(variable: &str, name: &str) -> PathBuf {
    let installed = project().join("target/tools/bin").join(name);
    let on_path = |folder: PathBuf| Some(folder.join(name)).filter(|file| file.is_file());
    match env::var_os(variable) {
        Some(named) => {
            let file = project().join(named);
            assert!(file.is_file(), "{variable} names {}, which does not exist", file.display());
            file
        }
        None if installed.is_file() => installed,
        None => env::split_paths(&env::var_os("PATH").unwrap_or_default())
            .find_map(on_path)
            .unwrap_or_else(|| panic!("there is no {name}; tools/setup.sh installs it")),
    }
}
