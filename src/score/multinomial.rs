//! How often each category is drawn, without drawing one at a time.

use rand::{Rng, RngExt};

/// Draws `Binomial(trials, probability)`: how many of the independent trials succeed.
///
/// Small means are inverted, large ones use transformed rejection (Hörmann 1993, BTRS),
/// whose cost does not depend on the number of trials.
pub(super) fn binomial(rng: &mut impl Rng, trials: u64, probability: f64) -> u64 {
    if trials == 0 || probability <= 0.0 {
        return 0;
    }
    if probability >= 1.0 {
        return trials;
    }
    if probability > 0.5 {
        return trials - binomial(rng, trials, 1.0 - probability);
    }
    if trials as f64 * probability < 10.0 {
        invert(rng, trials, probability)
    } else {
        reject(rng, trials as f64, probability)
    }
}

/// Walks the distribution from 0 until the uniform draw is used up.
fn invert(rng: &mut impl Rng, trials: u64, probability: f64) -> u64 {
    let odds = probability / (1.0 - probability);
    let mut rest: f64 = rng.random();
    let mut mass = (trials as f64 * (-probability).ln_1p()).exp();
    for successes in 0..trials {
        if rest < mass {
            return successes;
        }
        rest -= mass;
        mass *= odds * (trials - successes) as f64 / (successes + 1) as f64;
        if mass < f64::MIN_POSITIVE {
            return successes + 1;
        }
    }
    trials
}

/// The names follow the paper.
fn reject(rng: &mut impl Rng, n: f64, p: f64) -> u64 {
    let spq = (n * p * (1.0 - p)).sqrt();
    let b = 1.15 + 2.53 * spq;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let c = n * p + 0.5;
    let v_r = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * spq;
    let odds = p / (1.0 - p);
    let m = ((n + 1.0) * p).floor();
    loop {
        let u = rng.random::<f64>() - 0.5;
        let v = rng.random::<f64>();
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + c).floor();
        if us >= 0.07 && v <= v_r {
            return k as u64;
        }
        if !(0.0..=n).contains(&k) {
            continue;
        }
        let v = (v * alpha / (a / (us * us) + b)).ln();
        let bound = (m + 0.5) * ((m + 1.0) / (odds * (n - m + 1.0))).ln()
            + (n + 1.0) * ((n - m + 1.0) / (n - k + 1.0)).ln()
            + (k + 0.5) * (odds * (n - k + 1.0) / (k + 1.0)).ln()
            + stirling(m)
            + stirling(n - m)
            - stirling(k)
            - stirling(n - k);
        if v <= bound {
            return k as u64;
        }
    }
}

/// What Stirling's formula leaves over: `ln k! - (k + 1/2) ln(k + 1) + (k + 1) - ln(2 pi)/2`.
fn stirling(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_09,
        0.016_644_691_189_821_19,
        0.013_876_128_823_070_75,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_09,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
    ];
    match SMALL.get(k as usize) {
        Some(value) => *value,
        None => {
            let next = k + 1.0;
            let square = next * next;
            (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / next
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn mean_and_variance_are_those_of_the_binomial() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (trials, probability) in
            [(5, 0.3), (40, 0.1), (40, 0.5), (1000, 0.02), (1000, 0.9), (300_000, 0.0004)]
        {
            let draws = 40_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..draws {
                let successes = binomial(&mut rng, trials, probability) as f64;
                assert!(successes <= trials as f64);
                sum += successes;
                squares += successes * successes;
            }
            let mean = sum / f64::from(draws);
            let variance = squares / f64::from(draws) - mean * mean;
            let (expected, spread) =
                (trials as f64 * probability, trials as f64 * probability * (1.0 - probability));
            let error = (spread / f64::from(draws)).sqrt();
            assert!((mean - expected).abs() < 5.0 * error, "{trials} {probability}: mean {mean}");
            assert!((variance / spread - 1.0).abs() < 0.04, "{trials} {probability}: {variance}");
        }
    }

    #[test]
    fn single_values_have_their_probability() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        // Mean 12: the rejection path.
        let (trials, probability, draws) = (40_u64, 0.3_f64, 100_000);
        let mut seen = [0_u32; 41];
        for _ in 0..draws {
            seen[binomial(&mut rng, trials, probability) as usize] += 1;
        }
        let mut mass = 0.7_f64.powi(40);
        for (successes, count) in seen.iter().enumerate() {
            let expected = mass * f64::from(draws);
            assert!(
                (f64::from(*count) - expected).abs() < 5.0 * expected.sqrt() + 3.0,
                "{successes}"
            );
            mass *= 0.3 / 0.7 * (40 - successes) as f64 / (successes + 1) as f64;
        }
    }

    #[test]
    fn certain_and_impossible_trials_need_no_draw() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        assert_eq!(binomial(&mut rng, 7, 0.0), 0);
        assert_eq!(binomial(&mut rng, 7, 1.0), 7);
        assert_eq!(binomial(&mut rng, 0, 0.5), 0);
    }
}
