//! The one chromedriver of this process.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::LazyLock,
};

use super::project;

/// The browser to test with.
pub fn chromium() -> PathBuf {
    program("CHROMIUM", "chromium")
}

/// Where chromedriver listens. It is started when first asked for.
pub fn url() -> String {
    format!("http://127.0.0.1:{}", DRIVER.port)
}

struct Driver {
    port: u16,
    /// Has the other end of the guard's input, which ends with this process, however that ends.
    _guard: Child,
    _output: BufReader<ChildStdout>,
}

static DRIVER: LazyLock<Driver> = LazyLock::new(|| {
    let program = program("CHROMEDRIVER", "chromedriver");
    // When its input ends, the guard ends its process group: chromedriver and every browser that is left.
    let mut guard = Command::new("sh")
        .args(["-c", r#""$0" --port=0 & read -r _; kill -s KILL -- -$$"#])
        .arg(&program)
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
        .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
        .unwrap_or_else(|| panic!("{} does not start", program.display()));
    Driver { port, _guard: guard, _output: output }
});

/// What the environment names, else what `tools/setup.sh browser` left, else what the PATH has.
fn program(variable: &str, name: &str) -> PathBuf {
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
            .unwrap_or_else(|| panic!("there is no {name}; tools/setup.sh browser installs it")),
    }
}
