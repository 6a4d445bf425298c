//! Reads requests and writes answers, one after the other.

use std::{
    io::{Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use acoustic_protocol::{ProtocolError, Request, Response, frame, handshake};

use crate::{decode, engine::Engine, error::RecogniserError, score, voice::Voice, with_causes};

/// Serves until the other side closes its end; `threads` is used where it names no number.
///
/// # Errors
/// Where the other side speaks another protocol or sends what cannot be understood.
pub(crate) fn serve(
    reader: &mut impl Read,
    writer: &mut impl Write,
    threads: u32,
) -> Result<(), ProtocolError> {
    let greeting = handshake::read(reader);
    // Also to a stranger: it tells the other side which version this is.
    handshake::write(writer)?;
    greeting?;
    let mut server = Server { threads, engine: None, voice: None };
    loop {
        let request = match frame::read(reader) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) => {
                let message = with_causes(&error);
                frame::write(writer, &Response::Failed { id: None, message })?;
                return Err(error);
            }
        };
        frame::write(writer, &server.answer(request))?;
    }
}

struct Server {
    threads: u32,
    engine: Option<Engine>,
    voice: Option<Voice>,
}

impl Server {
    fn answer(&mut self, request: Request) -> Response {
        let id = match &request {
            Request::Load { .. } => None,
            Request::Decode { id, .. } | Request::Score { id, .. } | Request::Voice { id, .. } => {
                Some(*id)
            }
        };
        let result = catch_unwind(AssertUnwindSafe(|| self.try_answer(request)));
        let result =
            result.unwrap_or_else(|_| Err(RecogniserError::Internal("it panicked".to_owned())));
        result.unwrap_or_else(|error| Response::Failed { id, message: with_causes(&error) })
    }

    fn try_answer(&mut self, request: Request) -> Result<Response, RecogniserError> {
        match request {
            Request::Load { model, threads, gpu, voice_model } => {
                let threads = if threads == 0 { self.threads } else { threads };
                self.load(&model, threads, gpu, voice_model.as_deref())
            }
            Request::Decode { id, samples, options } => {
                let engine = self.engine.as_mut().ok_or(RecogniserError::NoModel)?;
                let window = decode::decode(engine, &samples, &options)?;
                Ok(Response::Decoded { id, window })
            }
            Request::Score { id, samples, texts, options } => {
                let engine = self.engine.as_mut().ok_or(RecogniserError::NoModel)?;
                let scores = score::score(engine, &samples, &texts, &options)?;
                Ok(Response::Scored { id, scores })
            }
            Request::Voice { id, samples, options } => {
                let voice = self.voice.as_mut().ok_or(RecogniserError::NoVoiceModel)?;
                let regions = voice.regions(&samples, &options)?;
                Ok(Response::Voiced { id, regions })
            }
        }
    }

    fn load(
        &mut self,
        model: &Path,
        threads: u32,
        gpu: bool,
        voice_model: Option<&Path>,
    ) -> Result<Response, RecogniserError> {
        // The old ones go first: two models may not fit into memory.
        self.engine = None;
        self.voice = None;
        let voice = voice_model.map(|path| Voice::load(path, threads)).transpose()?;
        let engine = Engine::load(model, threads, gpu)?;
        let response = Response::Loaded {
            model: engine.info.clone(),
            vocabulary: engine.vocabulary.tokens().to_vec(),
            library: Engine::library(),
        };
        self.voice = voice;
        self.engine = Some(engine);
        Ok(response)
    }
}
