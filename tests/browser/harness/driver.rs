//! The programs that the tests start: drivers of browsers, and where programs are found.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::LazyLock,
};

use super::project;

/// The one chromedriver of this process. It is started when first asked for.
pub fn chromedriver() -> &'static Driver {
    static DRIVER: LazyLock<Driver> =
        LazyLock::new(|| Driver::start(&program("CHROMEDRIVER", "chromedriver"), "successfully on port "));
    &DRIVER
}

/// A geckodriver, which drives one browser at a time.
pub fn geckodriver() -> Driver {
    Driver::start(&program("GECKODRIVER", "geckodriver"), "Listening on 127.0.0.1:")
}

/// A driver of browsers; dropping it ends it and them.
pub struct Driver {
    port: u16,
    /// Has the other end of the guard's input, which ends with this process, however that ends.
    _guard: Child,
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts it; it says its port after these words.
    fn start(program: &Path, words: &str) -> Self {
        // When its input ends, the guard ends its process group: the driver and every browser that is left.
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

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// What the environment names, else what `tools/setup.sh` left, else what the PATH has.
pub fn program(variable: &str, name: &str) -> PathBuf {
    let installed = project().join("target/tools/bin").join(name);
    let on_path = |folder: PathBuf| Some(folder.join(name)).filter(|file| file.is_file());
    match env::var_os(variable) {
        Some(named) => {
            let file = project().join(named);
            assert!(file.is_file(), "{variable} names {}, which is not there", file.display());
            file
        }
        None if installed.is_file() => installed,
        None => env::split_paths(&env::var_os("PATH").unwrap_or_default())
            .find_map(on_path)
            .unwrap_or_else(|| panic!("there is no {name}; tools/setup.sh installs it")),
    }
}
