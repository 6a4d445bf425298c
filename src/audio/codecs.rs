//! The codecs this build can decode.

use std::sync::LazyLock;

use symphonia::core::codecs::audio::AudioCodecParameters;
#[cfg(feature = "opus")]
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;

static REGISTRY: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    #[cfg(feature = "opus")]
    registry.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
    registry
});

/// A decoder that trims what the encoder added at both ends.
///
/// # Errors
///
/// The library's own, where no decoder is known or the parameters make no sense.
pub(super) fn decoder(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    let options = AudioDecoderOptions::default().gapless(true);
    #[cfg(feature = "opus")]
    if parameters.codec == CODEC_ID_OPUS {
        // The Opus decoder skips what its header says, the container has done so already:
        // without a header 6.5 ms of sound are not lost.
        let mut parameters = parameters.clone();
        parameters.extra_data = None;
        return REGISTRY.make_audio_decoder(&parameters, &options);
    }
    REGISTRY.make_audio_decoder(parameters, &options)
}

/// The short name of a codec, where one is known.
pub(super) fn name(parameters: &AudioCodecParameters) -> String {
    REGISTRY.get_audio_decoder(parameters.codec).map_or_else(
        || format!("codec {}", parameters.codec),
        |known| known.codec.info.short_name.to_owned(),
    )
}
