//! Runs the real binary in a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A user who has never run `gec`: a home folder, which is also the working directory, and
/// nothing of this machine's settings.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Where the database is unless an option says otherwise.
    pub(crate) fn db(&self) -> PathBuf {
        self.path("data/gec/gec.db")
    }

    /// Writes a file into the working directory.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.prepare(Command::new(env!("CARGO_BIN_EXE_gec")));
        command.args(arguments);
        command
    }

    /// A shell script in which `gec` is the binary.
    pub(crate) fn shell(&self, script: &str) -> Ran {
        let mut command = self.prepare(Command::new("bash"));
        command.arg("-c").arg(format!("gec() {{ \"$GEC\" \"$@\"; }}\n{script}"));
        command.env("GEC", env!("CARGO_BIN_EXE_gec"));
        Ran::new(self, script.to_owned(), command.output().unwrap())
    }

    fn prepare(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if ["GEC_", "HF_", "XDG_"].iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("HF_HUB_OFFLINE", "1")
            // The width of help texts where no terminal tells it.
            .env("COLUMNS", "100")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `gec`.
    #[track_caller]
    pub(crate) fn gec(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran::new(self, format!("gec {}", arguments.join(" ")), output)
    }

    /// Runs `gec` with a language model. One thread: with more, llama.cpp's threads wait for
    /// each other in busy loops, which is slow where tests run side by side.
    #[track_caller]
    pub(crate) fn gec_with_model(&self, arguments: &[&str]) -> Ran {
        self.gec(&[arguments, &["--threads", "1"]].concat())
    }
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) command: String,
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    fn new(home: &Home, command: String, output: Output) -> Self {
        let shown = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(home.0.path().to_str().unwrap(), "[HOME]")
        };
        let (out, err) = (shown(output.stdout), shown(output.stderr));
        let ran = Self { command, code: output.status.code(), out, err };
        assert!(!ran.err.contains("panicked"), "{ran}");
        ran
    }

    /// Collects what a started command did.
    #[track_caller]
    pub(crate) fn of(home: &Home, child: std::process::Child) -> Self {
        Self::new(home, "gec".to_owned(), child.wait_with_output().unwrap())
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Could not run: exit code 2, nothing on stdout, a message on stderr that says all of
    /// this, and what to do about it.
    #[track_caller]
    pub(crate) fn refuses(self, said: &[&str]) -> Self {
        let ran = self.ends_with(2).says(said);
        assert_eq!(ran.out, "", "{ran}");
        assert!(ran.err.lines().any(|line| line.starts_with("error: ")), "{ran}");
        assert!(ran.err.lines().any(|line| line.starts_with("hint: ")), "no hint: {ran}");
        ran
    }

    /// Something on stderr.
    #[track_caller]
    pub(crate) fn says(self, said: &[&str]) -> Self {
        for part in said {
            assert!(self.err.contains(part), "`{part}` is not said: {self}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Rows of a JSON report.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.json()["rows"].as_array().unwrap().clone()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, out, err } = self;
        write!(f, "$ {command}\nexit {code:?}\n--- stdout\n{out}\n--- stderr\n{err}")
    }
}

/// The embedded sample's test split: its lines.
pub(crate) fn sample() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/sample/test.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// A corpus of `count` utterances: the sample, again and again under other ids.
pub(crate) fn long_corpus(count: usize) -> String {
    let mut text = String::new();
    for (number, line) in sample().iter().cycle().take(count).enumerate() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["id"] = format!("u{number:06}").into();
        text.push_str(&record.to_string());
        text.push('\n');
    }
    text
}
