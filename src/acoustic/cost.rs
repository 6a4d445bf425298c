//! What recorded beliefs cost: run with `--ignored --nocapture` in a release build.

use std::{hint::black_box, sync::Arc, time::Instant};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Beliefs, Calibration, Follower, Pieces, Prefix, Trie};
use crate::llm::Vocab;

const TOKENS: u32 = 12;
const BEAMS: usize = 5;
const NEXT: usize = 32;

/// A made-up vocabulary: single bytes, then syllables, half of them after a space.
fn vocabulary(size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    while pieces.len() < size {
        let mut piece = if rng.random_bool(0.5) { b" ".to_vec() } else { Vec::new() };
        for _ in 0..rng.random_range(1..4) {
            piece.push(b"bcdfghlmnprst"[rng.random_range(0..13)]);
            piece.push(b"aeiou"[rng.random_range(0..5)]);
        }
        pieces.push(piece);
    }
    pieces
}

/// An utterance: at each place the beams agree on what can follow, up to some noise.
fn utterance(pieces: &Pieces, rng: &mut ChaCha8Rng) -> Beliefs {
    let normal = |rng: &mut ChaCha8Rng| (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0;
    let mut prefixes = vec![distribution(0, (0, 0.0), &[(300, 0.0)])];
    let mut beams = vec![0_u32; BEAMS];
    for _ in 0..TOKENS {
        let base: Vec<(u32, f32)> = (0..400_u16)
            .map(|rank| {
                let token = rng.random_range(256..pieces.len() as u32 / 4);
                let sure = if rank == 0 { 0.0 } else { -2.0 - 1.9 * f32::from(rank + 1).ln() };
                (token, sure + 0.5 * normal(rng))
            })
            .collect();
        beams = (0..BEAMS)
            .map(|beam| {
                let parent = beams[beam.min(beams.len() - 1)];
                let named = &prefixes[parent as usize].next;
                let last = named[beam % named.len()];
                let own: Vec<(u32, f32)> =
                    base.iter().map(|&(token, score)| (token, score + 0.7 * normal(rng))).collect();
                prefixes.push(distribution(parent, last, &own));
                prefixes.len() as u32 - 1
            })
            .collect();
    }
    Beliefs::new(pieces, prefixes).unwrap()
}

fn distribution(parent: u32, (token, logprob): (u32, f32), scores: &[(u32, f32)]) -> Prefix {
    let total = scores.iter().map(|&(_, score)| score.exp()).sum::<f32>().ln();
    let mut next: Vec<(u32, f32)> =
        scores.iter().map(|&(token, score)| (token, (score - total).min(0.0))).collect();
    next.sort_by(|a, b| b.1.total_cmp(&a.1));
    next.truncate(NEXT);
    Prefix { parent, token, logprob, end: -6.0, next }
}

#[test]
#[ignore = "a measurement"]
fn bytes_and_time_an_utterance() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let pieces = Pieces::new(&vocabulary(51_864, &mut rng));
    let started = Instant::now();
    let packed = pieces.pack();
    println!("vocabulary: {} bytes packed, {:?}", packed.len(), started.elapsed());
    let started = Instant::now();
    let model = vocabulary(150_000, &mut rng);
    let vocab = Vocab::new(model.clone(), vec![false; model.len()], vec![]);
    println!("model's vocabulary: {:?}", started.elapsed());
    let utterances: Vec<Beliefs> = (0..100).map(|_| utterance(&pieces, &mut rng)).collect();
    let each = |what: &str, started: Instant| {
        println!("{what}: {:.0} us", started.elapsed().as_secs_f64() * 1e6 / 100.0);
    };
    let started = Instant::now();
    let packed: Vec<Vec<u8>> = utterances.iter().map(Beliefs::pack).collect();
    each("pack", started);
    println!("packed: {} bytes", packed.iter().map(Vec::len).sum::<usize>() / 100);
    let started = Instant::now();
    let utterances: Vec<Beliefs> = packed.iter().map(|p| Beliefs::unpack(p).unwrap()).collect();
    each("unpack", started);
    for floor in [0.0, 1e-6, 1e-4] {
        let how = Calibration { tau_asr: 1.0, floor, unfinished: 1.0 };
        let started = Instant::now();
        let tries: Vec<Arc<Trie>> = utterances
            .iter()
            .map(|u| Arc::new(Trie::from_records(std::slice::from_ref(u), &pieces, &how).unwrap()))
            .collect();
        each(&format!("floor {floor}: build"), started);
        let started = Instant::now();
        let drafts: Vec<Vec<u8>> =
            tries.iter().map(|trie| trie.best_continuation(&trie.start(true))).collect();
        each("draft", started);
        let p: Vec<f64> = (0..vocab.len()).map(|_| f64::from(rng.next_u32()) / 1e14).collect();
        let (mut heard, mut shares, mut steps, mut tokens) = (0.0, 0.0, 0, 0);
        let mut p_asr = Vec::new();
        for (trie, draft) in tries.iter().zip(&drafts) {
            let mut follower = Follower::new(Arc::clone(trie));
            for part in draft.chunks(4) {
                let started = Instant::now();
                let next = follower.heard(&vocab);
                heard += started.elapsed().as_secs_f64();
                let started = Instant::now();
                next.distribution(&p, &vocab, &mut p_asr);
                black_box(&p_asr);
                shares += started.elapsed().as_secs_f64();
                tokens += next.tokens().count();
                steps += 1;
                follower.push(part);
            }
        }
        let step = |seconds: f64| seconds * 1e6 / f64::from(steps);
        println!(
            "heard: {:.0} us, {} tokens a step; shares: {:.0} us",
            step(heard),
            tokens / steps as usize,
            step(shares)
        );
    }
}
