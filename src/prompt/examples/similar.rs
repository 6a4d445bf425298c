//! Utterances compared by vectors that somebody else made.

/// Partial sums kept side by side, so that the processor can add them at once.
const LANES: usize = 16;

/// Vectors of equal dimension and of length 1, or of zeros.
#[derive(Debug)]
pub(super) struct Vectors {
    values: Vec<f32>,
    /// 0 where there can be no vector.
    dimensions: usize,
}

impl Vectors {
    /// None yet.
    pub(super) fn of_dimensions(dimensions: usize) -> Self {
        Self { values: Vec::new(), dimensions }
    }

    /// The vector at length 1; the message says what is wrong with it.
    pub(super) fn check(&self, vector: &[f32]) -> Result<Vec<f32>, String> {
        if vector.is_empty() {
            return Err("the vector has no dimension".to_owned());
        }
        if self.dimensions != 0 && vector.len() != self.dimensions {
            return Err(format!(
                "the vector has {} dimensions; the others have {}",
                vector.len(),
                self.dimensions
            ));
        }
        if let Some(place) = vector.iter().position(|value| !value.is_finite()) {
            return Err(format!("value {} of the vector is no finite number", place + 1));
        }
        let square: f64 = vector.iter().map(|&value| f64::from(value).powi(2)).sum();
        if square == 0.0 {
            return Ok(vector.to_vec());
        }
        let length = square.sqrt();
        Ok(vector.iter().map(|&value| (f64::from(value) / length) as f32).collect())
    }

    /// Adds a vector that [`Vectors::check`] gave.
    pub(super) fn push(&mut self, unit: Vec<f32>) {
        self.values.extend(unit);
    }

    /// A vector; empty where there is none of this number.
    pub(super) fn unit(&self, number: usize) -> &[f32] {
        let start = number.saturating_mul(self.dimensions);
        self.values.get(start..start.saturating_add(self.dimensions)).unwrap_or(&[])
    }

    /// The cosine between a vector of length 1 and each of these, from -1 to 1 but for
    /// rounding.
    pub(super) fn cosines(&self, unit: &[f32]) -> Vec<f32> {
        self.values.chunks_exact(self.dimensions.max(1)).map(|other| dot(unit, other)).collect()
    }
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_dot_product_is_the_sum_of_products(
            pairs in prop::collection::vec((-9.0_f32..9.0, -9.0_f32..9.0), 0..70),
        ) {
            let (left, right): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
            let exact: f64 = pairs.iter().map(|&(a, b)| f64::from(a) * f64::from(b)).sum();
            prop_assert!((f64::from(dot(&left, &right)) - exact).abs() < 1e-2);
        }
    }

    #[test]
    fn length_does_not_matter_and_zeros_are_like_nothing() {
        let mut vectors = Vectors::of_dimensions(2);
        for vector in [[3.0e30, 0.0], [1e-30, 1e-30], [0.0, 0.0], [-2.0, 0.0]] {
            let unit = vectors.check(&vector).unwrap();
            vectors.push(unit);
        }
        let query = vectors.check(&[5.0, 0.0]).unwrap();
        let half = std::f32::consts::FRAC_1_SQRT_2;
        for (found, wanted) in vectors.cosines(&query).into_iter().zip([1.0, half, 0.0, -1.0]) {
            assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
        }
    }
}
