//! From stretches of speech to segments: join what is near, cut at the longest pause.

use std::collections::VecDeque;

use super::speech::Region;

/// Joins regions to segments of at most `limit` frames.
///
/// Segments are as long as they can be. Where the next region does not fit, the cut is at
/// the longest pause in the second half, so that a sentence is not torn from its last word
/// for a few frames more. A pause longer than `max_pause` always cuts.
#[derive(Debug)]
pub(super) struct Packer {
    limit: u64,
    max_pause: u64,
    padding: u64,
    /// Regions that fit in one segment together.
    open: VecDeque<Region>,
    /// End of the last segment, with its padding.
    last_end: u64,
}

impl Packer {
    /// `limit` counts speech with the pauses between, without the padding around.
    pub(super) fn new(limit: u64, max_pause: u64, padding: u64) -> Self {
        Self { limit, max_pause, padding, open: VecDeque::new(), last_end: 0 }
    }

    /// Takes a region of at most `limit` frames, appends segments that are complete.
    pub(super) fn push(&mut self, region: Region, segments: &mut VecDeque<Region>) {
        while let (Some(first), Some(last)) = (self.open.front(), self.open.back()) {
            let pause = region.start.saturating_sub(last.end);
            if pause > self.max_pause {
                self.close(self.open.len(), Some(region.start), segments);
            } else if region.end - first.start > self.limit {
                let count = self.best_cut(region);
                self.close(count, Some(region.start), segments);
            } else {
                break;
            }
        }
        self.open.push_back(region);
    }

    /// Closes the open segment if nothing that comes can join it: no region starts before
    /// frame `now`.
    pub(super) fn wait_until(&mut self, now: u64, segments: &mut VecDeque<Region>) {
        if let Some(last) = self.open.back()
            && now.saturating_sub(last.end) > self.max_pause.max(2 * self.padding)
        {
            self.close(self.open.len(), None, segments);
        }
    }

    /// Closes the open segment.
    pub(super) fn finish(&mut self, segments: &mut VecDeque<Region>) {
        self.close(self.open.len(), None, segments);
    }

    /// The first frame that a segment to come may need.
    pub(super) fn needs(&self) -> Option<u64> {
        self.open.front().map(|first| first.start.saturating_sub(self.padding))
    }

    /// How many of the open regions make the best segment, where `next` does not fit: at
    /// least one.
    fn best_cut(&self, next: Region) -> usize {
        let Some(first) = self.open.front() else { return 0 };
        let half = first.start + self.limit / 2;
        let ends = self.open.iter().map(|region| region.end);
        let starts = self.open.iter().skip(1).map(|region| region.start).chain([next.start]);
        ends.zip(starts)
            .enumerate()
            .filter(|(_, (end, _))| *end >= half)
            .max_by_key(|(index, (end, start))| (start - end, *index))
            .map_or(self.open.len(), |(index, _)| index + 1)
    }

    fn close(&mut self, count: usize, next: Option<u64>, segments: &mut VecDeque<Region>) {
        let closed: Vec<Region> = self.open.drain(..count.min(self.open.len())).collect();
        let (Some(first), Some(last)) = (closed.first(), closed.last()) else { return };
        let next = self.open.front().map(|region| region.start).or(next);
        // Neighbours share the pause between them.
        let room = next.map_or(self.padding, |next| next.saturating_sub(last.end) / 2);
        let start = first.start.saturating_sub(self.padding).max(self.last_end);
        let end = last.end + self.padding.min(room);
        self.last_end = end;
        segments.push_back(Region { start, end });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{Packer, Region};

    fn pack(limit: u64, max_pause: u64, regions: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut packer = Packer::new(limit, max_pause, 5);
        let mut segments = VecDeque::new();
        for &(start, end) in regions {
            packer.push(Region { start, end }, &mut segments);
        }
        packer.finish(&mut segments);
        segments.into_iter().map(|segment| (segment.start, segment.end)).collect()
    }

    #[test]
    fn near_regions_join_and_padding_stays_inside_the_pause() {
        assert_eq!(pack(100, 50, &[]), []);
        assert_eq!(pack(100, 50, &[(2, 10), (20, 90)]), [(0, 95)]);
        assert_eq!(pack(100, 50, &[(10, 60), (66, 120)]), [(5, 63), (63, 125)]);
    }

    #[test]
    fn the_cut_is_at_the_longest_pause_of_the_second_half() {
        let regions = [(0, 20), (50, 60), (75, 85), (88, 96), (98, 110)];
        assert_eq!(pack(100, 50, &regions), [(0, 65), (70, 115)]);
    }

    #[test]
    fn a_long_pause_always_cuts() {
        assert_eq!(pack(1000, 50, &[(10, 20), (71, 80)]), [(5, 25), (66, 85)]);
    }
}
