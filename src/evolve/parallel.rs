//! Several futures at a time, without a task of their own.

use std::future::poll_fn;
use std::task::Poll;

use crate::llm::BoxFuture;

/// Runs futures, at most `limit` (at least 1) at a time, and returns what became of each in
/// their order. `go_on` is asked before each begins, with what has ended so far: once it says
/// no, none begins any more, and those that have not begun are `None`.
pub(super) async fn in_parallel<'a, T>(
    futures: Vec<BoxFuture<'a, T>>,
    limit: usize,
    go_on: impl Fn(&[Option<T>]) -> bool,
) -> Vec<Option<T>> {
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<(usize, BoxFuture<'a, T>)> = Vec::new();
    let mut stopped = false;
    poll_fn(move |context| {
        loop {
            while !stopped && running.len() < limit.max(1) {
                stopped = !go_on(&done);
                match waiting.next().filter(|_| !stopped) {
                    Some(next) => running.push(next),
                    None => stopped = true,
                }
            }
            let before = running.len();
            running.retain_mut(|(index, future)| match future.as_mut().poll(context) {
                Poll::Ready(value) => {
                    done[*index] = Some(value);
                    false
                }
                Poll::Pending => true,
            });
            if running.is_empty() && stopped {
                return Poll::Ready(std::mem::take(&mut done));
            }
            // What ended made room, and what takes its place must be polled once.
            if running.len() == before || stopped {
                return Poll::Pending;
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn results_keep_their_order_and_the_limit_holds() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |index: usize| -> BoxFuture<'_, usize> {
            let (now, most) = (&now, &most);
            Box::pin(async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..(20 - index) {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                index
            })
        };
        let all = in_parallel((0..20).map(work).collect(), 3, |_| true).await;
        assert_eq!(all, (0..20).map(Some).collect::<Vec<_>>());
        assert_eq!(most.into_inner(), 3);
        let none: Vec<Option<()>> = in_parallel(vec![], 0, |_| true).await;
        assert!(none.is_empty());
    }

    #[tokio::test]
    async fn nothing_begins_after_a_stop() {
        let work = |index: usize| -> BoxFuture<'_, usize> { Box::pin(async move { index }) };
        let stop = |done: &[Option<usize>]| !done.contains(&Some(2));
        let all = in_parallel((0..6).map(work).collect(), 1, stop).await;
        assert_eq!(all, [Some(0), Some(1), Some(2), None, None, None]);
    }
}
