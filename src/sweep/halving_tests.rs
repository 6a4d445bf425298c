//! Which arms go on.

use proptest::prelude::*;

use super::*;

fn utterances(many: u32) -> Vec<Measure> {
    (0..many).map(|group| Measure { words: 10, group }).collect()
}

/// Errors of an arm: one in each of the first utterances of every ten.
fn errors(of_ten: usize, many: usize) -> Vec<u32> {
    (0..many).map(|place| u32::from(place % 10 < of_ten)).collect()
}

fn ask(schedule: &Schedule, errors: &[Vec<u32>], stopped: &[usize]) -> Progress {
    let utterances = utterances(400);
    let standing =
        Standing { schedule, utterances: &utterances, errors, baseline: 0, stopped, seed: 1 };
    progress(&standing)
}

fn schedule(arms: usize, utterances: usize) -> Schedule {
    Schedule::new(arms, utterances, Some(Halving { eta: 3, first: 50 }))
}

#[test]
fn nothing_is_over_at_once() {
    assert_eq!(ask(&schedule(0, 0), &[], &[]), Progress { tasks: vec![], fates: vec![] });
    let over = ask(&schedule(0, 0), &[vec![]], &[]);
    assert_eq!((over.tasks, over.fates), (vec![], vec![Fate::Finished]));
}

#[test]
fn the_first_rung_is_run_by_all_the_baseline_first_and_from_where_each_stands() {
    let so_far = [vec![], vec![0; 20], vec![1; 50]];
    let next = ask(&schedule(2, 300), &so_far, &[]);
    let task = |arm, from, place| Task { arm, from, to: 50, place };
    assert_eq!(next.tasks, [task(0, 0, 0), task(1, 20, 1)]);
    assert_eq!(next.fates, [Fate::Running; 3]);
}

#[test]
fn behind_the_quota_goes_what_is_clearly_worse_and_what_is_not_goes_on_in_doubt() {
    // Quota 2 of 6, and at most 3. The third is two errors behind the first.
    let mut close = errors(2, 50);
    close[7] = 1;
    close[8] = 1;
    let arms = [
        errors(3, 50),
        errors(2, 50),
        errors(2, 50),
        close,
        errors(8, 50),
        errors(9, 50),
        errors(9, 50),
    ];
    let next = ask(&schedule(6, 300), &arms, &[]);
    let on: Vec<(usize, usize)> = next.tasks.iter().map(|task| (task.arm, task.place)).collect();
    assert_eq!(on, [(0, 0), (1, 1), (2, 1), (3, 3)]);
    let worse = Fate::Dropped { after: 50, reason: Reason::Worse };
    assert_eq!(next.fates[4..], [worse; 3]);
}

#[test]
fn what_cannot_be_told_apart_is_dropped_by_rank_when_the_rung_is_full() {
    let arms = vec![errors(2, 50); 7];
    let next = ask(&schedule(6, 300), &arms, &[]);
    let on: Vec<usize> = next.tasks.iter().map(|task| task.arm).collect();
    assert_eq!(on, [0, 1, 2, 3]);
    assert_eq!(next.fates[4..], [Fate::Dropped { after: 50, reason: Reason::Rank }; 3]);
}

#[test]
fn the_baseline_stays_to_the_end_however_bad_it_is() {
    let mut arms = vec![errors(2, 300); 7];
    arms[0] = errors(10, 300);
    let over = ask(&schedule(6, 300), &arms, &[]);
    assert!(over.tasks.is_empty());
    assert_eq!(over.fates[0], Fate::Finished);
}

#[test]
fn an_arm_without_time_is_stopped_where_it_stands_and_the_others_go_on() {
    let mut arms = vec![errors(2, 150); 4];
    arms[2].truncate(60);
    let standing = schedule(3, 150);
    // Of three arms one goes on, and one in doubt.
    let next = ask(&standing, &arms, &[]);
    assert_eq!(next.tasks, [Task { arm: 2, from: 60, to: 150, place: 1 }]);
    let over = ask(&standing, &arms, &[2]);
    assert!(over.tasks.is_empty());
    assert_eq!((over.fates[1], over.fates[2]), (Fate::Finished, Fate::Stopped { after: 50 }));
    // The baseline is never without time.
    arms[0].truncate(100);
    assert_eq!(ask(&standing, &arms, &[0, 2]).tasks[0].arm, 0);
}

proptest! {
    // Each case decides a hundred times.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_sweep_ends_alike_however_often_it_was_interrupted(
        levels in prop::collection::vec(0_usize..10, 2..15),
        steps in prop::collection::vec(1_usize..40, 1..40),
    ) {
        let schedule = schedule(levels.len() - 1, 300);
        let full: Vec<Vec<u32>> = levels.iter().map(|&level| errors(level, 300)).collect();
        let run = |interrupted: bool| {
            let mut steps = steps.iter().cycle();
            let mut so_far = vec![Vec::new(); full.len()];
            let mut evaluations = 0;
            loop {
                let next = ask(&schedule, &so_far, &[]);
                let Some(task) = next.tasks.first().copied() else { break (next, evaluations) };
                let most = if interrupted { *steps.next().unwrap_or(&1) } else { 1000 };
                let to = task.to.min(task.from + most);
                so_far[task.arm].extend_from_slice(&full[task.arm][task.from..to]);
                if task.arm != 0 {
                    evaluations += to - task.from;
                }
            }
        };
        let (one, other) = (run(false), run(true));
        prop_assert_eq!(&one, &other);
        prop_assert!(one.1 <= schedule.most_evaluations());
        // What was run ahead changes nothing.
        prop_assert_eq!(&ask(&schedule, &full, &[]).fates, &one.0.fates);
        prop_assert!(!one.0.fates.contains(&Fate::Running));
        prop_assert!(one.0.fates.iter().skip(1).any(|fate| *fate == Fate::Finished));
    }
}
