//! Messages over a pipe: whole, cut, too long and wrong.

#![expect(clippy::unwrap_used, reason = "helpers of tests outside of them")]

use acoustic_protocol::{
    DecodeOptions, Decoded, ModelInfo, Node, ProtocolError, Region, Request, Response, TextScore,
    Transcript, VoiceOptions, Window, Word, frame,
};
use proptest::prelude::*;

fn bytes_of<T: serde::Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, message).unwrap();
    bytes
}

fn options() -> impl Strategy<Value = DecodeOptions> {
    let text = || proptest::option::of(".{0,8}");
    let flags = any::<(u32, u32, u32, u32, bool, bool, bool)>();
    (flags, text(), text(), text(), 0.0_f32..2.0).prop_map(
        |(flags, language, initial_prompt, suppress, temperature)| DecodeOptions {
            beam: flags.0,
            candidates: flags.1,
            top_k: flags.2,
            language,
            initial_prompt,
            suppress,
            suppress_non_speech: flags.4,
            suppress_blank: flags.5,
            temperature,
            max_tokens: flags.3,
            word_times: flags.6,
        },
    )
}

fn logprob() -> impl Strategy<Value = f32> {
    prop_oneof![9 => -50.0_f32..0.0, 1 => Just(f32::NEG_INFINITY)]
}

fn samples() -> impl Strategy<Value = Vec<f32>> {
    proptest::collection::vec(-1.0_f32..1.0, 0..40)
}

fn request() -> impl Strategy<Value = Request> {
    let transcript = prop_oneof![
        ".{0,20}".prop_map(Transcript::Text),
        any::<Vec<u32>>().prop_map(Transcript::Tokens)
    ];
    prop_oneof![
        (".{1,9}", any::<u32>(), any::<bool>(), proptest::option::of(".{1,9}")).prop_map(
            |(model, threads, gpu, voice)| Request::Load {
                model: model.into(),
                threads,
                gpu,
                voice_model: voice.map(Into::into)
            }
        ),
        (any::<u64>(), samples(), options()).prop_map(|(id, samples, options)| Request::Decode {
            id,
            samples,
            options
        }),
        (any::<u64>(), samples(), proptest::collection::vec(transcript, 0..4), options()).prop_map(
            |(id, samples, texts, options)| Request::Score { id, samples, texts, options }
        ),
        (any::<u64>(), samples(), 0.0_f32..1.0, any::<u32>()).prop_map(
            |(id, samples, threshold, pad_ms)| Request::Voice {
                id,
                samples,
                options: VoiceOptions { threshold, pad_ms, ..VoiceOptions::default() }
            }
        ),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    let decoded = (any::<Vec<u32>>(), ".{0,20}", proptest::collection::vec(logprob(), 0..9))
        .prop_map(|(tokens, text, logprobs)| Decoded { tokens, text, logprobs, repeats: true });
    let next = proptest::collection::vec((any::<u32>(), logprob()), 0..5);
    let node = (any::<u32>(), any::<u32>(), logprob(), logprob(), next)
        .prop_map(|(parent, token, logprob, end, next)| Node { parent, token, logprob, end, next });
    let word = (".{0,9}", any::<i64>(), any::<i64>()).prop_map(|(text, start_ms, end_ms)| Word {
        text,
        start_ms,
        end_ms,
    });
    (
        proptest::collection::vec(decoded, 0..4),
        proptest::collection::vec(node, 0..6),
        proptest::collection::vec(word, 0..4),
        0.0_f32..1.0,
        proptest::option::of("[a-z]{2}"),
    )
        .prop_map(|(hypotheses, nodes, words, no_speech, language)| Window {
            hypotheses,
            nodes,
            no_speech,
            language,
            words,
            encode_ms: 1.5,
            decode_ms: 2.5,
        })
}

fn response() -> impl Strategy<Value = Response> {
    let score = (any::<Vec<u32>>(), proptest::collection::vec(logprob(), 0..9))
        .prop_map(|(tokens, logprobs)| TextScore { tokens, logprobs });
    prop_oneof![
        (any::<Vec<Vec<u8>>>(), ".{0,9}").prop_map(|(vocabulary, library)| Response::Loaded {
            model: ModelInfo {
                kind: "tiny".to_owned(),
                file_name: "m.bin".to_owned(),
                vocabulary_size: 51_864,
                audio_context: 1500,
                text_context: 448,
                multilingual: false,
                end_of_text: 50_256
            },
            vocabulary,
            library
        }),
        (any::<u64>(), window()).prop_map(|(id, window)| Response::Decoded { id, window }),
        (any::<u64>(), proptest::collection::vec(score, 0..4))
            .prop_map(|(id, scores)| Response::Scored { id, scores }),
        (any::<u64>(), any::<Vec<(i64, i64)>>()).prop_map(|(id, regions)| Response::Voiced {
            id,
            regions: regions
                .into_iter()
                .map(|(start_ms, end_ms)| Region { start_ms, end_ms })
                .collect()
        }),
        (any::<Option<u64>>(), ".{0,30}")
            .prop_map(|(id, message)| Response::Failed { id, message }),
    ]
}

proptest! {
    #[test]
    fn every_request_comes_back_as_it_went(messages in proptest::collection::vec(request(), 0..4)) {
        let bytes: Vec<u8> = messages.iter().flat_map(bytes_of).collect();
        let mut rest = bytes.as_slice();
        for message in messages {
            prop_assert_eq!(frame::read(&mut rest).unwrap(), Some(message));
        }
        prop_assert_eq!(frame::read::<Request>(&mut rest).unwrap(), None);
    }

    #[test]
    fn every_response_comes_back_as_it_went(message in response()) {
        let bytes = bytes_of(&message);
        prop_assert_eq!(frame::read(&mut bytes.as_slice()).unwrap(), Some(message));
    }

    #[test]
    fn a_cut_message_is_told_with_what_is_missing(message in response(), share in 0.0_f64..1.0) {
        let bytes = bytes_of(&message);
        let end = 1 + (share * (bytes.len() - 1) as f64) as usize;
        prop_assume!(end < bytes.len());
        let error = frame::read::<Response>(&mut &bytes[..end]).unwrap_err();
        let ProtocolError::Truncated { missing } = error else { panic!("{error}") };
        let expected = if end < 4 { 4 - end } else { bytes.len() - end };
        prop_assert_eq!(missing, expected as u64);
    }

    #[test]
    fn garbage_is_an_error_or_a_message_and_never_a_crash(payload: Vec<u8>) {
        let mut bytes = (payload.len() as u32).to_le_bytes().to_vec();
        bytes.extend(&payload);
        match frame::read::<Request>(&mut bytes.as_slice()) {
            // What is understood is all of what came.
            Ok(Some(message)) => prop_assert!(bytes_of(&message).len() <= bytes.len()),
            Ok(None) => prop_assert!(false, "a frame was there"),
            Err(ProtocolError::Malformed { .. } | ProtocolError::Trailing { .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

#[test]
fn a_length_over_the_limit_is_refused_before_anything_is_read() {
    let bytes = (frame::LIMIT + 1).to_le_bytes();
    let error = frame::read::<Request>(&mut bytes.as_slice()).unwrap_err();
    assert!(matches!(error, ProtocolError::TooLarge { .. }) && error.hint().is_some());
    // At the limit it is only cut short.
    let bytes = frame::LIMIT.to_le_bytes();
    let error = frame::read::<Request>(&mut bytes.as_slice()).unwrap_err();
    assert!(matches!(error, ProtocolError::Truncated { missing } if missing == 1 << 30));
}

#[test]
fn bytes_after_a_message_are_refused() {
    let mut bytes = bytes_of(&Response::Failed { id: None, message: "no".to_owned() });
    bytes.push(0);
    bytes[0] += 1;
    let error = frame::read::<Response>(&mut bytes.as_slice()).unwrap_err();
    assert!(matches!(error, ProtocolError::Trailing { rest: 1, .. }));
}

#[test]
fn a_reader_that_gives_one_byte_at_a_time_is_no_matter() {
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = 1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }
    let message = Response::Scored { id: 3, scores: Vec::new() };
    let bytes = bytes_of(&message);
    assert_eq!(frame::read(&mut Slow(&bytes)).unwrap(), Some(message));
}
