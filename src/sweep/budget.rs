//! What there is still time for.

use super::Task;

/// Divides what is to be run next into what fits into `left` seconds and what does not:
/// the better place first, and of equal places (as all are before the first rung) the
/// cheapest. A task that does not fit is passed over for a later one that does.
///
/// `seconds` is what an utterance takes each arm, as far as measured; an arm that was not run
/// yet is taken for an average one, and for free where none was run. So it is to be asked
/// again after each task. The arms of what does not fit are
/// [`stopped`](super::Standing::stopped); they can be named.
#[must_use]
pub fn affordable(tasks: &[Task], seconds: &[Option<f64>], left: f64) -> (Vec<Task>, Vec<Task>) {
    let known: Vec<f64> =
        seconds.iter().flatten().copied().filter(|cost| cost.is_finite()).collect();
    let usual = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let cost = |task: &Task| {
        let each = seconds.get(task.arm).copied().flatten().filter(|cost| cost.is_finite());
        each.unwrap_or(usual).max(0.0) * task.to.saturating_sub(task.from) as f64
    };
    let mut ordered: Vec<&Task> = tasks.iter().collect();
    // Stable: of equal costs the order of the arms decides, and the baseline comes first.
    ordered
        .sort_by(|one, other| one.place.cmp(&other.place).then(cost(one).total_cmp(&cost(other))));
    let mut left = left;
    let mut fitting = Vec::new();
    let mut others = Vec::new();
    for task in ordered {
        if cost(task) <= left {
            left -= cost(task);
            fitting.push(*task);
        } else {
            others.push(*task);
        }
    }
    (fitting, others)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(arm: usize, place: usize) -> Task {
        Task { arm, from: 0, to: 10, place }
    }

    fn arms(tasks: &[Task]) -> Vec<usize> {
        tasks.iter().map(|task| task.arm).collect()
    }

    #[test]
    fn the_better_place_goes_first_and_among_equals_the_cheapest() {
        let tasks = [task(0, 0), task(1, 0), task(2, 3), task(3, 3)];
        let seconds = [Some(2.0), Some(1.0), Some(0.5), Some(0.1)];
        let (run, left) = affordable(&tasks, &seconds, 31.0);
        assert_eq!((arms(&run), arms(&left)), (vec![1, 0, 3], vec![2]));
        let (run, left) = affordable(&tasks, &seconds, 9.0);
        assert_eq!((arms(&run), arms(&left)), (vec![3, 2], vec![1, 0]));
    }

    #[test]
    fn an_arm_that_was_not_measured_counts_as_an_average_one() {
        let tasks = [task(0, 0), task(1, 0)];
        let (run, _) = affordable(&tasks, &[None, None], 0.0);
        assert_eq!(arms(&run), [0, 1]);
        let (run, left) = affordable(&tasks, &[Some(1.0), None], 19.0);
        assert_eq!((arms(&run), arms(&left)), (vec![0], vec![1]));
    }

    proptest! {
        #[test]
        fn what_fits_takes_no_longer_than_there_is_time_and_nothing_is_lost(
            costs in prop::collection::vec(0.0_f64..5.0, 1..12), left in 0.0_f64..200.0
        ) {
            let tasks: Vec<Task> = (0..costs.len()).map(|arm| task(arm, arm / 3)).collect();
            let seconds: Vec<Option<f64>> = costs.iter().copied().map(Some).collect();
            let (run, others) = affordable(&tasks, &seconds, left);
            let spent: f64 = run.iter().map(|task| costs[task.arm] * 10.0).sum();
            prop_assert!(spent <= left + 1e-6);
            prop_assert_eq!(run.len() + others.len(), tasks.len());
        }
    }
}
