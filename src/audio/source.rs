//! One audio file, decoded packet by packet to mono samples at its own rate.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Time, TimeBase, Timestamp};

use super::resample::RATES;
use super::{AudioError, Channel, codecs};

/// What was found out about a file. Counts grow while it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct AudioInfo {
    /// Short name of the container, as `wave` or `ogg`.
    pub container: String,
    /// Short name of the codec, as `pcm_s16le` or `mp3`.
    pub codec: String,
    /// Samples a second of each channel in the file.
    pub rate: u32,
    /// Channels in the file.
    pub channels: usize,
    /// Frames decoded so far, at the file's rate, with those replaced by silence.
    pub frames: u64,
    /// Whether the file ended before its header or container says it should. Known once all
    /// was read; what came before is sound.
    pub truncated: bool,
    /// Packets that could not be decoded. Each is replaced by as much silence.
    pub damaged_packets: u64,
    /// Samples that were infinite or no number. Each is replaced by 0.
    pub non_finite: u64,
}

/// A decoder at some place of a file.
pub(super) struct Source {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    track: u32,
    time_base: Option<TimeBase>,
    decoder: Box<dyn AudioDecoder>,
    channel: Channel,
    /// Frames at the start that the container tells to drop and the decoder does not.
    leading: u64,
    /// Frames the header promises, and by how many that may be wrong.
    promised: Option<(u64, u64)>,
    interleaved: Vec<f32>,
    ended: bool,
    last_error: Option<String>,
    info: AudioInfo,
}

impl Source {
    pub(super) fn open(path: &Path, channel: Channel) -> Result<Self, AudioError> {
        guarded(path, || Self::open_unguarded(path, channel))
    }

    fn open_unguarded(path: &Path, channel: Channel) -> Result<Self, AudioError> {
        let io = |source| AudioError::Io { path: path.to_owned(), source };
        // The path is in our own message, so the plain error is enough.
        let (file, _) = fs_err::File::open(path).map_err(plain).map_err(io)?.into_parts();
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(io(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if metadata.is_file() && metadata.len() == 0 {
            return Err(AudioError::Empty { path: path.to_owned() });
        }
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| match error {
                Error::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
                    io(source)
                }
                error => AudioError::NotAudio { path: path.to_owned(), detail: error.to_string() },
            })?;
        let Some((track, parameters)) = audio_track(format.as_ref()) else {
            return Err(AudioError::NoTrack { path: path.to_owned() });
        };
        let decoder = make_decoder(path, parameters)?;
        let container = format.format_info().short_name.to_owned();
        let info = AudioInfo {
            codec: codecs::name(parameters),
            rate: parameters.sample_rate.unwrap_or(0),
            channels: parameters.channels.as_ref().map_or(0, |channels| channels.count()),
            ..AudioInfo::default()
        };
        Ok(Self {
            path: path.to_owned(),
            track: track.id,
            time_base: track.time_base,
            leading: leading(track, parameters),
            promised: promised(&container, track, info.channels),
            decoder,
            format,
            channel,
            interleaved: Vec::new(),
            ended: false,
            last_error: None,
            info: AudioInfo { container, ..info },
        })
    }

    pub(super) fn info(&self) -> &AudioInfo {
        &self.info
    }

    /// Goes to a place at or before `seconds`; the next packet says to which. Nothing where
    /// the container cannot: the place is then unknown.
    pub(super) fn seek(&mut self, seconds: f64) -> Option<()> {
        let time = Time::try_from_secs_f64(seconds)?;
        let to = SeekTo::Time { time, track_id: Some(self.track) };
        let format = &mut self.format;
        let sought = catch_unwind(AssertUnwindSafe(|| format.seek(SeekMode::Accurate, to)));
        sought.ok()?.ok()?;
        self.decoder.reset();
        self.leading = 0;
        // Not all of the file will be seen.
        self.promised = None;
        Some(())
    }

    /// Appends the samples of the next packet to `mono`: their rate, and where the first of
    /// them is, in frames at that rate from the start, if the container tells. Nothing at
    /// the end.
    pub(super) fn next(
        &mut self,
        mono: &mut Vec<f32>,
    ) -> Result<Option<(u32, Option<i64>)>, AudioError> {
        let path = self.path.clone();
        guarded(&path, || self.next_unguarded(mono))
    }

    fn next_unguarded(
        &mut self,
        mono: &mut Vec<f32>,
    ) -> Result<Option<(u32, Option<i64>)>, AudioError> {
        while let Some(packet) = self.packet()? {
            let time_base = self.time_base;
            let place = |rate| place(time_base, &packet, rate);
            match self.decoder.decode(&packet) {
                Ok(decoded) => {
                    let (rate, channels) =
                        (decoded.spec().rate(), decoded.spec().channels().count());
                    decoded.copy_to_vec_interleaved(&mut self.interleaved);
                    self.check(rate, channels)?;
                    let place = place(rate);
                    let drop = self.drop_leading(channels);
                    let kept = self.interleaved.get(drop * channels..).unwrap_or_default();
                    if kept.is_empty() {
                        continue;
                    }
                    self.info.frames += (kept.len() / channels) as u64;
                    self.info.non_finite += self.channel.pick(kept, channels, mono);
                    return Ok(Some((rate, place.map(|place| place.saturating_add(drop as i64)))));
                }
                Err(Error::IoError(source)) if source.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(AudioError::Io { path: self.path.clone(), source });
                }
                Err(error) => {
                    self.info.damaged_packets += 1;
                    self.last_error = Some(error.to_string());
                    let rate = self.info.rate;
                    if self.info.frames == 0 || rate == 0 {
                        continue;
                    }
                    let place = place(rate);
                    let silence = frames_of(self.time_base, packet.dur.get(), rate)
                        .clamp(0, i64::from(rate)) as usize;
                    mono.resize(mono.len() + silence, 0.0);
                    self.info.frames += silence as u64;
                    return Ok(Some((rate, place)));
                }
            }
        }
        self.judge_end()?;
        Ok(None)
    }

    /// The next packet of the track, nothing at the end of what can be read.
    fn packet(&mut self) -> Result<Option<Packet>, AudioError> {
        while !self.ended {
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => self.ended = true,
                // Another stream follows in the same file: a chained ogg.
                Err(Error::ResetRequired) => self.change_stream()?,
                Err(Error::IoError(source)) if source.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(AudioError::Io { path: self.path.clone(), source });
                }
                Err(error) => {
                    self.ended = true;
                    self.info.truncated = true;
                    self.last_error = Some(error.to_string());
                }
            }
        }
        Ok(None)
    }

    fn change_stream(&mut self) -> Result<(), AudioError> {
        let Some((track, parameters)) = audio_track(self.format.as_ref()) else {
            self.ended = true;
            return Ok(());
        };
        self.decoder = make_decoder(&self.path, parameters)?;
        self.leading = leading(track, parameters);
        self.track = track.id;
        // Times start anew there, so they say no more where we are.
        self.time_base = None;
        self.promised = None;
        Ok(())
    }

    /// Whether these samples can be used; what the decoder says beats what the header said.
    fn check(&mut self, rate: u32, channels: usize) -> Result<(), AudioError> {
        let path = || self.path.clone();
        if !RATES.contains(&rate) {
            return Err(AudioError::Rate { path: path(), rate });
        }
        if channels == 0 {
            return Err(AudioError::NoTrack { path: path() });
        }
        match self.channel {
            Channel::Index(index) if index >= channels => {
                return Err(AudioError::Channel { path: path(), index, channels });
            }
            _ => {}
        }
        if self.info.frames == 0 {
            // A decoder that changes the rate (half of it without band replication) makes
            // the header's count meaningless.
            if rate != self.info.rate {
                self.promised = None;
            }
            self.info.rate = rate;
            self.info.channels = channels;
        }
        Ok(())
    }

    fn drop_leading(&mut self, channels: usize) -> usize {
        let frames = self.interleaved.len() / channels;
        let drop = usize::try_from(self.leading).map_or(frames, |leading| leading.min(frames));
        self.leading -= drop as u64;
        drop
    }

    fn judge_end(&mut self) -> Result<(), AudioError> {
        if self.info.frames == 0 && (self.info.damaged_packets > 0 || self.info.truncated) {
            return Err(AudioError::Damaged {
                path: self.path.clone(),
                detail: self.last_error.clone().unwrap_or_else(|| "no sound in it".to_owned()),
            });
        }
        if let Some((promised, slack)) = self.promised {
            self.info.truncated |= self.info.frames.saturating_add(slack) < promised;
        }
        Ok(())
    }
}

/// The track to listen to: the container's choice, else the first that can be decoded.
fn audio_track(format: &dyn FormatReader) -> Option<(&Track, &AudioCodecParameters)> {
    let track =
        format.default_track(TrackType::Audio).or_else(|| format.first_track(TrackType::Audio))?;
    match &track.codec_params {
        Some(CodecParameters::Audio(parameters)) => Some((track, parameters)),
        _ => None,
    }
}

fn make_decoder(
    path: &Path,
    parameters: &AudioCodecParameters,
) -> Result<Box<dyn AudioDecoder>, AudioError> {
    codecs::decoder(parameters).map_err(|error| AudioError::Unsupported {
        path: path.to_owned(),
        detail: format!("{}: {error}", codecs::name(parameters)),
    })
}

/// The frames an Opus encoder starts with before the sound; other decoders drop their own.
fn leading(track: &Track, parameters: &AudioCodecParameters) -> u64 {
    if parameters.codec == CODEC_ID_OPUS { u64::from(track.delay.unwrap_or(0)) } else { 0 }
}

/// How many frames the file should have, and how far off that may be.
fn promised(container: &str, track: &Track, channels: usize) -> Option<(u64, u64)> {
    let frames = track.num_frames?;
    match container {
        // Written by a program that could not know the length when it wrote the header:
        // about the largest number that fits.
        "wave" if frames.saturating_mul(channels.max(1) as u64) >= 0x7fff_0000 / 4 => None,
        "wave" | "aiff" | "flac" => Some((frames, 0)),
        // Counts of whole packets, or estimates from the bit rate.
        _ => Some((frames, frames / 20 + 8192)),
    }
}

/// Where a packet's first frame is.
fn place(time_base: Option<TimeBase>, packet: &Packet, rate: u32) -> Option<i64> {
    let time_base = time_base?;
    let start = packet.pts.get().saturating_add_unsigned(packet.trim_start.get());
    let time = time_base.calc_time(Timestamp::new(start))?;
    Some((time.as_nanos() as f64 * f64::from(rate) / 1e9).round() as i64)
}

fn frames_of(time_base: Option<TimeBase>, duration: u64, rate: u32) -> i64 {
    time_base
        .and_then(|base| base.calc_duration(symphonia::core::units::Duration::new(duration)))
        .map_or(0, |time| (time.as_secs_f64() * f64::from(rate)).round() as i64)
}

fn plain(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

/// A panic of a decoder is an error about this file only.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let detail = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "it panicked".to_owned());
        Err(AudioError::Decoder { path: path.to_owned(), detail })
    })
}
