//! A recogniser that outlives its process.

use std::{path::PathBuf, time::Duration};

use acoustic_protocol::{
    DecodeOptions, ModelInfo, Region, Request, Response, TextScore, Transcript, VoiceOptions,
    Window,
};

use super::{RecogniserError, process::Process};

/// Loading a model may take this much longer than a window.
const LOAD_LIMIT: Duration = Duration::from_secs(600);

/// How recogniser processes are started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOptions {
    /// The program, see [`locate`](super::locate()).
    pub program: PathBuf,
    /// A Whisper model in whisper.cpp's format.
    pub model: PathBuf,
    /// A Silero voice activity model in whisper.cpp's format.
    pub voice_model: Option<PathBuf>,
    /// Threads of each process; 0 leaves the number to it.
    pub threads: u32,
    /// Whether to use a GPU, where the build has one.
    pub gpu: bool,
    /// How long a window may take before the process is ended.
    pub limit: Duration,
}

/// One recogniser process with a loaded model. Where the process dies or hangs, the request
/// at hand fails and the next one starts another process.
pub struct Worker {
    options: WorkerOptions,
    process: Option<Process>,
    info: ModelInfo,
    vocabulary: Vec<Vec<u8>>,
    library: String,
    requests: u64,
}

impl Worker {
    /// Starts a process and loads the model.
    ///
    /// # Errors
    /// Where the program cannot be started or the model not be used.
    pub fn start(options: &WorkerOptions) -> Result<Self, RecogniserError> {
        let (process, response) = load(options)?;
        let Response::Loaded { model, vocabulary, library } = response else {
            return Err(odd(&options.model));
        };
        Ok(Self {
            options: options.clone(),
            process: Some(process),
            info: model,
            vocabulary,
            library,
            requests: 0,
        })
    }

    /// What the model is.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// What each token writes, by id.
    #[must_use]
    pub fn vocabulary(&self) -> &[Vec<u8>] {
        &self.vocabulary
    }

    /// The recogniser's library and its version.
    #[must_use]
    pub fn library(&self) -> &str {
        &self.library
    }

    /// The number of the running process; `None` after it died.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Recognises one window of 16 kHz mono audio.
    ///
    /// # Errors
    /// Where the process dies, hangs or refuses.
    pub fn decode(
        &mut self,
        samples: Vec<f32>,
        options: &DecodeOptions,
    ) -> Result<Window, RecogniserError> {
        let id = self.next();
        match self.ask(&Request::Decode { id, samples, options: options.clone() })? {
            Response::Decoded { id: answered, window } if answered == id => Ok(window),
            _ => Err(self.out_of_step()),
        }
    }

    /// Log-probabilities of given transcripts of one window, in their order.
    ///
    /// # Errors
    /// Where the process dies, hangs or refuses.
    pub fn score(
        &mut self,
        samples: Vec<f32>,
        texts: Vec<Transcript>,
        options: &DecodeOptions,
    ) -> Result<Vec<TextScore>, RecogniserError> {
        let id = self.next();
        match self.ask(&Request::Score { id, samples, texts, options: options.clone() })? {
            Response::Scored { id: answered, scores } if answered == id => Ok(scores),
            _ => Err(self.out_of_step()),
        }
    }

    /// Where there is speech, by the voice activity model.
    ///
    /// # Errors
    /// Where the process dies, hangs or refuses, as it does without such a model.
    pub fn voice(
        &mut self,
        samples: Vec<f32>,
        options: &VoiceOptions,
    ) -> Result<Vec<Region>, RecogniserError> {
        let id = self.next();
        match self.ask(&Request::Voice { id, samples, options: options.clone() })? {
            Response::Voiced { id: answered, regions } if answered == id => Ok(regions),
            _ => Err(self.out_of_step()),
        }
    }

    fn next(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    fn ask(&mut self, request: &Request) -> Result<Response, RecogniserError> {
        let mut process = match self.process.take() {
            Some(process) => process,
            None => load(&self.options)?.0,
        };
        // Not put back after an error: what state the process is in is not known.
        let response = process.ask(request, self.options.limit)?;
        self.process = Some(process);
        match response {
            Response::Failed { message, .. } => Err(RecogniserError::Refused { message }),
            response => Ok(response),
        }
    }

    fn out_of_step(&mut self) -> RecogniserError {
        self.process = None;
        RecogniserError::Crashed {
            how: "it answered something else".to_owned(),
            last_words: String::new(),
        }
    }
}

fn load(options: &WorkerOptions) -> Result<(Process, Response), RecogniserError> {
    let mut process = Process::start(&options.program)?;
    let request = Request::Load {
        model: options.model.clone(),
        threads: options.threads,
        gpu: options.gpu,
        voice_model: options.voice_model.clone(),
    };
    let refused = |message: String| RecogniserError::Model { path: options.model.clone(), message };
    match process.ask(&request, options.limit.max(LOAD_LIMIT)) {
        Ok(Response::Failed { message, .. }) => Err(refused(message)),
        Ok(response @ Response::Loaded { .. }) => Ok((process, response)),
        Ok(_) => Err(odd(&options.model)),
        Err(error) => Err(refused(error.to_string())),
    }
}

fn odd(model: &std::path::Path) -> RecogniserError {
    RecogniserError::Model {
        path: model.to_owned(),
        message: "gec-whisper answered something else".to_owned(),
    }
}
