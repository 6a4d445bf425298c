//! Building a confusion network, on symbols in place of words.

/// The symbol for a slot where a hypothesis has no word. Words are numbered from 1.
pub(super) const NOTHING: u32 = 0;

/// A slot while the network grows.
struct Column {
    /// Symbols and their masses.
    arcs: Vec<(u32, u64)>,
    /// What each hypothesis has here, in the order of the list.
    symbols: Vec<u32>,
}

/// What a word costs in a slot where no hypothesis has it, beside the slot's mass: less than
/// any mass, so that it decides between alignments of the same cost.
const SUBSTITUTION: u64 = 1;

/// A step through the network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The next word stands in the next slot.
    Join,
    /// There is nothing in the next slot.
    Pass,
    /// The next word opens a slot.
    Open,
}

/// Slots, each with the symbol of every hypothesis in the order of the list.
pub(super) struct Columns {
    columns: Vec<Column>,
    /// Mass of the hypotheses that were added.
    mass: u64,
    /// For each symbol its mass in one slot; all 0 between uses.
    mass_of: Vec<u64>,
}

impl Columns {
    /// Aligns `sequences` of symbols below `symbols`; `masses` are far above 1.
    pub(super) fn new(sequences: &[Vec<u32>], masses: &[u64], symbols: usize) -> Self {
        let mut columns = Self { columns: Vec::new(), mass: 0, mass_of: vec![0; symbols] };
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(masses[index]));
        for index in order {
            let steps = columns.steps(&sequences[index]);
            columns.add((index, sequences.len()), &sequences[index], masses[index], &steps);
        }
        columns
    }

    /// The slots in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.columns.iter().map(|column| column.symbols.as_slice())
    }

    /// The cheapest way of `words` through the network as it is.
    fn steps(&mut self, words: &[u32]) -> Vec<Step> {
        // Where all agree with the next word nothing can be cheaper than to agree too.
        let agrees = |(column, word): &(&Column, &u32)| matches!(column.arcs.as_slice(), [(symbol, _)] if symbol == *word);
        let prefix = self.columns.iter().zip(words).take_while(agrees).count();
        let (columns, rest) = (&self.columns[prefix..], &words[prefix..]);
        let ends = columns.iter().rev().zip(rest.iter().rev());
        let suffix = ends.take_while(agrees).count();
        let columns = &columns[..columns.len() - suffix];
        let middle = middle(columns, &rest[..rest.len() - suffix], self.mass, &mut self.mass_of);
        let same = |count| std::iter::repeat_n(Step::Join, count);
        same(prefix).chain(middle).chain(same(suffix)).collect()
    }

    /// Adds one hypothesis, `index` of `count`, along `steps`.
    fn add(&mut self, (index, count): (usize, usize), words: &[u32], mass: u64, steps: &[Step]) {
        let mut words = words.iter().copied();
        let mut old = std::mem::take(&mut self.columns).into_iter();
        for &step in steps {
            let column = if step == Step::Open {
                // Whoever came before has nothing here.
                let arcs = if self.mass == 0 { vec![] } else { vec![(NOTHING, self.mass)] };
                Some(Column { arcs, symbols: vec![NOTHING; count] })
            } else {
                old.next()
            };
            let symbol = if step == Step::Pass { None } else { words.next() };
            let symbol = symbol.unwrap_or(NOTHING);
            let Some(mut column) = column else { continue };
            column.symbols[index] = symbol;
            match column.arcs.iter_mut().find(|arc| arc.0 == symbol) {
                Some(arc) => arc.1 += mass,
                None => column.arcs.push((symbol, mass)),
            }
            self.columns.push(column);
        }
        self.mass += mass;
    }
}

/// Dynamic programming over slots and words. A slot of the network costs `total` minus the
/// mass of what is put there.
fn middle(columns: &[Column], words: &[u32], total: u64, mass_of: &mut [u64]) -> Vec<Step> {
    let width = words.len() + 1;
    let mut table = Vec::with_capacity((columns.len() + 1) * width);
    table.resize(width, Step::Open);
    let mut above: Vec<u64> = (0..width as u64).map(|opened| opened * total).collect();
    let mut row = vec![0; width];
    for column in columns {
        for &(symbol, mass) in &column.arcs {
            mass_of[symbol as usize] = mass;
        }
        let pass = total - mass_of[NOTHING as usize];
        let mut before = above[0] + pass;
        row[0] = before;
        table.push(Step::Pass);
        for ((&word, above), cell) in words.iter().zip(above.windows(2)).zip(&mut row[1..]) {
            let known = mass_of[word as usize];
            let joined = above[0] + total - known + SUBSTITUTION * u64::from(known == 0);
            let passed = above[1] + pass;
            let opened = before + total;
            // The order of preference that the network documents.
            let (cost, step) =
                if passed < joined { (passed, Step::Pass) } else { (joined, Step::Join) };
            let (cost, step) = if opened < cost { (opened, Step::Open) } else { (cost, step) };
            *cell = cost;
            before = cost;
            table.push(step);
        }
        for &(symbol, _) in &column.arcs {
            mass_of[symbol as usize] = 0;
        }
        std::mem::swap(&mut above, &mut row);
    }

    let (mut slot, mut place) = (columns.len(), words.len());
    let mut steps = Vec::with_capacity(slot + place);
    while slot > 0 || place > 0 {
        let step = table[slot * width + place];
        slot -= usize::from(step != Step::Open);
        place -= usize::from(step != Step::Pass);
        steps.push(step);
    }
    steps.reverse();
    steps
}
