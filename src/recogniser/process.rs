//! One running `gec-whisper`.

use std::{
    io::{BufRead, BufReader, BufWriter},
    path::Path,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use acoustic_protocol::{Request, Response, frame, handshake};

use super::RecogniserError;

/// Lines of stderr that are kept to explain a crash.
const LAST_WORDS: usize = 3;

/// How long a process may take to say hello.
const HELLO_LIMIT: Duration = Duration::from_secs(30);

/// A `gec-whisper` that has been greeted. Dropping it ends the process.
pub(super) struct Process {
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
    guard: Arc<Guard>,
}

/// Ends the process when a deadline passes: reading from a pipe has no time limit.
struct Guard {
    state: Mutex<State>,
    changed: Condvar,
    last_words: Mutex<Vec<String>>,
}

struct State {
    child: Child,
    deadline: Option<Instant>,
    timed_out: bool,
    over: bool,
}

impl Process {
    /// Starts the program and greets it.
    ///
    /// # Errors
    /// Where it cannot be started, is another program, or of another version.
    pub(super) fn start(program: &Path) -> Result<Self, RecogniserError> {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal goes to the whole process group; what is in flight must be
        // finished, and the process ends with its stdin anyway.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let failed = |source| RecogniserError::Start { path: program.to_owned(), source };
        let mut child = command.spawn().map_err(failed)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(failed(std::io::Error::other("it has no pipes")));
        };
        let guard = Arc::new(Guard {
            state: Mutex::new(State { child, deadline: None, timed_out: false, over: false }),
            changed: Condvar::new(),
            last_words: Mutex::default(),
        });
        let watching = Arc::clone(&guard);
        thread::spawn(move || watching.watch());
        let listening = Arc::clone(&guard);
        thread::spawn(move || listening.listen(errors));
        let mut process =
            Self { input: Some(BufWriter::new(input)), output: BufReader::new(output), guard };
        process.greet(program)?;
        Ok(process)
    }

    fn greet(&mut self, program: &Path) -> Result<(), RecogniserError> {
        self.guard.set_deadline(Some(Instant::now() + HELLO_LIMIT));
        let greeted = match &mut self.input {
            // A program that reads nothing breaks the pipe; what it says tells more.
            Some(input) => {
                handshake::write(input).or(Ok(())).and_then(|()| handshake::read(&mut self.output))
            }
            None => Ok(()),
        };
        self.guard.set_deadline(None);
        greeted.map_err(|source| RecogniserError::Handshake { path: program.to_owned(), source })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// Where the process ends, does not answer in time or makes no sense; it must not be
    /// used again then.
    pub(super) fn ask(
        &mut self,
        request: &Request,
        limit: Duration,
    ) -> Result<Response, RecogniserError> {
        self.guard.set_deadline(Some(Instant::now() + limit));
        let answer = match &mut self.input {
            Some(input) => {
                frame::write(input, request).and_then(|()| frame::read(&mut self.output))
            }
            None => Ok(None),
        };
        self.guard.set_deadline(None);
        match answer {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(self.guard.obituary(limit, None)),
            Err(error) => Err(self.guard.obituary(limit, Some(error.to_string()))),
        }
    }

    /// The process's number, for tests and messages.
    pub(super) fn id(&self) -> u32 {
        self.guard.state().child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its stdin closes, and it ends by itself, unless it hangs.
        self.input = None;
        let patience = Instant::now() + Duration::from_secs(2);
        loop {
            let mut state = self.guard.state();
            let running = matches!(state.child.try_wait(), Ok(None));
            if !running || Instant::now() > patience {
                // It may have ended just now, which is as good.
                let _ = state.child.kill();
                let _ = state.child.wait();
                state.over = true;
                break;
            }
            drop(state);
            thread::sleep(Duration::from_millis(5));
        }
        self.guard.changed.notify_all();
    }
}

impl Guard {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked left nothing half done here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_deadline(&self, deadline: Option<Instant>) {
        self.state().deadline = deadline;
        self.changed.notify_all();
    }

    fn watch(&self) {
        let mut state = self.state();
        while !state.over {
            let now = Instant::now();
            state = match state.deadline {
                Some(deadline) if deadline <= now => {
                    state.timed_out = true;
                    state.deadline = None;
                    let _ = state.child.kill();
                    state
                }
                Some(deadline) => {
                    let waited = self.changed.wait_timeout(state, deadline - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Passes on what the process logs.
    fn listen(&self, errors: ChildStderr) {
        for line in BufReader::new(errors).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            tracing::debug!(target: "gec_whisper", "{line}");
            let mut words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
            if words.len() == LAST_WORDS {
                words.remove(0);
            }
            words.push(line);
        }
    }

    /// Why the process is of no more use.
    fn obituary(&self, limit: Duration, fault: Option<String>) -> RecogniserError {
        let mut state = self.state();
        if state.timed_out {
            return RecogniserError::TimedOut { limit };
        }
        // The pipe closes a moment before the process is gone.
        let mut status = None;
        for _ in 0..100 {
            status = state.child.try_wait().ok().flatten();
            if status.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let how = match (status, fault) {
            (Some(status), _) => status.to_string(),
            (None, Some(fault)) => fault,
            (None, None) => "it closed its output".to_owned(),
        };
        drop(state);
        let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        RecogniserError::Crashed { how, last_words: words.join("; ") }
    }
}
