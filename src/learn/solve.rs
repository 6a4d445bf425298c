//! Linear equations of Newton's method.

/// Solves `matrix * x = right` for a symmetric positive definite matrix (row-major, of the
/// length of `right` squared) by Cholesky decomposition. `None` where it is not positive
/// definite, to rounding, or the lengths do not fit.
pub(super) fn cholesky(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let size = right.len();
    if matrix.len() != size * size {
        return None;
    }
    let mut lower = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..=row {
            let done: f64 =
                (0..column).map(|k| lower[row * size + k] * lower[column * size + k]).sum();
            let left = matrix[row * size + column] - done;
            if row == column {
                // Below this, what is left is rounding of the sum.
                let least = 1e-14 * matrix[row * size + row].abs();
                if left.is_nan() || left <= least {
                    return None;
                }
                lower[row * size + row] = left.sqrt();
            } else {
                lower[row * size + column] = left / lower[column * size + column];
            }
        }
    }
    let mut x = right.to_vec();
    for row in 0..size {
        let done: f64 = (0..row).map(|k| lower[row * size + k] * x[k]).sum();
        x[row] = (x[row] - done) / lower[row * size + row];
    }
    for row in (0..size).rev() {
        let done: f64 = (row + 1..size).map(|k| lower[k * size + row] * x[k]).sum();
        x[row] = (x[row] - done) / lower[row * size + row];
    }
    x.iter().all(|value| value.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn indefinite_and_ill_shaped_matrices_have_no_solution() {
        assert_eq!(cholesky(&[1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(cholesky(&[1.0, 1.0, 1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(cholesky(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(cholesky(&[f64::NAN], &[1.0]), None);
        assert_eq!(cholesky(&[], &[]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn the_solution_solves(
            factor in prop::collection::vec(-2.0_f64..2.0, 16), x in prop::collection::vec(-3.0_f64..3.0, 4),
        ) {
            let at = |row: usize, column: usize| -> f64 {
                let product: f64 = (0..4).map(|k| factor[row * 4 + k] * factor[column * 4 + k]).sum();
                product + if row == column { 0.5 } else { 0.0 }
            };
            let matrix: Vec<f64> = (0..16).map(|i| at(i / 4, i % 4)).collect();
            let right: Vec<f64> = (0..4).map(|row| (0..4).map(|k| at(row, k) * x[k]).sum()).collect();
            let solved = cholesky(&matrix, &right).unwrap();
            for (found, wanted) in solved.iter().zip(&x) {
                prop_assert!((found - wanted).abs() < 1e-8);
            }
        }
    }
}
